"""Whatever is written gives a Config or a ConfigError; what is planted is found, all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Config, load_config, units
from pipeline.config.environment import variable
from pipeline.config.keys import leaves
from pipeline.errors import ConfigError

MINIMUM: dict[str, Any] = {
    "service": "agents-api",
    "project": "my-project",
    "region": "us-central1",
    "image": "us-docker.pkg.dev/my-project/services/agents-api",
}
PATHS = [path for path, _ in leaves()]
SECTIONS = sorted({path[0] for path in PATHS})
steady = settings(deadline=None)
"""A busy machine is no failure."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@contextmanager
def file_with(content: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "pipeline.yaml")
        path.write_bytes(content)
        yield path


def outcome(content: bytes, environ: Mapping[str, str] | None = None) -> Config | ConfigError:
    with file_with(content) as path:
        try:
            return load_config(path, environ or {})
        except ConfigError as error:
            failure = error
    assert all(line.isprintable() for line in failure.lines)
    return failure


def dump(document: object) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")


@steady
@given(st.text() | st.text(alphabet="abc:-[]{}&*!|>'\"%@#?,. \n\t0"))
def test_any_text(text: str) -> None:
    outcome(text.encode("utf-8", "surrogatepass"))


@steady
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    outcome(content)


@steady
@given(st.dictionaries(st.sampled_from(SECTIONS) | st.text(max_size=10), values, max_size=5))
def test_any_mapping(document: dict[str, Any]) -> None:
    outcome(dump({**MINIMUM, **document}))


@steady
@given(st.sampled_from(PATHS), values)
def test_any_value_of_any_key(path: tuple[str, ...], value: object) -> None:
    outcome(dump(nested({path: value})))


@steady
@given(st.sampled_from(PATHS), st.text(max_size=20))
def test_any_text_in_any_variable(path: tuple[str, ...], text: str) -> None:
    outcome(dump(MINIMUM), {variable(path): text})


@steady
@given(st.sets(st.sampled_from(PATHS), min_size=1))
def test_every_planted_fault_is_reported_at_its_place(paths: set[tuple[str, ...]]) -> None:
    document = nested({path: {"planted": {}} for path in paths if path != ("health", "expect")})
    text = yaml.safe_dump(document, sort_keys=False)
    planted = {path for path in paths if path != ("health", "expect")}

    found = outcome(text.encode())

    if not planted:
        assert isinstance(found, Config)
        return
    assert isinstance(found, ConfigError)
    for path in planted:
        assert any(names(line, path, text) for line in found.lines), (path, found.lines)


def nested(leaf_values: Mapping[tuple[str, ...], object]) -> dict[str, Any]:
    document = dict(MINIMUM)
    for path, value in leaf_values.items():
        inside = document
        for part in path[:-1]:
            inside = inside.setdefault(part, {})
        inside[path[-1]] = value
    return document


def names(line: str, path: tuple[str, ...], text: str) -> bool:
    """Whether a fault names ``path``, or what was planted in it, at the place it is written."""
    place, told, _ = line.split(": ", 2)
    row, column = (int(part) for part in place.rsplit(":", 2)[1:])
    here = text.splitlines()[row - 1][column - 1 :]
    dotted = ".".join(path)
    return (told == dotted and here.startswith("planted:")) or (
        told.startswith(f"{dotted}.planted") and here.startswith(("planted:", "{}"))
    )


@steady
@given(st.integers(0, 10**9))
def test_durations_round_trip(thousandths: int) -> None:
    seconds = thousandths / 1000
    assert units.duration(units.duration_text(seconds)) == pytest.approx(seconds)


@steady
@given(st.integers(1, 10**6), st.sampled_from([1 << 10, 1 << 20, 1 << 30]))
def test_sizes_round_trip(count: int, unit: int) -> None:
    assert units.size(units.size_text(count * unit)) == count * unit


@steady
@given(st.integers(0, 10_000))
def test_rates_are_fractions(hundredths: int) -> None:
    percent = f"{hundredths // 100}.{hundredths % 100:02d}%"
    assert units.rate(percent) == pytest.approx(hundredths / 10_000)


@steady
@given(st.sampled_from([1, 2, 4, 6, 8, 0.08, 0.5, 0.999]))
def test_cpus_are_numbers_or_text(count: float) -> None:
    assert units.cpu(count) == units.cpu(str(count)) == count


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission() -> None:
    with file_with(b"") as path:
        path.chmod(0)
        with pytest.raises(ConfigError, match="the file cannot be read: Permission denied"):
            load_config(path, {})
