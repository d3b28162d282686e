"""Calls of gcloud in scripts, Makefiles, ``package.json`` and the files of CI systems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import yaml

from pipeline.dockerfile.projects.configs import procfile
from pipeline.dockerfile.projects.node import package_json, script_line
from pipeline.dockerfile.projects.python_calls import calls as python_calls
from pipeline.dockerfile.shell import nodes
from pipeline.dockerfile.shell.executed import Argument, Shell
from pipeline.dockerfile.shell.parsing import parse
from pipeline.dockerfile.shell.running import run
from pipeline.dockerfile.shell.wrappers import unwrapped

LONGEST = 100_000
_TEMPLATE = re.compile(r"\$\{\{[^}\n]{0,300}\}\}|\{\{[^}\n]{0,300}\}\}|<%[^%\n]{0,300}%>")
_MADE = re.compile(r"\$\$|\$\(([A-Za-z_]\w*)\)")
_SET = re.compile(r"(?:export )?([A-Za-z_]\w*)[ \t]*[:?+]{0,2}=([^\"`\\\\\n]*)")
_COMPUTED = re.compile(r"\$\([^()]*\)")
_FILLED = re.compile(r"\b(\w+)\+?=\(([^()]{0,2000})\)")
_ARRAY = re.compile(r"\$\{(\w+)\[[@*]\]\}")
_QUOTED = re.compile(r"('{3}|\"{3}|'|\")([^'\"]*+)\1")
_ENGINES = frozenset({"docker", "podman", "nerdctl"})
_TRACKS = frozenset({"alpha", "beta", "preview"})
_GROUPS = ("run services update-traffic", "run services update", "run deploy")
_MOST_FUNCTIONS, _MOST_CALLS, _MOST_ITEMS = 100, 100, 100
_ACTION = "google-github-actions/deploy-cloudrun"
_OTHERWISE = frozenset({"revision_traffic", "tag_traffic", "metadata", "job"})


@dataclass(frozen=True)
class Call:
    """One call: ``command`` without ``gcloud``, its flags, and the lines that it stands in."""

    command: str
    flags: tuple[str, ...]
    first: int
    last: int

    def line_of(self, flag: str, lines: Sequence[str]) -> int:
        """The line that a flag is written on."""
        plain = re.compile(rf"(?<![\w-]){re.escape(flag)}(?![\w-])")
        for number in range(self.first, min(self.last, len(lines)) + 1):
            if plain.search(lines[number - 1]):
                return number
        return self.first


def calls(text: str, file: str) -> Iterator[Call]:
    """The first calls in a file; what it is, its name says."""
    name = file.rsplit("/", 1)[-1]
    if ("gcloud" in text or _ACTION in text) and len(text) <= LONGEST:
        found = next((read for names, read in _READERS if names.fullmatch(name)), _of_script)
        yield from islice(found(text), _MOST_CALLS)


def _of_script(text: str) -> Iterator[Call]:
    yield from _of_shell(text, 1)


def _of_package(text: str) -> Iterator[Call]:
    package = package_json(text)
    for script, command in package.scripts.items() if package else ():
        yield from _of_shell(command, script_line(text, script))


def _of_procfile(text: str) -> Iterator[Call]:
    for process in procfile(text):
        yield from _of_shell(process.command, process.line)


def _of_makefile(text: str) -> Iterator[Call]:
    yield from _of_shell(_recipes(text), 1)


def _of_jenkinsfile(text: str) -> Iterator[Call]:
    for found in _QUOTED.finditer(text):
        yield from _of_shell(found[2], text.count("\n", 0, found.start(2)) + 1)


def _recipes(text: str) -> str:
    """The recipes of a Makefile as one script; every line stays where it is."""
    lines = []
    continued = False
    for line in text.split("\n"):
        inside = continued or line.startswith(("\t", "    "))  # justfiles take blanks
        plain = line.lstrip("\t ") if continued else line.lstrip("\t @-+")
        variable = _SET.fullmatch(line) if not inside else None
        text = f'{variable[1]}="{_value(variable[2])}"' if variable else ""
        lines.append(_MADE.sub(_shelled, plain) if inside else text)
        continued = inside and line.endswith("\\")
    return "\n".join(lines)


def _value(written: str) -> str:
    """What a variable of a Makefile is worth; what make computes is some word."""
    return _COMPUTED.sub("x", _MADE.sub(_shelled, written.strip()))


def _shelled(found: re.Match[str]) -> str:
    return "$" if found[1] is None else f"${{{found[1]}}}"


def _of_shell(text: str, line: int, last: int = 0) -> Iterator[Call]:
    """The calls of a script that begins on ``line``; ``last``: where lines do not count."""
    if "gcloud" not in text or len(text) > LONGEST:
        return
    plain = _TEMPLATE.sub(lambda found: "x" * len(found[0]), text)
    arrays = {found[1]: found[2] for found in _FILLED.finditer(plain)}
    more = "".join(f"\n{name}" for name in _functions(parse(plain)))
    for given in run(plain + more, Shell(None, open=True)):
        executed = unwrapped(given)[0]
        words = [word for one in executed.argv for word in _words(one, arrays)]
        if executed.name in _ENGINES and "gcloud" in words:
            words = words[words.index("gcloud") :]
        elif executed.name != "gcloud":
            continue
        first = line if last else line + plain.count("\n", 0, given.start)
        end = last or line + plain.count("\n", 0, given.end)
        yield from _call(words[1:], first, end)


def _words(one: Argument, arrays: Mapping[str, str]) -> list[str]:
    """An argument; for an array that the script fills, its items."""
    array = _ARRAY.fullmatch(one.text) if one.value is None else None
    if array is not None:
        return [word.strip("\"'") for word in arrays.get(array[1], "").split()[:_MOST_ITEMS]]
    return ["$" if one.value is None and "$" in one.text.partition("=")[0] else one.text]


def _of_python(text: str) -> Iterator[Call]:
    """Lists of words that a program is started with."""
    for call in python_calls(text) or ():
        for value in call.arguments:
            items = value if isinstance(value, tuple) else ()
            words = [word if isinstance(word, str) else "$" for word in items]
            if words[:1] == ["gcloud"]:
                yield from _call(words[1:], call.line, call.line + len(words))
            elif isinstance(value, str) and "gcloud" in value:
                yield from _of_shell(value, call.line, call.line)


def _functions(script: nodes.Sequence) -> list[str]:
    """The functions of a script, so that those are seen that only another file calls."""
    members = (member.node for member in script.members)
    names = [one.name for one in members if isinstance(one, nodes.Function)]
    return names[:_MOST_FUNCTIONS]


def _call(words: Sequence[str], first: int, last: int) -> Iterator[Call]:
    """``run deploy …`` and its sisters; other commands have flags of their own."""
    start = words.index("run") if "run" in words[:8] else 0
    operands = [word for word in words[start:] if word[:1] != "-" and word not in _TRACKS]
    group = next((one for one in _GROUPS if operands[: one.count(" ") + 1] == one.split()), None)
    if group is not None:
        end = words.index("--") if "--" in words else len(words)
        flags = (word.partition("=")[0] for word in words[:end] if word.startswith("--"))
        plain = (flag for flag in flags if "$" not in flag)
        yield Call(group, tuple(islice(plain, _MOST_ITEMS)), first, last)


def _of_yaml(text: str) -> Iterator[Call]:
    if len(text) > LONGEST:
        return
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    waiting: list[yaml.Node] = [one for one in reversed(documents) if one is not None]
    done: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in done:
            continue
        done.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield from _scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            yield from _mapping(node)
            waiting += [value for _, value in reversed(node.value)]


def _scalar(node: yaml.ScalarNode) -> Iterator[Call]:
    first, last = node.start_mark.line + 1, node.end_mark.line + 1
    if node.style == "|":
        yield from _of_shell(node.value, first + 1)
    else:
        yield from _of_shell(node.value, first, last)


def _mapping(node: yaml.MappingNode) -> Iterator[Call]:
    """A step of Cloud Build, whose words are a list; the action that deploys."""
    entries = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    args, uses = entries.get("args"), entries.get("uses")
    if isinstance(args, yaml.SequenceNode) and _runs_gcloud(entries):
        words = [one.value for one in args.value if isinstance(one, yaml.ScalarNode)]
        words = words[1:] if words[:1] == ["gcloud"] else words
        first = args.value[0].start_mark.line + 1 if args.value else 1
        yield from _call(words, first, args.end_mark.line + 1)
    elif isinstance(uses, yaml.ScalarNode) and uses.value.startswith(_ACTION):
        yield from _action(entries.get("with"))


def _runs_gcloud(entries: dict[str, yaml.Node]) -> bool:
    said = {key: str(entries[key].value) for key in ("name", "entrypoint") if key in entries}
    if "entrypoint" in said:
        return said["entrypoint"].rsplit("/", 1)[-1] == "gcloud"
    return "gcloud" in said.get("name", "") or "cloud-sdk" in said.get("name", "")


def _action(given: yaml.Node | None) -> Iterator[Call]:
    if not isinstance(given, yaml.MappingNode):
        return
    entries = {key.value: value for key, value in given.value if isinstance(key, yaml.ScalarNode)}
    flags = entries.get("flags")
    if isinstance(flags, yaml.ScalarNode) and not _OTHERWISE & entries.keys():
        words = ("run", "deploy", *flags.value.split())
        yield from _call(words, flags.start_mark.line + 1, flags.end_mark.line + 1)


_READERS: tuple[tuple[re.Pattern[str], Callable[[str], Iterator[Call]]], ...] = (
    (re.compile(r"package\.json"), _of_package),
    (re.compile(r".*\.(?:ya?ml|json)"), _of_yaml),
    (re.compile(r"(?:GNUm|[Mm])akefile|[Jj]ustfile|.*\.mk"), _of_makefile),
    (re.compile(r".*\.py"), _of_python),
    (re.compile(r"Jenkinsfile"), _of_jenkinsfile),
    (re.compile(r"Procfile.*"), _of_procfile),
)
