"""The operations that Python migrations are made of, read as text: there may be hundreds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUOTED = r"""["'](\w+)["']"""
_POSITIONAL = re.compile(rf"""\s*{_QUOTED}(?:\s*,\s*{_QUOTED})?(?:\s*,\s*{_QUOTED})?""")
_KEYWORD = re.compile(rf"""(?<!\w)(\w+)\s*=\s*{_QUOTED}""")


@dataclass(frozen=True)
class Operation:
    """One call: ``of`` what, which ``verb``; ``text`` goes on up to the next operation."""

    of: str
    verb: str
    text: str

    def named(self, *names: str) -> tuple[str, ...] | None:
        """Parameters that are written out, by name or in this order; None if one is not."""
        given = self.keywords()
        if all(name in given for name in names):
            return tuple(given[name] for name in names)
        found = _POSITIONAL.match(self.text)
        values = [value for value in found.groups() if value] if found else []
        values += [given[name] for name in names[len(values) :] if name in given]
        return tuple(values[: len(names)]) if len(values) >= len(names) else None

    def keywords(self) -> dict[str, str]:
        """Parameters that are given by name; the first of a name counts."""
        found: dict[str, str] = {}
        for key, value in _KEYWORD.findall(self.text):
            found.setdefault(key, value)
        return found


def operations(source: str, call: re.Pattern[str]) -> Iterator[Operation]:
    """The operations in order; ``call`` has groups for what it is of, and for the verb."""
    pieces = call.split(source)
    for at in range(1, len(pieces) - 2, 3):
        yield Operation(pieces[at] or "", pieces[at + 1], pieces[at + 2])
