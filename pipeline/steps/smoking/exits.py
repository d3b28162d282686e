"""What a container's exit code says, in words."""

from __future__ import annotations

import signal

NOT_FOUND = 127
NEVER_RAN = frozenset({126, NOT_FOUND})
"""Exit codes of a program that could not be started: trying again changes nothing."""

_CODES = {
    0: "it ended as if its work were done; a service must stay",
    1: "an error that the program did not handle",
    2: "wrong arguments, or a script with a wrong line",
    126: "the program is there and cannot be executed",
    127: "a program is not there, or not on PATH",
}
_SIGNALS = {
    "SIGABRT": "it gave itself up",
    "SIGBUS": "it touched memory that is not there: a fault in native code",
    "SIGFPE": "it divided by zero in native code",
    "SIGILL": "its code has an instruction that this CPU lacks",
    "SIGKILL": "and the engine does not say that it was for memory",
    "SIGPIPE": "who read its output was gone",
    "SIGSEGV": "it touched memory that is not its own: a fault in native code",
    "SIGTERM": "something told it to stop",
}


def explained(code: int) -> str:
    """``exit code 127, …``, ``killed by SIGSEGV (exit code 139), …``; bare where it says nothing.

    ``code`` above 128 is 128 + the signal's number, as shells and engines count.
    """
    name = _signal(code)
    if not name:
        return _with(f"exit code {code}", _CODES.get(code))
    return _with(f"killed by {name} (exit code {code})", _SIGNALS.get(name))


def brief(code: int) -> str:
    """``exit code 3``, or ``killed by SIGSEGV``."""
    name = _signal(code)
    return f"killed by {name}" if name else f"exit code {code}"


def _signal(code: int) -> str:
    try:
        return signal.Signals(code - 128).name if code > 128 else ""
    except ValueError:
        return ""


def _with(what: str, meaning: str | None) -> str:
    return f"{what}, {meaning}" if meaning else what
