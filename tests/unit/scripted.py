"""Google's client for one service, scripted: what goes wrong with each call, before or after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from google.api_core import exceptions, operation
from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.longrunning import operations_pb2

from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.google import Google

NAME = "projects/p/locations/l/services/agents"
STALE = exceptions.Conflict("Conflict for resource 'agents': version '1' was specified")
Strike = Exception | Callable[[], None]


@dataclass
class Scripted:
    """The service as Cloud Run keeps it.

    ``before`` and ``after`` hold, for the calls in their order, what strikes before or after the
    effect: an error, something that somebody does, or None. ``reads`` does so for readings.
    """

    now: run_v2.Service | None = None
    before: list[Strike | None] = field(default_factory=list)
    after: list[Strike | None] = field(default_factory=list)
    reads: list[Strike | None] = field(default_factory=list)
    polls: list[Strike | None] = field(default_factory=list)
    runs_long: bool = False  # writes are still under way when they are answered
    policy: policy_pb2.Policy = field(default_factory=lambda: policy_pb2.Policy(etag=b"1"))
    sent: list[Any] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    clock: float = 0.0
    slow: float = 0.0  # seconds that each call takes

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def cloud_run(self) -> CloudRun:
        google = Google("127.0.0.1:1")
        found = CloudRun(google, "p", "l", "agents", self.sleep, lambda: self.clock)
        vars(found).update(_services=self, _revisions=SimpleNamespace())
        return found

    def settle(self, *, ready: bool = True, message: str = "") -> None:
        """What was asked for comes to be, or fails."""
        assert self.now is not None
        states = run_v2.Condition.State
        state = states.CONDITION_SUCCEEDED if ready else states.CONDITION_FAILED
        self.now.reconciling = False
        self.now.terminal_condition = {"state": state, "message": message}
        if ready:
            self.now.latest_ready_revision = self.now.latest_created_revision
            self.now.traffic_statuses = [
                {"type_": one.type_, "revision": one.revision, "percent": one.percent}
                for one in self.now.traffic
            ]

    # What the pipeline calls.

    def get_service(self, *, timeout: float, **_: object) -> run_v2.Service:
        self._take(timeout)
        _strike(self.reads)
        if self.now is None:
            raise exceptions.NotFound("Resource 'agents' of kind 'SERVICE' does not exist.")
        return run_v2.Service(self.now)

    def create_service(self, *, request: run_v2.CreateServiceRequest, timeout: float) -> Any:
        def effect() -> None:
            if self.now is not None:
                raise exceptions.Conflict("Resource already exists.")
            self._store(run_v2.Service(request.service, name=NAME, etag="0"), makes=True)

        return self._write(request, timeout, effect)

    def update_service(self, *, request: run_v2.UpdateServiceRequest, timeout: float) -> Any:
        def effect() -> None:
            assert self.now is not None
            if request.service.etag != self.now.etag:
                raise STALE
            changed = run_v2.Service(self.now)
            for path in request.update_mask.paths:
                setattr(changed, path, getattr(request.service, path))
            self._store(changed, makes="template" in request.update_mask.paths)

        return self._write(request, timeout, effect)

    def get_iam_policy(self, *, timeout: float, **_: object) -> policy_pb2.Policy:
        self._take(timeout)
        found = policy_pb2.Policy()
        found.CopyFrom(self.policy)
        return found

    def set_iam_policy(self, *, request: Any, timeout: float) -> None:
        def effect() -> None:
            if request.policy.etag != self.policy.etag:
                raise STALE
            self.policy.CopyFrom(request.policy)
            self.policy.etag = str(int(self.policy.etag) + 1).encode()

        self._write(request, timeout, effect)

    def _write(self, request: Any, timeout: float, effect: Callable[[], None]) -> Any:
        self._take(timeout)
        self.sent.append(request)
        _strike(self.before)
        effect()
        _strike(self.after)
        return self._operation()

    def _store(self, service: run_v2.Service, *, makes: bool) -> None:
        service.etag = str(int(service.etag) + 1)
        service.generation += 1
        service.reconciling = True
        if makes:
            service.latest_created_revision = f"{NAME}/revisions/{service.template.revision}"
        self.now = service
        if not self.runs_long:
            self.settle()

    def _operation(self) -> operation.Operation:
        """Google's own future, asking for the operation until it is done."""

        def shown() -> operations_pb2.Operation:
            done = self.now is not None and not self.now.reconciling
            found = operations_pb2.Operation(name="operation", done=done)
            if done:
                found.response.Pack(run_v2.Service.pb(self.now))
            return found

        def refresh(retry: object = None) -> operations_pb2.Operation:
            _strike(self.polls)
            return shown()

        return operation.Operation(shown(), refresh, lambda: None, run_v2.Service)

    def _take(self, timeout: float) -> None:
        self.timeouts.append(timeout)
        self.clock += self.slow


def _strike(strikes: list[Strike | None]) -> None:
    strike = strikes.pop(0) if strikes else None
    if isinstance(strike, Exception):
        raise strike
    if strike is not None:
        strike()
