"""Local: a Cloud Run on this machine, until Ctrl-C."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.adapters.engine import find_engine
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.world import World
from pipeline.config import load_config
from pipeline.config.env_file import read_env_file
from pipeline.report.terminal import Report

if TYPE_CHECKING:
    from pipeline.local_cloud_run.values import Addresses


@dataclass(frozen=True)
class Wanted:
    """``startup_limit`` is seconds; ``secrets`` is a file of ``NAME=value`` lines."""

    port: int
    startup_limit: float | None = None
    secrets: Path | None = None


def local(world: World, report: Report, config: Path, wanted: Wanted) -> None:
    """Serve Google's API on loopback; containers are gone when it ends.

    Of the configuration only the engine matters, and none is needed.
    """
    secrets = read_env_file(wanted.secrets) if wanted.secrets else {}
    from pipeline.local_cloud_run.server import Options, run

    name = load_config(config, world.environ).build.engine if config.exists() else "auto"
    engine = find_engine(world, name)

    def ready(addresses: Addresses) -> None:
        address = addresses.rest
        report.stage("local", f"a local Cloud Run at http://{address}; Ctrl-C ends it")
        report.hide(secrets.values())
        if secrets:
            report.note(f"with the secrets {', '.join(sorted(secrets))}")
        report.note("in another shell:")
        report.raw(f"export {EMULATOR}={address}")

    options = Options(
        engine=engine, port=wanted.port, startup_limit=wanted.startup_limit, secrets=secrets
    )
    run(options, ready)
