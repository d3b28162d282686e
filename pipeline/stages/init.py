"""Init: bring the pipeline into a repository. What is there is never lost."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.adapters.world import World
from pipeline.config import Config, load_config, read_config
from pipeline.errors import UsageError, WouldOverwrite
from pipeline.report.terminal import Report
from pipeline.steps.setup.checkout import kept_out, main_branch, root_of
from pipeline.steps.setup.configuration import configuration
from pipeline.steps.setup.existing import Existing, look_up
from pipeline.steps.setup.ignoring import ignoring
from pipeline.steps.setup.places import Place, find_place
from pipeline.steps.setup.plan import Planned, State, plan, write
from pipeline.steps.setup.repository import Repository, look
from pipeline.steps.setup.templates import File, templates
from pipeline.steps.setup.wheel import wheel

CONFIG = Path("pipeline.yaml")


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line; empty is to be found out.

    ``config`` and ``source`` are seen from the repository's top.
    """

    folder: Path = Path()
    config: Path = CONFIG
    service: str = ""
    project: str = ""
    region: str = ""
    source: str = ""
    dry_run: bool = False
    overwrite: bool = False


def init(world: World, report: Report, asked: Asked) -> None:
    """Write what is not there yet; what differs is shown, and overwritten only when asked to."""
    root = _root(world, asked)
    report.stage("init", str(root))
    config, written = _configured(world, report, asked, root)
    branch = main_branch(world, root)
    report.step(f"a push to {branch} deploys: .github/workflows/deploy.yml")
    planned = plan(root, [*written, *ignoring(root, config), *templates(branch), wheel()])
    _show(report, planned, whole=asked.dry_run)
    for path in kept_out(world, root, [one.path for one in planned]):
        report.warn(f"git ignores {path}: CI would not have it. Add `!{path}` to .gitignore")
    if asked.dry_run:
        report.note("nothing was written: --dry-run")
        return
    _must_not_overwrite(planned, asked)
    write(root, planned)
    _close(report, planned, config, asked)


def _root(world: World, asked: Asked) -> Path:
    folder = world.cwd / asked.folder
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), remedy="name one that is")
    root = root_of(folder)
    if not (root / asked.config).resolve().is_relative_to(root):
        raise UsageError(
            "the configuration would lie outside of the repository",
            where=str(asked.config),
            remedy="name a file in it, seen from its top",
        )
    return root


def _configured(
    world: World, report: Report, asked: Asked, root: Path
) -> tuple[Config, Sequence[File]]:
    """The configuration, and its file unless there is one. Nothing is written that is not valid."""
    path = root / asked.config
    if os.path.lexists(path):
        config = load_config(path, {})
        _must_be_asked_for(asked, root, config)
        report.step(f"{asked.config} is there, and is left as it is")
        return config, ()
    repository = look(root, asked.source)
    place = find_place(root, world.environ, vars(asked))
    with report.waiting("for Cloud Run"):
        existing = look_up(place, world.environ)
    _say(report, asked, repository, place, existing)
    text = configuration(repository.seen_from(path.parent), place, existing)
    name = path.relative_to(root).as_posix()
    return read_config(text, path, {}), (File(name, text.encode()),)


def _must_be_asked_for(asked: Asked, root: Path, config: Config) -> None:
    """What is asked for and what the configuration says are the same service."""
    differing = [
        f"--{key} {wanted}"
        for key in ("service", "project", "region")
        if (wanted := getattr(asked, key)) and wanted != getattr(config, key)
    ]
    if asked.source and (root / asked.source).resolve() != config.source_path.resolve():
        differing.append(f"--source {asked.source}")
    if differing:
        raise UsageError(
            f"{asked.config} is there, and says otherwise than {', '.join(differing)}",
            where=str(config.file),
            remedy="mend it; or, for another service, name another file: --config FILE",
        )


def _say(
    report: Report, asked: Asked, repository: Repository, place: Place, existing: Existing
) -> None:
    """What was found."""
    started = " with ".join(filter(None, (repository.framework, repository.starts[:100])))
    report.step(f"{repository.dockerfile_shown}: {started or 'what it starts is not known'}")
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
            report.warn(f"nothing names the {key}: give --{key}, or mend {asked.config}")
    if existing.found:
        report.step(f"{place.service} is deployed already: its settings are left as they are")
    else:
        report.note(f"nothing was taken from a deployed service: {existing.why}")


def _show(report: Report, planned: Sequence[Planned], *, whole: bool) -> None:
    quiet = {State.SAME} if whole else {State.SAME, State.NEW}
    for one in planned:
        if one.state not in quiet:
            report.diff(one.diff)


def _must_not_overwrite(planned: Sequence[Planned], asked: Asked) -> None:
    different = [one.path for one in planned if one.state is State.DIFFERENT]
    if different and not asked.overwrite:
        files = "1 file is" if len(different) == 1 else f"{len(different)} files are"
        raise WouldOverwrite(
            f"{files} there and would become what is shown above; nothing was written",
            where=", ".join(different),
            remedy="commit what is there, then the same again with --overwrite: git keeps it",
        )


def _close(report: Report, planned: Sequence[Planned], config: Config, asked: Asked) -> None:
    changed = [one for one in planned if one.state is not State.SAME]
    for one in changed:
        report.step(f"{one.path}: {one.state}")
    if not changed:
        report.step("everything is there: nothing to do")
        return
    own = "" if asked.config == CONFIG else f"--config {shlex.quote(str(asked.config))}"
    rehearse = " -- ".join(filter(None, ("./scripts/nox -s rehearse", own)))
    doctor = " ".join(filter(None, (".venv/bin/python -m pipeline doctor", own)))
    report.note(f"{asked.config} is valid; next, in this folder:")
    report.note(f"{rehearse:38} # all of it, on this machine")
    report.note(f"{doctor:38} # what {config.project} lacks for a deploy")
