"""Local: a Cloud Run on this machine, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.adapters.engine import find_engine
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.shell import find_shell, shell
from pipeline.adapters.world import World
from pipeline.config import load_config
from pipeline.config.env_file import read_env_file
from pipeline.errors import UsageError
from pipeline.report.terminal import Report
from pipeline.steps import gcloud

if TYPE_CHECKING:
    from pipeline.local_cloud_run.faults.plan import Plan
    from pipeline.local_cloud_run.values import Addresses


@dataclass(frozen=True)
class Wanted:
    """Ports of 0 are free ones; without ``grpc_port``, it is the one after ``port``.

    ``startup_limit`` is seconds; ``secrets`` is a file of ``NAME=value`` lines.
    ``state`` is the folder where services and jobs are kept; ``faults`` are ``NAME=VALUE`` words.
    ``shell`` asks for the user's own, with all that gcloud needs.
    """

    port: int
    grpc_port: int | None = None
    startup_limit: float | None = None
    secrets: Path | None = None
    state: Path | None = None
    seed: int = 0
    faults: tuple[str, ...] = ()
    shell: bool = False


_NOBODYS_PROJECT = "local-project"
_COMMON_REGION = "us-central1"
_LAST_PORT = 65535


def local(world: World, report: Report, config: Path, wanted: Wanted) -> None:
    """Serve Google's API on loopback; containers are gone when it ends.

    Of the configuration only the engine, the project and the region matter, and none is needed.
    """
    program = find_shell(world.environ) if wanted.shell else ""
    secrets = read_env_file(wanted.secrets) if wanted.secrets else {}
    faults = _faults(wanted)
    from pipeline.local_cloud_run.server import Options, run

    read = load_config(config, world.environ) if config.exists() else None
    engine = find_engine(world, read.build.engine if read else "auto")
    place = (read.project, read.region) if read else (_NOBODYS_PROJECT, _COMMON_REGION)

    def exported(addresses: Addresses) -> dict[str, str]:
        address = addresses.rest
        return {EMULATOR: address, **gcloud.variables(address, *place)}

    def ready(addresses: Addresses) -> None:
        end = "the end of this shell" if program else "Ctrl-C"
        report.stage("local", f"a local Cloud Run at http://{addresses.rest}; {end} ends it")
        report.hide(secrets.values())
        for line in _notes(wanted, secrets, faults, addresses):
            report.note(line)
        if program:
            report.note(f"{program} has all that gcloud and the pipeline need")
            return
        report.note("in another shell; the pipeline needs the first line, gcloud the others:")
        for line in gcloud.exports(exported(addresses)):
            report.raw(line)

    async def in_shell(addresses: Addresses) -> None:
        await shell(program, exported(addresses))

    options = Options(
        engine=engine,
        port=wanted.port,
        grpc_port=_grpc_port(wanted),
        startup_limit=wanted.startup_limit,
        secrets=secrets,
        faults=faults,
        state=wanted.state,
    )
    run(options, ready, in_shell if program else None)


def _notes(
    wanted: Wanted, secrets: Iterable[str], faults: Plan, addresses: Addresses
) -> Iterator[str]:
    names = ", ".join(sorted(secrets))
    if names:
        yield f"with the secrets {names}"
    for fault, value in faults.values.items():
        yield f"a bad day: {fault}={value:g}, with the seed {faults.seed}"
    if wanted.state:
        yield f"services and jobs are kept in {wanted.state}"
    yield f"console: http://{addresses.rest}/"
    yield f"gRPC, without TLS: {addresses.grpc}"


def _faults(wanted: Wanted) -> Plan:
    from pipeline.local_cloud_run.faults.plan import WrongFaultError, from_words

    try:
        return from_words(wanted.seed, wanted.faults)
    except WrongFaultError as error:
        words = " ".join(f"--fault {word}" for word in wanted.faults)
        raise UsageError(
            str(error),
            where=f"--seed {wanted.seed} {words}",
            remedy="mend the value, or leave it out",
        ) from error


def _grpc_port(wanted: Wanted) -> int:
    if wanted.grpc_port is not None:
        return wanted.grpc_port
    return wanted.port + 1 if 0 < wanted.port < _LAST_PORT else 0
