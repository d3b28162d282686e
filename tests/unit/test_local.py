"""What the local stage makes of its options."""

from __future__ import annotations

import pytest

from pipeline.stages.local import Wanted, _grpc_port


@pytest.mark.parametrize(
    ("wanted", "port"),
    [
        (Wanted(8790), 8791),
        (Wanted(8790, grpc_port=7), 7),
        (Wanted(0), 0),
        (Wanted(65535), 0),  # there is none after it
    ],
)
def test_the_port_of_grpc(wanted: Wanted, port: int) -> None:
    assert _grpc_port(wanted) == port
