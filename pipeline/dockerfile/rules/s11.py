"""S11: a folder that the program writes to is absent, or belongs to somebody else."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.access import Access, Answer, may_make, may_write, same_user
from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.start.command_writes import written_by
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.writing import Write, made, writes
from pipeline.dockerfile.build.start.written import Kind
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.place import Edit, Patch
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_CHANGES = frozenset({"gosu", "su-exec", "su", "sudo", "setpriv", "runuser", "s6-setuidgid"})


def find(build: Build) -> Iterator[Fault]:
    machine = build.final.machine
    launches = build.start.launches
    if not machine.user or any(_CHANGES & {one.executed.name, *one.wrappers} for one in launches):
        return
    sources = reached(build)
    told = [write for launch in launches for write in written_by(build, launch)]
    folders = {write.path for write in told if write.kind.makes}
    vague: set[str] = set()  # sources that make folders of which the path is not known
    for source in sources:
        for path in made(build, source):
            folders |= {path} if path else set()
            vague |= {source.origin.file} if path is None else set()
    done: set[str] = set()
    for write in (*told, *(one for source in sources for one in writes(build, source))):
        answer = _answer(build, write, folders)
        if answer.access is Access.NO_FOLDER and write.place.file in vague:
            continue
        if answer.access in {Access.NO_FOLDER, Access.NO_RIGHT} and write.folder not in done:
            done |= {write.folder, answer.folder}
            yield _fault(build, write, answer)


def _answer(build: Build, write: Write, folders: set[str]) -> Answer:
    """What a write meets; ``folders`` are made when the container starts."""
    if write.kind in {Kind.FOLDER, Kind.BOTH}:
        return may_make(build, write.folder)
    if write.kind is Kind.ONE_FOLDER:
        above = write.folder.rpartition("/")[0] or "/"
        there = build.in_image(write.folder)
        if not there.absent:
            return Answer(Access.UNKNOWN, write.folder)
        answer = may_write(build, above)
    else:
        answer = may_write(build, write.folder)
        if answer.access is Access.NO_RIGHT and _is_own_file(build, write.path):
            return Answer(Access.YES, write.folder)
    is_made = any(answer.folder in ancestors(one) for one in folders if one != write.path)
    if answer.access is Access.NO_FOLDER and is_made:
        return Answer(Access.UNKNOWN, write.folder)
    return answer


def _is_own_file(build: Build, path: str) -> bool:
    """Whether the file is there already, and may be the user's whoever has the folder."""
    machine, found = build.final.machine, build.in_image(path)
    entry = found.entry
    if not found.present or entry is None or entry.owner is None:
        return found.present
    return same_user(machine, entry.owner, machine.user) is not False


def _fault(build: Build, write: Write, answer: Answer) -> Fault:
    user, step = build.final.machine.user, build.once(_user_step)
    where = f"{write.place.file} line {write.place.line}"
    if answer.access is Access.NO_FOLDER:
        what = f"{where} opens {write.path}, and the image has no folder {answer.folder}"
    elif answer.folder == write.folder:
        what = (
            f"{where} writes in {answer.folder}, which belongs to {answer.owner} and not to {user}"
        )
    else:
        what = (
            f"{where} makes {write.folder}, and {answer.folder} above it belongs to "
            f"{answer.owner}, not to {user}"
        )
    command = f"mkdir -p {write.folder}"
    if step is not None:
        command += f" && chown -R {user} {write.folder}"
    sure = write.certain and not write.by_default
    return Fault(
        build.place(step.instruction) if step else write.place,
        what,
        f"RUN {command}, before {'USER' if step else 'the end of the last stage'}; or write "
        "below /tmp, or log to standard output.",
        patch=_patch(build, step, command) if sure and step else None,
        severity=None if sure else Severity.WARNING,
    )


def _user_step(build: Build) -> Step | None:
    """The USER instruction that holds when the container starts."""
    if build.final.machine.is_root:
        return None
    steps = (step for stage in build.lineage(build.final) for step in stage.steps)
    users = [step for step in steps if step.instruction.name == "USER" and step.executed is None]
    return users[-1] if users else None


def _patch(build: Build, step: Step, command: str) -> Patch | None:
    """The folder is made right before the USER that root hands over to."""
    base = build.stages[step.stage].machine.base
    if step.user not in {"root", "0"} or not base.known or not base.manager:
        return None
    line = step.instruction.line
    return Patch(build.file, (Edit(line, line - 1, (f"RUN {command}",)),))


_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\n"
    "RUN pip install flask gunicorn\nCOPY main.py .\nRUN useradd web{}\nUSER web\n"
    "CMD exec gunicorn --bind :$PORT main:app\n"
)
_MAIN = (
    "import logging\n\nfrom flask import Flask\n\n"
    'logging.basicConfig(filename="logs/app.log")\napp = Flask(__name__)\n'
)

RULE = Rule(
    id="S11",
    title="a folder that the program writes to is absent, or belongs to somebody else",
    severity=Severity.ERROR,
    why="opening the file fails, and the program ends before it listens",
    met="ENOENT: no such file or directory, open 'logs/error.log'",
    fix="Make the folder and give it to the user before USER; or log to standard output.",
    bad={"Dockerfile": _DOCKERFILE.format(""), "main.py": _MAIN},
    good={
        "Dockerfile": _DOCKERFILE.format(" && mkdir logs && chown web logs"),
        "main.py": _MAIN,
    },
    find=find,
)
