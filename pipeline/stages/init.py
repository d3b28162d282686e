"""Init: bring the pipeline into a repository. What is there is never lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.adapters.world import World
from pipeline.config import load_config
from pipeline.errors import WouldOverwrite
from pipeline.report.terminal import Report
from pipeline.steps.setup.configuration import configuration
from pipeline.steps.setup.existing import Existing, look_up
from pipeline.steps.setup.ignoring import NAMES as ADDED_TO
from pipeline.steps.setup.ignoring import ignoring
from pipeline.steps.setup.places import Place, find_place
from pipeline.steps.setup.plan import Planned, State, older_wheels, plan, write
from pipeline.steps.setup.repository import Repository, look, root_of
from pipeline.steps.setup.templates import File, templates
from pipeline.steps.setup.wheel import PATTERN, wheel

CONFIG = "pipeline.yaml"


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line; empty is to be found out."""

    folder: Path = Path()
    service: str = ""
    project: str = ""
    region: str = ""
    source: str = ""
    dry_run: bool = False
    overwrite: bool = False


def init(world: World, report: Report, asked: Asked) -> None:
    """Write what is not there yet; what differs is shown, and overwritten only when asked to."""
    root = root_of(world, world.cwd / asked.folder)
    report.stage("init", str(root))
    files = [*_configured(world, report, asked, root), *templates(), wheel()]
    planned = plan(root, files)
    _show(report, planned, whole=asked.dry_run)
    if asked.dry_run:
        report.note("nothing was written: --dry-run")
        return
    _must_not_overwrite(planned, asked)
    write(root, planned)
    for path in older_wheels(root, PATTERN, files[-1].path):
        path.unlink()
    config = load_config(root / CONFIG, {})
    _close(report, planned, config.project)


def _configured(world: World, report: Report, asked: Asked, root: Path) -> Iterator[File]:
    """``pipeline.yaml``, unless there is one, and what keeps our files out of git and the image."""
    if (root / CONFIG).exists():
        config = load_config(root / CONFIG, {})
        report.step(f"{CONFIG} is there, and is left as it is")
        source = config.source_path
    else:
        repository = look(root, asked.source)
        place = find_place(root, world.environ, vars(asked))
        with report.waiting("for Cloud Run"):
            existing = look_up(place, world.environ)
        _say(report, repository, place, existing)
        source = root / repository.source
        yield File(CONFIG, configuration(repository, place, existing).encode())
    yield from ignoring(root, source)


def _say(report: Report, repository: Repository, place: Place, existing: Existing) -> None:
    """What was found."""
    started = " with ".join(filter(None, (repository.framework, repository.starts[:100])))
    own = repository.dockerfile or (Path(repository.source) / "Dockerfile").as_posix()
    report.step(f"{own}: {started or 'what it starts is not known'}")
    if repository.is_root:
        report.note("the container runs as root: `USER` in the Dockerfile would end that")
    health = repository.health
    if health and not health.is_reserved:
        report.step(f"health at {health.path}, from {health.where}")
    elif health:
        report.warn(f"Cloud Run keeps {health.path} ({health.where}) to itself: add another path")
    else:
        report.warn("no health path was found: / must answer 200, and that proves little")
    for key in ("service", "project", "region"):
        if place.source(key):
            report.step(f"{key} {getattr(place, key)}, from {place.source(key)}")
        else:
            report.warn(f"nothing names the {key}: give --{key}, or mend {CONFIG}")
    if existing.found:
        report.step(f"{place.service} is deployed already: its settings are left as they are")
    else:
        report.note(f"nothing was taken from a deployed service: {existing.why}")


def _show(report: Report, planned: Sequence[Planned], *, whole: bool) -> None:
    for one in planned:
        if one.state is not State.SAME and (whole or one.state is State.DIFFERENT):
            report.diff(one.diff)


def _must_not_overwrite(planned: Sequence[Planned], asked: Asked) -> None:
    """What only gets lines added loses nothing."""
    different = [
        one.file.path for one in planned
        if one.state is State.DIFFERENT and one.file.path not in ADDED_TO
    ]  # fmt: skip
    if different and not asked.overwrite:
        raise WouldOverwrite(
            f"{len(different)} files are there and differ as shown above; nothing was written",
            where=", ".join(different),
            remedy="commit them, then the same again with --overwrite: git keeps what was there",
        )


def _close(report: Report, planned: Sequence[Planned], project: str) -> None:
    changed = [one for one in planned if one.state is not State.SAME]
    for one in changed:
        report.step(f"{one.file.path}: {one.state}")
    if not changed:
        report.step("everything is there: nothing to do")
        return
    report.note(f"{CONFIG} is valid; next, in this folder:")
    report.note("./scripts/nox -s rehearse              # all of it, on this machine")
    report.note(f".venv/bin/python -m pipeline doctor    # what {project} lacks for a deploy")
