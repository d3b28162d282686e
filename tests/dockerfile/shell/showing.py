"""What a script runs, written short for tables."""

from __future__ import annotations

from dataclasses import replace

from pipeline.dockerfile.shell.executed import Executed, Shell
from pipeline.dockerfile.shell.running import run

SHELL = Shell(
    "/app",
    {"HOME": "/root", "PATH": "/bin", "TWO": "a b", "SECRET": None},
    ("x", "y z"),
)


def shown(executed: Executed) -> str:
    """The words, a blank in one as ``_``, an unknown one in ``<>``; what is special before them.

    ``?`` not certain, ``~`` tolerated, ``&`` in the background, ``!`` replaces the shell.
    """
    marks = (
        ("?", not executed.certain),
        ("~", executed.tolerated),
        ("&", executed.background),
        ("!", executed.replaces),
    )
    words = [
        f"<{one.text}>" if one.value is None else one.value.replace(" ", "_") or "''"
        for one in executed.argv
    ]
    return "".join(mark for mark, holds in marks if holds) + " ".join(words)


def runs(script: str, **changes: object) -> list[str]:
    """What ``script`` runs in ``SHELL`` with these changes."""
    return [shown(executed) for executed in run(script, replace(SHELL, **changes))]  # type: ignore[arg-type]


def words(script: str, **changes: object) -> list[str]:
    """The same without the marks."""
    return [line.lstrip("?~&!") for line in runs(script, **changes)]
