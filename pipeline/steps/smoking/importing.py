"""Do the modules of ``startup.imports`` import inside the image?"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.container import Container, container
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.errors import PipelineError, SmokeFailed
from pipeline.steps.smoking.exits import NOT_FOUND, brief
from pipeline.steps.smoking.failing import NOTHING, failed
from pipeline.steps.smoking.runs import another

_AT_LEAST = 30.0  # seconds they may take together; more where a start may take more
_SCRIPT = """\
import importlib, os, sys
os.dup2(2, 1)  # one stream: the engine keeps no order between two
token, *modules = sys.argv[1:]
del sys.argv[1:]
for module in modules:
    print(token, module, file=sys.stderr, flush=True)
    importlib.import_module(module)
print(token, file=sys.stderr, flush=True)
"""


def importing(context: Context, run: ContainerRun, program: str = "python") -> ContainerRun:
    """A container that imports them one after the other.

    Before each it writes a word that nobody knows, and the module: so that it is known which one
    ended it, however it did.
    """
    token = context.world.hex_token(16)
    modules = context.config.startup.imports
    return another(context, run, port=None, command=(program, "-c", _SCRIPT, token, *modules))


def judge_imports(context: Context, running: Container) -> None:
    within = max(_AT_LEAST, context.config.startup.listen_within)
    if running.process.wait(within) == NOT_FOUND and not _tried(running):
        run = importing(context, running.run, "python3")
        with container(context.engine, context.world, run) as other:
            other.process.wait(within)
            _judge(context, other, within)
    else:
        _judge(context, running, within)


def _judge(context: Context, running: Container, within: float) -> None:
    tried, modules = _tried(running), context.config.startup.imports
    ended = running.ended()
    if tried and tried[-1] == "" and ended and ended.code == 0:
        context.report.step(f"imports {', '.join(modules)}")
        return
    if not tried and ended and ended.code == NOT_FOUND:
        raise _no_python(running)
    module = tried[-1] if tried else modules[0]
    written = _written_since(running, module)
    fault = next((line for line in reversed(written) if line.strip()), "")
    if ended is None:
        fault = f"it takes longer than {within:g} s"
    elif ended.out_of_memory or not fault or ended.code > 128:
        fault = "out of memory" if ended.out_of_memory else brief(ended.code)
    raise failed(
        context, running, f"{module} does not import in the image: {fault.strip()[:300]}",
        "install or copy into the image what the last line names", written or NOTHING,
    )  # fmt: skip


def _token(running: Container) -> str:
    return running.run.command[3]


def _tried(running: Container) -> list[str]:
    """The modules it began to import, in order; in the end an empty one."""
    token = _token(running)
    return [line.removeprefix(token).strip() for line in running.lines if line.startswith(token)]


def _written_since(running: Container, module: str) -> Sequence[str]:
    """What it wrote while it imported a module."""
    lines, mark = running.lines, f"{_token(running)} {module}"
    return lines[lines.index(mark) + 1 :] if mark in lines else lines


def _no_python(running: Container) -> PipelineError:
    return SmokeFailed(
        "the image has neither python nor python3 on its PATH: startup.imports cannot be tried",
        where=f"image {running.run.image[:19]}",
        remedy="remove startup.imports, or put Python on the image's PATH",
        lines=tuple(running.lines),
    )
