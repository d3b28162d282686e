"""Values of the state as JSON, and back: what the annotations of the frozen classes say."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from pipeline.local_cloud_run.values import Json

_PLAIN = (str, int, bool)


class MismatchError(ValueError):
    """JSON that is not what a type would have been written as."""


class Coder(NamedTuple):
    """To JSON, and from it; the latter raises MismatchError."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


@cache
def coder(kind: Any) -> Coder:
    """How values of a type are written. The name of a class tells one of a union from another."""
    if kind is datetime:
        return Coder(datetime.isoformat, lambda raw: _moment(_plain(str, raw)))
    if kind in _PLAIN:
        return Coder(lambda value: value, lambda raw: _plain(kind, raw))
    if kind == Json:
        return Coder(lambda value: value, lambda raw: _plain(dict, raw))
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return _one_of(of)
    if origin is tuple:
        return _several(coder(of[0]))
    if origin is Mapping and of[0] is str:
        return _mapping(coder(of[1]))
    if issubclass(kind, Enum):
        return Coder(lambda value: value.name, lambda raw: _named(kind, _plain(str, raw)))
    return _fields(kind)


def _plain(kind: type, raw: Any) -> Any:
    if type(raw) is not kind:
        raise MismatchError(f"{kind.__name__} was expected, not {type(raw).__name__}")
    return raw


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise MismatchError("a time with its zone was expected")
    return moment


def _named(kind: type[Enum], name: str) -> Enum:
    try:
        return kind[name]
    except KeyError:
        raise MismatchError(f"there is no {kind.__name__} {name[:40]!r}") from None


def _one_of(kinds: tuple[Any, ...]) -> Coder:
    """None is null; where one other type is left it is written as it is, else under its name."""
    coders = {kind.__name__: coder(kind) for kind in kinds if kind is not types.NoneType}
    is_optional = types.NoneType in kinds
    if len(coders) == 1:
        ((_, only),) = coders.items()
        return Coder(
            lambda value: None if value is None else only.encode(value),
            lambda raw: None if raw is None else only.decode(raw),
        )

    def encode(value: Any) -> Any:
        name = type(value).__name__
        return None if value is None else {name: coders[name].encode(value)}

    def decode(raw: Any) -> Any:
        if raw is None and is_optional:
            return None
        if not isinstance(raw, dict) or len(raw) != 1 or not raw.keys() <= coders.keys():
            raise MismatchError(f"one of {', '.join(coders)} was expected")
        ((name, held),) = raw.items()
        return coders[name].decode(held)

    return Coder(encode, decode)


def _several(each: Coder) -> Coder:
    return Coder(
        lambda value: [each.encode(one) for one in value],
        lambda raw: tuple(each.decode(one) for one in _plain(list, raw)),
    )


def _mapping(each: Coder) -> Coder:
    return Coder(
        lambda value: {name: each.encode(one) for name, one in value.items()},
        lambda raw: {name: each.decode(one) for name, one in _plain(dict, raw).items()},
    )


def _fields(kind: Any) -> Coder:
    """A dataclass or a named tuple: an object of its fields, all of them."""
    names = [one.name for one in fields(kind)] if is_dataclass(kind) else list(kind._fields)
    hints = typing.get_type_hints(kind)
    coders = {name: coder(hints[name]) for name in names}

    def encode(value: Any) -> Json:
        return {name: each.encode(getattr(value, name)) for name, each in coders.items()}

    def decode(raw: Any) -> Any:
        if _plain(dict, raw).keys() != coders.keys():
            raise MismatchError(f"the fields are not those of {kind.__name__}")
        return kind(**{name: each.decode(raw[name]) for name, each in coders.items()})

    return Coder(encode, decode)
