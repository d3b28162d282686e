"""Local: a Cloud Run on this machine, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

from pipeline.adapters.engine import find_engine
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.world import World
from pipeline.config import load_config
from pipeline.report.terminal import Report


def local(
    world: World, report: Report, config: Path, port: int, startup_limit: float | None
) -> None:
    """Serve Google's API on loopback; containers are gone when it ends.

    Of the configuration only the engine matters, and none is needed.
    """
    from pipeline.local_cloud_run.server import Options, run

    wanted = load_config(config, world.environ).build.engine if config.exists() else "auto"
    engine = find_engine(world, wanted)

    def ready(address: str) -> None:
        report.stage("local", f"a local Cloud Run at http://{address}; Ctrl-C ends it")
        report.note("in another shell:")
        report.raw(f"export {EMULATOR}={address}")

    run(Options(engine=engine, port=port, startup_limit=startup_limit), ready)
