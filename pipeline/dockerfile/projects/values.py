"""What an expression in a source is worth, as far as reading it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TEXT_LIMIT = 10_000  # characters of text put together
ITEM_LIMIT = 300  # of a list, a tuple or a table


class Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True)
class Env:
    """An environment variable, and what stands in for it; ``required``: its absence raises."""

    name: str
    default: Value = None
    required: bool = False


@dataclass(frozen=True)
class Joined:
    """Text of which not all parts are known here."""

    parts: tuple[Value, ...]


Value = (
    str | int | float | None | Env | Joined | Unknown | tuple["Value", ...] | Mapping[str, "Value"]
)


def joined(parts: tuple[Value, ...]) -> Value:
    """The text that the parts make: a string where all of them are plain."""
    flat: list[Value] = [""]
    for part in parts:
        for piece in part.parts if isinstance(part, Joined) else (part,):
            if isinstance(piece, Unknown | Env):
                flat += [piece, ""]
            elif isinstance(piece, str | int | float) and len(str(flat[-1])) < TEXT_LIMIT:
                flat[-1] = f"{flat[-1]}{piece}"
            else:
                return UNKNOWN
    if len(flat) == 1:
        return flat[0]
    return Joined(tuple(piece for piece in flat if piece != ""))


def otherwise(value: Value, default: Value) -> Value:
    """``value or default``."""
    if isinstance(value, Env):
        return Env(value.name, otherwise(value.default, default))
    if isinstance(value, Unknown | Joined):
        return UNKNOWN
    return value or default


def below(folder: Value, names: tuple[Value, ...]) -> Value:
    """A path below a folder that the environment names."""
    if not all(isinstance(name, str) and not name.startswith("/") for name in names):
        return UNKNOWN
    return joined((folder, *(f"/{name}" for name in names)))


def divided(value: Value, at: str) -> Value:
    """``value.split(at)``; of a variable as it would be with its default."""
    match value:
        case str() if at and value.count(at) < ITEM_LIMIT:
            return tuple(value.split(at))
        case Env():
            default = value.default if value.default is None else divided(value.default, at)
            return Env(value.name, default, value.required)
        case _:
            return UNKNOWN


def settled(value: Value, environment: Mapping[str, str]) -> Value:
    """The value with these variables set and all others absent; UNKNOWN where it stays so."""
    match value:
        case Env():
            known = environment.get(value.name)
            if known is not None:
                return known
            return UNKNOWN if value.required else settled(value.default, environment)
        case Joined():
            whole = joined(tuple(settled(part, environment) for part in value.parts))
            return UNKNOWN if isinstance(whole, Joined) else whole
        case _:
            return value


@dataclass(frozen=True)
class Call:
    """A call in a source.

    ``callee`` is dotted, with imported names spelled out; it starts with a dot where the method is
    of a value without a name. ``receiver`` is the callee of the call that made the object
    (``app.run`` of ``app = Flask()``: ``flask.Flask``), empty where unknown; ``owner`` is what the
    object is worth. ``**`` among the keywords (``...`` in JavaScript) stands for others, not named
    here. ``guards`` say what has to hold for the call to run, as with imports.
    """

    callee: str
    arguments: tuple[Value, ...]
    keywords: Mapping[str, Value]
    line: int
    column: int
    receiver: str = ""
    owner: Value = UNKNOWN
    guards: tuple[str, ...] = ()
