"""What lint costs, beside hadolint alone on the same files.

    python tests/benchmarks/lint.py

The files are those of the rules' own cases. Three things in turns: our rules after import, the
whole stage (hadolint included), and hadolint alone; over the file of median size, and over a
thousand. Medians in milliseconds, and how often hadolint's own time each takes.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.__main__ import main  # noqa: E402 - after the path
from pipeline.dockerfile.context import open_context  # noqa: E402
from pipeline.dockerfile.lint import examine  # noqa: E402
from pipeline.dockerfile.syntax.parser import decode, parse  # noqa: E402
from tests.rules.cases import cases  # noqa: E402

MANY = 1_000
TURNS, TURNS_OF_MANY = 15, 3


def write_contexts(folder: Path, number: int) -> list[Path]:
    """``number`` contexts, the cases over and over; returns their Dockerfiles."""
    every = list(cases())
    written = []
    for index in range(number):
        case, root = every[index % len(every)], folder / str(index)
        for name, text in case.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode())
        written.append(root / "Dockerfile")
    return written


def own_rules(file: Path) -> None:
    examine(parse(decode(file.read_bytes())), open_context(file.parent), file=str(file))


def stage(files: list[Path]) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(["lint", "--format", "json", *map(str, files)])


def hadolint(files: list[Path]) -> None:
    program = Path(sys.executable).with_name("hadolint")
    command = [program, "--no-fail", "--format", "json", *files]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def in_turns(turns: int, ways: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The median of each, in milliseconds, one after the other in every turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn:  # the first imports and warms up
                times[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(each) for name, each in times.items()}


def show(title: str, medians: dict[str, float]) -> None:
    print(title)
    for name, median in medians.items():
        print(f"  {name:12} {median:10.1f} ms   {median / medians['hadolint']:5.2f} x hadolint")


def compare() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write_contexts(Path(folder), MANY)
        os.chdir(folder)
        one = sorted(files, key=lambda file: file.stat().st_size)[len(files) // 2]
        show("one file", in_turns(TURNS, {
            "own rules": lambda: own_rules(one),
            "whole stage": lambda: stage([one]),
            "hadolint": lambda: hadolint([one]),
        }))  # fmt: skip
        show(f"{MANY} files", in_turns(TURNS_OF_MANY, {
            "own rules": lambda: [own_rules(file) for file in files] and None,
            "whole stage": lambda: stage(files),
            "hadolint": lambda: hadolint(files),
        }))  # fmt: skip


if __name__ == "__main__":
    compare()
