"""The page of the catalogue, made from the catalogue itself.

python -m tests.documents.catalogue > docs/catalogue.md
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline.catalogue import Entry, own_entries

SERIES = {
    "SD": "The Dockerfile and its context",
    "K": "The image, started here",
    "V": "The deployed revision, before traffic",
    "M": "Under traffic",
    "PL": "How people work",
    "X": "Others that users meet",
}
_HEAD = """\
# Known failures

What [diagnose](stages/diagnose.md), and every stage that fails, knows. Each entry has patterns over
what a build, a container, Google or a check says; they are in `pipeline/catalogue/`, the most
specific first. [diagnose](stages/diagnose.md#entries-of-your-own) says how to add your own.
"""


def page(entries: Sequence[Entry]) -> str:
    parts = [_HEAD]
    for letters, title in SERIES.items():
        those = sorted((one for one in entries if one.id[0] in letters), key=lambda one: one.id)
        parts += [f"## {title}\n", *map(_told, those)]
    return "\n".join(parts)


def _told(entry: Entry) -> str:
    rows = [("cause", entry.cause), ("fix", entry.fix), ("prevention", entry.prevention)]
    told = "".join(f"- {name}: {_escaped(text)}\n" for name, text in rows)
    return (
        f"### {entry.id}: {_escaped(entry.title)}\n\nShould be caught by {entry.stage}.\n\n{told}"
    )


def _escaped(text: str) -> str:
    for one in "\\<*_[":
        text = text.replace(one, f"\\{one}")
    return text


if __name__ == "__main__":
    sys.stdout.write(page(own_entries()))
