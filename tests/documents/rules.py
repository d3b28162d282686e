"""The pages of lint's rules, made from the rules themselves.

python -m tests.documents.rules    # writes docs/rules/
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.dockerfile.pages import page
from pipeline.dockerfile.rules import RULES
from pipeline.dockerfile.rules.rule import Rule
from tests.documents.exit_codes import ROOT

FOLDER = ROOT / "docs/rules"

_HEAD = """\
# Rules of lint

What [lint](../stages/lint.md) finds by itself, beside hadolint. An error is certain to fail, and
fails the stage; a warning is likely to; info is a hint. `python -m pipeline lint --explain S02`
prints a page.

| rule | severity | finds |
|---|---|---|
"""


def pages(rules: Sequence[Rule] = RULES) -> dict[str, str]:
    """Every file of the folder: its name and its text."""
    rows = "".join(
        f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {_cell(rule.title)} |\n" for rule in rules
    )
    return {"README.md": _HEAD + rows, **{f"{rule.id}.md": page(rule) for rule in rules}}


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
