"""What the shell's own commands change in the shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.dockerfile.shell.executed import Argument, Value
from pipeline.dockerfile.shell.state import State, resolved

DECLARATIONS = frozenset({"export", "readonly", "local", "declare", "typeset"})
SUCCEED = frozenset({":", "true", "echo", "set", "unset"}) | DECLARATIONS
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DECLARED = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=", re.ASCII)
_VENV = "/bin/activate"

Change = Callable[[State, Sequence[Argument]], State]


def change(state: State, argv: Sequence[Argument]) -> State:
    """The state after a command; the same for a program."""
    builtin = _BUILTINS.get(argv[0].value or "") if argv else None
    return builtin(state, argv[1:]) if builtin else state


def declared(arguments: Sequence[Argument]) -> list[str]:
    """The names that ``export``, ``local`` … speak of."""
    matches = (_NAME.match(one.text) for one in arguments if not one.text.startswith("-"))
    return [match.group() for match in matches if match]


def activated(state: State, path: Value) -> State | None:
    """The state after a virtual environment's ``activate``; None where the file is none."""
    if path is None or not path.endswith(_VENV):
        return None
    folder = resolved(state.shell.cwd, path.removesuffix(_VENV) or "/")
    before = state.value("PATH")
    known = folder is not None and before is not None
    path_after = f"{folder}/bin:{before}" if known else None
    return state.assign([("PATH", path_after), ("VIRTUAL_ENV", folder)])


def _operands(arguments: Sequence[Argument]) -> list[Argument]:
    """What follows the options, a lone ``-`` counted as an operand."""
    for at, one in enumerate(arguments):
        if one.text == "--":
            return list(arguments[at + 1 :])
        if one.text == "-" or not one.text.startswith("-"):
            return list(arguments[at:])
    return []


def _cd(state: State, arguments: Sequence[Argument]) -> State:
    operands = _operands(arguments)
    if not operands:
        return state.move(state.value("HOME") or None)
    if operands[0].value == "-":
        return state.move(state.value("OLDPWD") or None)
    return state.move(operands[0].value)


def _pushd(state: State, arguments: Sequence[Argument]) -> State:
    left = state.shell.cwd
    if not arguments:  # changes places with the folder on top
        target = state.folders[0] if state.folders else None
        return replace(state.move(target), folders=(left, *state.folders[1:]))
    return replace(_cd(state, arguments), folders=(left, *state.folders))


def _popd(state: State, _arguments: Sequence[Argument]) -> State:
    target = state.folders[0] if state.folders else None
    return replace(state.move(target), folders=state.folders[1:])


def _declare(state: State, arguments: Sequence[Argument]) -> State:
    values: list[tuple[str, Value]] = []
    for one in arguments:
        match = _DECLARED.match(one.text)
        if match is None:
            continue
        value = one.value[match.end() :] if one.value is not None else None
        if match.group(2) or match.group(3) or (value or "").startswith("("):
            value = None
        values.append((match.group(1), value))
    return state.assign(values)


def _unset(state: State, arguments: Sequence[Argument]) -> State:
    if any(one.text == "-f" for one in arguments):
        return state
    return state.unset(declared(arguments))


def _read(state: State, arguments: Sequence[Argument]) -> State:
    names = [one.text for one in arguments if _NAME.fullmatch(one.text)]
    return state.blur(names or ["REPLY"])


def _printf(state: State, arguments: Sequence[Argument]) -> State:
    if len(arguments) > 1 and arguments[0].text == "-v":
        return state.blur(declared(arguments[1:2]))
    return state


def _let(state: State, arguments: Sequence[Argument]) -> State:
    return state.blur(declared(arguments))


def _shift(state: State, arguments: Sequence[Argument]) -> State:
    given = arguments[0].value if arguments else "1"
    known = state.shell.arguments
    if known is None or given is None or not given.isdecimal() or len(given) > len("9999"):
        return replace(state, shell=replace(state.shell, arguments=None))
    return replace(state, shell=replace(state.shell, arguments=known[int(given) :]))


def _set(state: State, arguments: Sequence[Argument]) -> State:
    for at, one in enumerate(arguments):
        text = one.text
        if text in {"--", "-"} or text[:1] not in {"-", "+"}:
            rest = [word.value for word in arguments[at + (text in {"--", "-"}) :]]
            known = tuple(value for value in rest if value is not None)
            found = known if len(known) == len(rest) else None
            return replace(state, shell=replace(state.shell, arguments=found))
        state = _option(state, text, arguments[at + 1 :])
        if "o" in text and at + 1 < len(arguments):
            return _set(state, arguments[at + 2 :])
    return state


def _option(state: State, text: str, following: Sequence[Argument]) -> State:
    on = text.startswith("-")
    named = following[0].text if "o" in text and following else ""
    if "e" in text or named == "errexit":
        state = replace(state, shell=replace(state.shell, errexit=on))
    return replace(state, pipefail=on) if named == "pipefail" else state


_BUILTINS: dict[str, Change] = {
    "cd": _cd,
    "pushd": _pushd,
    "popd": _popd,
    **dict.fromkeys(DECLARATIONS, _declare),
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    "read": _read,
    "mapfile": _read,
    "readarray": _read,
    "getopts": _read,
    "printf": _printf,
    "let": _let,
}
