"""Local: a Cloud Run on this machine, until Ctrl-C."""

from __future__ import annotations

from pipeline.adapters.engine import find_engine
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.world import World
from pipeline.report.terminal import Report


def local(world: World, report: Report, *, port: int, startup_limit: float | None) -> None:
    """Serve Google's API on loopback; containers are gone when it ends."""
    from pipeline.local_cloud_run.server import Options, run

    def ready(address: str) -> None:
        report.stage("local", f"a local Cloud Run at http://{address}; Ctrl-C ends it")
        report.note("in another shell:")
        report.raw(f"export {EMULATOR}={address}")

    run(Options(engine=find_engine(world), port=port, startup_limit=startup_limit), ready)
