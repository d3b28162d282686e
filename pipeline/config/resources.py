"""What CPUs, memory and concurrency need of each other.

Source: Cloud Run's documentation, "Configure CPU limits" and "Configure memory limits".
"""

from __future__ import annotations

from pipeline.config.faults import RuleError
from pipeline.config.units import size, size_text

_LEAST, _MOST = size("128Mi"), size("32Gi")
_CPUS_FOR_MEMORY_ABOVE = {
    size("24Gi"): 8.0, size("16Gi"): 6.0, size("8Gi"): 4.0,
    size("4Gi"): 2.0, size("1Gi"): 1.0, size("512Mi"): 0.5,
}  # fmt: skip
_MEMORY_FOR_CPUS = {4.0: size("2Gi"), 6.0: size("4Gi"), 8.0: size("4Gi")}


def memory_in_range(memory: int) -> int:
    if _LEAST <= memory <= _MOST:
        return memory
    raise RuleError(f"{size_text(memory)} is out of range", "Write a size from 128Mi to 32Gi")


def memory_fits(memory: int, cpu: float) -> int:
    """``memory`` in bytes, if an instance with so many CPUs can have it."""
    for limit, cpus in _CPUS_FOR_MEMORY_ABOVE.items():
        if memory > limit and cpu < cpus:
            raise RuleError(
                f"{size_text(memory)} needs {cpus:g} CPUs or more, and run.cpu is {cpu:g}",
                f"Write {size_text(limit)} or less, or raise run.cpu to {cpus:g}",
            )
    least = _MEMORY_FOR_CPUS.get(cpu, 0)
    if memory < least:
        raise RuleError(
            f"{cpu:g} CPUs need {size_text(least)} or more, and run.memory is {size_text(memory)}",
            f"Write {size_text(least)}, or lower run.cpu",
        )
    return memory


def concurrency_fits(concurrency: int, cpu: float) -> int:
    if cpu < 1 < concurrency:
        raise RuleError(
            f"{cpu:g} CPUs serve one request at a time, and run.concurrency is {concurrency}",
            "Write 1, or raise run.cpu to 1",
        )
    return concurrency
