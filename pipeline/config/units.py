"""Durations, sizes, rates and CPUs: from the way people write them to numbers, and back."""

from __future__ import annotations

import re

from pipeline.config.faults import RuleError

_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
DURATION = rf"^(?=.)(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?$"
SIZE = rf"^{_NUMBER}(Ki|Mi|Gi|Ti|k|M|G|T)$"
RATE = rf"^{_NUMBER}%$"

_FACTORS = {
    "Ti": 1 << 40, "Gi": 1 << 30, "Mi": 1 << 20, "Ki": 1 << 10,
    "T": 10**12, "G": 10**9, "M": 10**6, "k": 10**3,
}  # fmt: skip
_WHOLE_CPUS = (1, 2, 4, 6, 8)


def duration(value: object) -> float:
    """Seconds: ``10s``, ``5m``, ``1h30m``, ``500ms``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RuleError(
            "a duration needs a unit",
            f"Write {value}s for seconds; the units are ms, s, m and h",
        )
    match = re.fullmatch(DURATION, value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise RuleError(
            f"{show(value)} is not a duration", "Write one such as 500ms, 10s, 5m or 1h30m"
        )
    hours, minutes, seconds, thousandths = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def duration_text(seconds: float) -> str:
    """The shortest spelling that ``duration`` reads back, to the millisecond."""
    rest = round(seconds * 1000)
    text = ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        whole, rest = divmod(rest, size)
        text += f"{whole}{unit}" if whole else ""
    return text or "0s"


def size(value: object) -> int:
    """Bytes: ``512Mi``, ``1Gi`` (powers of 1024), ``1G`` (powers of 1000)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RuleError(
            "a size needs a unit", f"Write {value}Mi for mebibytes, or {value}Gi for gibibytes"
        )
    match = re.fullmatch(SIZE, value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise RuleError(f"{show(value)} is not a size", "Write one such as 512Mi or 1Gi")
    return round(float(match[1]) * _FACTORS[match[2]])


def size_text(count: int) -> str:
    """Bytes in the largest unit that divides them; ``size`` reads it back from a kibibyte up."""
    unit = next((unit for unit in ("Ti", "Gi", "Mi", "Ki") if count % _FACTORS[unit] == 0), "")
    return f"{count // _FACTORS[unit]}{unit}" if unit else str(count)


def rate(value: object) -> float:
    """A fraction from 0 to 1: ``1%``, ``0.5%``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RuleError("a rate needs a percent sign", f"Write {value}% if that is what you mean")
    match = re.fullmatch(RATE, value, re.ASCII) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise RuleError(
            f"{show(value)} is not a rate", "Write one from 0% to 100%, such as 1% or 0.5%"
        )
    return float(match[1]) / 100


def cpu(value: object) -> float:
    """CPUs of one instance. Source: Cloud Run's documentation, "Configure CPU limits"."""
    text = str(value) if isinstance(value, int | float | str) else ""
    number = float(text) if re.fullmatch(_NUMBER, text, re.ASCII) else 0.0
    if number in _WHOLE_CPUS or 0.08 <= number < 1:
        return number
    raise RuleError(
        f"{show(value)} is no number of CPUs that Cloud Run gives",
        "Write 1, 2, 4, 6 or 8, or a fraction from 0.08 to 1",
    )


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def show(value: object) -> str:
    """A value as it is quoted in a message: short, or only what it is."""
    if isinstance(value, str):
        short = value if len(value) <= 40 else f"{value[:40]}…"
        return f"'{short}'"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.40}" if isinstance(value, float) else str(value)
    return kind(value)


def kind(value: object) -> str:
    """What YAML read, in words."""
    if value is None:
        return "nothing"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a decimal number",
        str: "text",
        list: "a list",
    }
    return names.get(type(value), "a mapping")
