"""From a file and the environment to a Config, or to one error that names every fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.config import environment
from pipeline.config.faults import Fault, Path, Place, RuleError, config_error, dotted
from pipeline.config.keys import fields_at, meant
from pipeline.config.models import Config, Document
from pipeline.config.reading import Reading, Spot, UnreadableError, read
from pipeline.config.units import kind
from pipeline.errors import ConfigError

_LARGEST = 256 * 1024  # bytes
_MINIMUM = "service, project, region and image"


def load_config(path: FilePath, environ: Mapping[str, str]) -> Config:
    """The configuration in ``path``, under the ``PIPELINE_…`` variables of ``environ``.

    Raises ConfigError, which names every fault with its place, rule and remedy.
    """
    return read_config(_text(_bytes(path), path), path, environ)


def read_config(text: str, path: FilePath, environ: Mapping[str, str]) -> Config:
    """The same of a text that stands in ``path``, or will."""

    def at(line: int, column: int) -> Place:
        return Place(str(path), line, column)

    try:
        document = read(text, at)
    except UnreadableError as unreadable:
        raise config_error([unreadable.fault], path) from unreadable
    if not isinstance(document.value, dict):
        raise config_error([_no_mapping(document, at(1, 1))], path)
    environment.apply(document, environ)
    try:
        valid = Document.model_validate(document.value)
    except ValidationError as error:
        raise config_error([*document.faults, *_faults(error, document)], path) from None
    if document.faults:
        raise config_error(document.faults, path)
    return Config.model_construct(
        **dict(valid),
        file=path.absolute(),
        named=frozenset(_named(document.value)),
        lines={dotted(at): spot.key.line for at, spot in document.spots.items() if spot.key.line},
    )


def _bytes(path: FilePath) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise ConfigError(
            "there is no such file",
            where=str(path),
            remedy=f"write one with {_MINIMUM}, or name another with --config PATH",
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(
            "this is a folder", where=str(path), remedy="name the file in it with --config PATH"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"the file cannot be read: {reason}",
            where=str(path),
            remedy="make it readable, or name another with --config PATH",
        ) from error
    if len(raw) > _LARGEST:
        raise ConfigError(
            f"the file is larger than {_LARGEST // 1024} KiB",
            where=str(path),
            remedy="name the configuration with --config PATH: this is hardly it",
        )
    return raw


def _text(raw: bytes, path: FilePath) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        place = Place(str(path), line, column)
        fault = Fault(place, (), "this is not UTF-8", "Save the file in UTF-8")
        raise config_error([fault], path) from error


def _no_mapping(document: Reading, start: Place) -> Fault:
    if document.value is None:
        return Fault(start, (), "the file is empty", f"Write {_MINIMUM}")
    found = f"the file is {kind(document.value)}, not a mapping"
    return Fault(start, (), found, f"Write one key: value on each line; begin with {_MINIMUM}")


def _named(value: object, path: Path = ()) -> Iterator[str]:
    """The dotted path of every key, those of sections too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield dotted((*path, key))
            yield from _named(inner, (*path, key))


def _faults(error: ValidationError, document: Reading) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        of_key = detail["loc"][-1:] == ("[key]",) and detail["loc"] not in document.spots
        path: Path = detail["loc"][:-1] if of_key else detail["loc"]
        spot = _spot(path, document.spots)
        place = spot.key if of_key or detail["type"] == "extra_forbidden" else spot.value
        rule, remedy = _rule(detail, path)
        yield Fault(place, path, rule, remedy)


def _spot(path: Path, spots: Mapping[Path, Spot]) -> Spot:
    """The nearest place: a key that is missing is missing where its section is."""
    lengths: Iterable[int] = range(len(path), -1, -1)
    return next(spots[path[:length]] for length in lengths if path[:length] in spots)


_MAPPING = ("a mapping", "Write one 'key: value' on each line, indented below it")
_KINDS = {
    "string_type": ("text", "Put it in quotes"),
    "int_type": ("a whole number", "Write digits, without quotes and unit"),
    "bool_type": ("true or false", "Write true or false, without quotes"),
    "tuple_type": ("a list", "Write [a, b], or one '- item' on each line"),
    "model_type": _MAPPING,
    "dict_type": _MAPPING,
}


def _rule(detail: ErrorDetails, path: Path) -> tuple[str, str]:
    """The rule and the remedy for one finding of pydantic's."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "value_error" if isinstance(context["error"], RuleError):
            return context["error"].rule, context["error"].remedy
        case "missing":
            example = fields_at(path[:-1])[str(path[-1])].examples or ["…"]
            return "this key is required", f"Add it, such as {path[-1]}: {example[0]}"
        case "extra_forbidden":
            return "there is no such key", meant(path)
        case "greater_than_equal":
            return "the number is too small", f"Write {context['ge']} or more"
        case "less_than_equal":
            return "the number is too large", f"Write {context['le']} or less"
        case "literal_error":
            return "this is not one of the choices", f"Write {context['expected']}"
    wanted, remedy = _KINDS.get(detail["type"], ("something else", detail["msg"]))
    found = kind(detail["input"])
    if detail["input"] is None:
        return f"there is no value, and it must be {wanted}", "Write a value, or remove the key"
    if isinstance(detail["input"], list | dict) and detail["type"] == "string_type":
        remedy = "Write a single value"
    return f"this must be {wanted}, not {found}", remedy
