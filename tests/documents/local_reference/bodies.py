"""Bodies that work, and values for the fields whose rules a made-up one would break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.local_cloud_run.values import Json


@dataclass(frozen=True)
class Instead:
    """A value that stands for more than its own field: what changes at the top of a body."""

    change: Json


def _split(first: int, latest: int) -> list[Json]:
    kinds = [f"TRAFFIC_TARGET_ALLOCATION_TYPE_{kind}" for kind in ("REVISION", "LATEST")]
    return [
        {"type": kinds[0], "revision": "s-a", "percent": first},
        {"type": kinds[1], "percent": latest},
    ]


_PROBE = {"timeoutSeconds": 10, "periodSeconds": 20}
_PORT, _HTTP = [8080, 9090], {"name": "H", "value": "1"}
SERVICE: Json = {
    "template": {
        "containers": [
            {
                "image": "app:1",
                "env": [{"name": "A", "value": "1"}],
                "ports": [{"containerPort": 8080}],
                "resources": {"limits": {"cpu": "1"}},
                "startupProbe": {**_PROBE, "httpGet": {"path": "/a", "httpHeaders": [_HTTP]}},
                "livenessProbe": {**_PROBE, "httpGet": {"path": "/a"}},
                "readinessProbe": {**_PROBE, "httpGet": {"path": "/a"}},
            }
        ],
    },
    "traffic": _split(50, 50),
}
JOB: Json = {
    "template": {
        "taskCount": 3,
        "parallelism": 3,
        "template": {
            "maxRetries": 3,
            "containers": [{"image": "app:1", "args": ["a"], "env": [{"name": "A", "value": "1"}]}],
        },
    }
}
OVERRIDES: Json = {"containerOverrides": [{"env": [{"name": "A", "value": "2"}]}]}
POLICY: Json = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}

Special = Mapping[str, Sequence[Any]]
OF_SERVICE: Special = {
    "template.revision": ["s-x"],
    "template.containers[].resources.limits": [{"cpu": "2"}, {"memory": "1Gi"}],
    "template.containers[].ports[].name": ["h2c", "http1"],
    "template.containers[].ports[].containerPort": _PORT,
    "template.containers[].startupProbe.periodSeconds": [30],
    "template.containers[].startupProbe.httpGet.path": ["/x"],
    "template.containers[].startupProbe.httpGet.port": _PORT,
    "template.containers[].startupProbe.tcpSocket.port": _PORT,
    "traffic[].percent": [Instead({"traffic": _split(20, 80)})],
    "traffic[].revision": ["s-b"],
}
OF_JOB: Special = {
    "template.template.containers[].resources.limits": [{"cpu": "2"}, {"memory": "1Gi"}]
}
