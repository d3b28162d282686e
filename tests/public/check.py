"""What our rules say of a hundred Dockerfiles of public projects, which build and run.

    python tests/public/check.py FOLDER [PART OF A NAME…]

Fetches each repository of ``dockerfiles.csv`` at its commit from GitHub into FOLDER (about 1 GB in
all; what is there is not fetched again), lints the Dockerfile in its context, and prints every
error and warning of our own rules. Every error is to be looked at: these files work.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.dockerfile.context import open_context  # noqa: E402 - after the path
from pipeline.dockerfile.lint import Found, Settings, examine  # noqa: E402
from pipeline.dockerfile.rules.rule import Severity  # noqa: E402
from pipeline.dockerfile.syntax.parser import decode, parse  # noqa: E402

LIST = Path(__file__).with_name("dockerfiles.csv")


def fetched(folder: Path, repository: str, commit: str) -> Path:
    """The tree of a repository at a commit."""
    tree = folder / repository.replace("/", "+")
    if not tree.exists():
        url = f"https://github.com/{repository}"
        for command in (
            ["git", "init", "--quiet", tree],
            ["git", "-C", tree, "fetch", "--quiet", "--depth", "1", url, commit],
            ["git", "-C", tree, "checkout", "--quiet", "FETCH_HEAD"],
        ):
            subprocess.run(command, check=True)
    return tree


def findings(tree: Path, row: dict[str, str]) -> Iterator[Found]:
    """What our rules find, hints left out."""
    dockerfile = tree / row["path"]
    given = dict(pair.split("=", 1) for pair in row["args"].split())
    examined = examine(
        parse(decode(dockerfile.read_bytes())),
        open_context(tree / row["context"], dockerfile),
        file=row["path"],
        settings=Settings(target=row["target"] or None, args=given),
    )
    return (one for one in examined.found if one.severity is not Severity.INFO)


def main(folder: Path, parts: list[str]) -> None:
    files: Counter[str] = Counter()
    rules: Counter[tuple[str, str]] = Counter()
    with LIST.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not parts or _named(row, parts)]
    for row in rows:
        found = list(findings(fetched(folder, row["repository"], row["commit"]), row))
        if found:
            print(f"{row['repository']}  {row['path']}  {row['note']}")
        for one in found:
            place = f"{one.place.file}:{one.place.line}"
            print(f"    {one.severity:7}  {one.rule}  {place}  {one.message}")
        files.update({str(one.severity) for one in found})
        rules.update((one.rule, str(one.severity)) for one in found)
    print(f"{len(rows)} files; with an error: {files['error']}, a warning: {files['warning']}")
    for (rule, severity), count in sorted(rules.items()):
        print(f"    {rule}  {severity:7}  {count}")


def _named(row: dict[str, str], parts: list[str]) -> bool:
    return any(part in f"{row['repository']}/{row['path']}" for part in parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
