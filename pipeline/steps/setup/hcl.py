"""Terraform's language, as far as it is written here: blocks with their arguments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Expression:
    """What stands without quotes, such as ``local.project``."""

    text: str


Value: TypeAlias = "str | Expression | Mapping[str, Value]"


def block(head: str, arguments: Mapping[str, Value]) -> str:
    """``head`` is such as ``resource "kind" "name"``; a mapping among the arguments is a block."""
    return "\n".join(_block(head, arguments)) + "\n"


def resource(kind: str, name: str, arguments: Mapping[str, Value]) -> str:
    return block(f'resource "{kind}" "{name}"', arguments)


def quoted(text: str) -> str:
    """A string; a template in it is no template."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    return json.dumps(escaped, ensure_ascii=False)


def set_of(values: Iterable[str]) -> Expression:
    return Expression(f"toset([{', '.join(map(quoted, values))}])")


def _block(head: str, arguments: Mapping[str, Value]) -> Iterator[str]:
    yield f"{head} {{"
    plain = [name for name, value in arguments.items() if not isinstance(value, Mapping)]
    width = max(map(len, plain), default=0)
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from (f"  {line}" for line in _block(name, value))
        else:
            shown = value.text if isinstance(value, Expression) else quoted(value)
            yield f"  {name:{width}} = {shown}"
    yield "}"
