"""What commands write into files, as far as the Dockerfile has the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import Entry
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.paths import below, named, owner
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Value

_NOWHERE = ("/dev/", "/proc/", "/sys/")
_LONGEST = 200_000
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f",
            "v": "\v", "e": "\x1b", '"': '"', "'": "'"}  # fmt: skip
_ESCAPE = re.compile(r"\\(?:([ntr\\abfve\"'])|(.?))", re.DOTALL)
_SPEC = re.compile(r"%(?:(%)|(s)|(.?))", re.DOTALL)
_NO_CARRIAGE_RETURNS = re.compile(
    r"s(?P<by>[/|,#@:])(?:\\r|\\x0[dD]|\\015|\^M|\r)+\$?(?P=by)(?P=by)g?", re.ASCII
)
_SED = frozenset({"-e", "--expression", "-f", "--file", "-l", "--line-length"})


def write_output(call: Call) -> None:
    """The file that the command's output goes to, if it does."""
    if call.executed.output is None:
        return
    target, appended = call.executed.output
    path = call.path(target) if target else None
    if path is not None and not path.startswith(_NOWHERE):
        write(call, path, printed(call), appended=appended)


def write(call: Call, path: str, text: Value, *, appended: bool = False) -> None:
    """A file has this text now (None: not known); whose it is and its mode stay as they were."""
    entry = call.machine.files.lookup(path).entry
    if appended and text is not None and not call.machine.files.lookup(path).absent:
        before = read(call.machine, path)
        text = before.text + text if before else None
    if text is not None and (len(text) > _LONGEST or not call.executed.certain):
        text = None
    if entry is not None and not entry.directory:
        made = replace(entry, text=text, source=None, link=None, path=path)
        call.machine.files.make(replace(made, maker=call.executed.name, place=call.step.place))
    else:
        call.make(path, call.executed.name or "shell", owner=owner(call), mode=0o644, text=text)


def printed(call: Call) -> Value:
    """What a command prints; None where that cannot be known."""
    name = call.executed.name
    if name in _PRINTERS:
        return _PRINTERS[name](call)
    return "" if name in {":", "true"} or not call.executed.argv else None


def _values(call: Call) -> list[str] | None:
    values = [argument.value for argument in call.executed.argv[1:]]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _echo(call: Call) -> Value:
    values = _values(call)
    if values is None:
        return None
    letters = set[str]()
    while values and re.fullmatch("-[neE]+", values[0]):
        letters |= set(values.pop(0)[1:])
    text = " ".join(values)
    if "\\" in text or "e" in letters:
        expands = _echo_expands(call, explicit="e" in letters)
        if expands is None:
            return None
        text = unescaped(text) if expands else text
    return text if "n" in letters else text + "\n"


def _echo_expands(call: Call, *, explicit: bool) -> bool | None:
    """Debian's ``sh`` always expands escapes and has no ``-e``; bash and busybox ask for it."""
    machine = call.machine
    shell = machine.shell[0].rsplit("/", 1)[-1]
    if shell == "sh" and machine.base.distribution in {"debian", "ubuntu"}:
        return None if explicit else True
    return explicit if shell in {"bash", "ash"} or machine.base.distribution == "alpine" else None


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]] if found[1] else found[0], text)


def _printf(call: Call) -> Value:
    values = _values(call)
    if not values:
        return None
    form, *rest = values[1:] if values[0] == "--" else values
    specs = [found for found in _SPEC.finditer(form) if not found[1]]
    if any(found[3] is not None for found in specs):
        return None
    rounds = max(1, -(-len(rest) // len(specs))) if specs else 1
    if rounds * len(form) + sum(map(len, rest)) > _LONGEST:
        return None
    arguments = iter(rest)
    return "".join(
        _SPEC.sub(lambda found: "%" if found[1] else next(arguments, ""), unescaped(form))
        for _ in range(rounds)
    )


def _cat(call: Call) -> Value:
    given = options(call.words, frozenset())
    if given.operands and given.operands != ("-",):
        texts = [read(call.machine, path) for path in named(call, given.operands)]
        known = [origin.text for origin in texts if origin]
        return "".join(known) if known and len(known) == len(given.operands) else None
    return call.executed.input


_PRINTERS: dict[str, Callable[[Call], Value]] = {"echo": _echo, "printf": _printf, "cat": _cat}


def printing(_call: Call) -> None:
    """``echo`` and the like: what they print is asked for where it goes to a file."""


def tee(call: Call) -> None:
    given = options(call.words, frozenset())
    appended = given.has("-a", "--append")
    for path in named(call, given.operands):
        if not path.startswith(_NOWHERE):
            write(call, path, call.executed.input, appended=appended)


def sed(call: Call) -> None:
    """``sed -i``: the content is another now, known only where carriage returns go."""
    flags = [word for word in call.words if word.startswith(("-i", "--in-place"))]
    rest = [word for word in call.words if word not in flags]
    given = options(rest, _SED)
    clustered = any(re.fullmatch(r"-[nErsuz]+i\S*", word) for word in call.words)
    if not flags and not clustered:
        return
    scripts, operands = given.all("-e", "--expression"), given.operands
    if not scripts and not given.has("-f", "--file"):
        scripts, operands = operands[:1], operands[1:]
    change = _without_returns if _drops_returns(scripts) else _unknown
    _rewrite(call, operands, change)


def _drops_returns(scripts: tuple[str, ...]) -> bool:
    return len(scripts) == 1 and _NO_CARRIAGE_RETURNS.fullmatch(scripts[0]) is not None


def dos2unix(call: Call) -> None:
    given = options(call.words, frozenset({"-c", "--convmode"}))
    _rewrite(call, given.operands, _without_returns)


def _without_returns(text: str) -> Value:
    return text.replace("\r\n", "\n").removesuffix("\r")


def _unknown(_text: str) -> Value:
    return None


def _rewrite(call: Call, operands: tuple[str, ...], change: Callable[[str], Value]) -> None:
    """Change files in place. One that cannot be known may be any script around."""
    for operand in operands or ("$",):
        paths = list(named(call, [operand]))
        if call.path(operand) is None:
            paths, change = _scripts(call), _unknown
        for path in paths:
            entry = call.machine.files.lookup(path).entry
            if entry is not None and not entry.directory:
                _replace_text(call, entry, path, change)


def _replace_text(call: Call, entry: Entry, path: str, change: Callable[[str], Value]) -> None:
    before = read(call.machine, path)
    text = change(before.text) if before else None
    place = Place(before.file, before.line) if before else entry.place
    changed = replace(
        entry, path=entry.link or path, link=None, source=None, text=text, place=place
    )
    call.machine.files.make(changed)


def _scripts(call: Call) -> list[str]:
    return [path for path in below(call, call.cwd or "/") if path.endswith(".sh")]


TOOLS: dict[str, Callable[[Call], None]] = {
    "echo": printing, "printf": printing, "cat": printing, "tee": tee, "sed": sed,
    **dict.fromkeys(("dos2unix", "fromdos"), dos2unix),
}  # fmt: skip
