"""The failures as real services: where each is stopped at the latest, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.replay import acts
from tests.replay.acts import Act

STAGES = ("lint", "build", "smoke", "deploy", "jobs", "verify", "shift")
CANDIDATE = "CANDIDATE"
"""Stands for the revision that was made last."""

STEP = 20
"""Percent of the users that meet a candidate at the first step of a shift."""

STEP_TIME = 6.0
"""Seconds that this step is watched."""

Settings = Mapping[str, Any]

BASE: Settings = {
    "project": "my-project",
    "region": "us-central1",
    "image": "us-central1-docker.pkg.dev/my-project/services/replay",
    "run": {"allow_unauthenticated": True, "memory": "512Mi", "concurrency": 80},
    "health": {"settle": "400ms", "probes": 2},
    "startup": {"listen_within": "5s", "required_logs": ["Application startup complete"]},
    "traffic": {
        "steps": [STEP, 100], "step_time": f"{STEP_TIME}s", "watch": "1s", "min_requests": 5,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A failure of the table, as the service in the folder ``service``.

    ``stage`` is the last that may stop it, ``known`` the id in the catalogue where it is not the
    row's own. ``settings`` go on top of BASE. ``acts`` are done by a person before a stage, and
    that of "" afterwards. No ``stage``: it is well, and nothing may stop it.
    ``serves``: only traffic shows it, so some users meet it, within the step's share and time.
    """

    row: str
    service: str
    stage: str
    known: str = ""
    settings: Settings = field(default_factory=dict)
    acts: Mapping[str, Act] = field(default_factory=dict)
    stages: tuple[str, ...] = STAGES
    serves: bool = False
    why: str = ""  # where a row has several of the same service

    @property
    def id(self) -> str:
        return self.known or self.row

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.row, self.service, self.why)))


def _env(there: Mapping[str, str], here: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Variables on Cloud Run, and those that smoke has in their place."""
    return {"run": {"env": dict(there)}, "smoke": {"env": dict(here or {})}}


def _watched(row: str, service: str, settings: Settings | None = None) -> Case:
    return Case(row, service, "shift", settings=settings or {}, serves=True)


BY_SMOKE = (
    Case("K01", "never_listens", "smoke"),
    Case("K01", "loopback_only", "lint", known="S15"),
    Case("K01", "listens_on_5000", "smoke"),
    Case("K01", "bound_by_setting", "smoke", settings=_env({"HOST": "127.0.0.1"})),
    Case("K02", "crashes_on_start", "smoke"),
    Case("K02", "imports_later", "smoke", settings={"startup": {"imports": ["worker"]}}),
    Case("K03", "engine_missing", "smoke"),
    Case("K04", "no_openssl", "smoke"),
    Case("K05", "log_folder", "smoke", settings=_env({"LOG_FOLDER": "/app/logs"})),
    Case("K06", "dies_silently", "smoke"),
    Case("K07", "needs_cache", "smoke"),
    Case("K08", "build_fails", "build"),
    Case("K09", "too_much_memory", "smoke", settings={"run": {"memory": "256Mi"}}),
)

_AT_HOME = {"DATABASE_URL": "sqlite:///agents.db"}
_SECRET = {"run": {"secrets": {"DATABASE_URL": "database-url"}}, "smoke": {"env": _AT_HOME}}
_ORIGIN = "https://app.example.com"

BY_VERIFY = (
    Case("V01", "hello", "deploy", acts={"deploy": acts.deployed_by_hand}, why="half-deployed"),
    Case("V01", "hello", "verify", acts={"verify": acts.cleaned_up}, why="cleaned-up"),
    Case("V02", "hello", "verify", acts={"verify": acts.tag_moved_to_the_old_revision}),
    Case("V02", "names_another", "verify", settings={"health": {"revision": "revision"}}),
    Case("V03", "dead_database", "smoke"),
    Case("V03", "database_elsewhere", "verify", settings=_env(
        {"DATABASE_HOST": "127.0.0.1"}, {"DATABASE_HOST": ""}
    )),
    Case("V04", "worker_forgotten", "smoke", settings={
        "startup": {"required_logs": ["Application startup complete", "Worker started"]}
    }),
    Case("V04", "falls_back", "verify", settings={
        "startup": {"forbidden_logs": ["falling back to memory"]},
        "smoke": {"env": {"STORE": "here"}},
    }),
    Case("V05", "database_url_missing", "deploy", settings=_SECRET, why="secret"),
    Case("V05", "database_url_missing", "deploy", settings=_env({}, _AT_HOME), why="variable"),
    Case("V06", "agents_api", "verify", settings={
        "run": {"env": {"CORS_ORIGINS": "http://localhost:8080"}}, "cors": {"origins": [_ORIGIN]}
    }),
    Case("V07", "migration_fails", "jobs", settings={
        "jobs": [{"name": "migrate", "command": ["python3", "migrate.py"]}]
    }),
    Case("V07", "old_schema", "verify", settings=_env(
        {"DATABASE": "production"}, {"DATABASE": "test"}
    )),
    Case("V08", "waits_for_leader", "deploy", settings=_env(
        {"PEERS": "10.0.0.1,10.0.0.2"}, {"PEERS": ""}
    )),
    Case(
        "V09", "database_elsewhere", "rollback",
        settings=_env({"DATABASE_HOST": "127.0.0.1"}, {"DATABASE_HOST": ""}),
        stages=(*STAGES[:4], f"rollback --to {CANDIDATE}"), serves=True,
    ),
    Case("V10", "hello", "verify", acts={"verify": acts.made_again_by_hand}, why="made-again"),
    Case(
        "V10", "hello", "deploy", settings={"build": {"args": {"VERSION": "10"}}},
        acts={"deploy": acts.built_again_under_the_same_tag, "": acts.tag_removed},
        why="tag-moved",
    ),
)  # fmt: skip

BY_WATCH = (
    _watched("M01", "reads_too_early", {"traffic": {
        "log_rates": [{"pattern": "aggregator returned None", "per_minute": 5}]
    }}),
    _watched("M02", "task_fails"),
    Case("M03", "slow_start", "verify", settings={
        **_env({"STORE": "gs://agents"}, {"STORE": ""}), "startup": {"listen_within": "3s"}
    }),
    _watched("M03", "joins_slowly", {
        "run": {"concurrency": 1}, "startup": {"listen_within": "4s"},
        "traffic": {"step_time": "12s"},
    }),
    _watched("M04", "pool_of_one"),
    _watched("M05", "dies_of_requests"),
    _watched("M06", "health_grows", {"health": {"max_latency": "300ms"}}),
    _watched("M07", "swallows_errors"),
)  # fmt: skip

CASES = (*BY_SMOKE, *BY_VERIFY, *BY_WATCH)


def merged(base: Settings, more: Settings) -> dict[str, Any]:
    """``more`` on top of ``base``, section by section."""
    both = dict(base)
    for key, value in more.items():
        below = both.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            both[key] = merged(below, value)
        else:
            both[key] = value
    return both
