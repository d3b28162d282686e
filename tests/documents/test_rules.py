"""The pages of the rules are current, and every one is whole."""

from __future__ import annotations

from pipeline.dockerfile import ids
from pipeline.dockerfile.pages import page
from pipeline.dockerfile.rules import RULES
from pipeline.dockerfile.rules.rule import Rule, Severity
from tests.documents.rules import FOLDER, pages

RULE = Rule(
    "S05", "a | b", Severity.WARNING, "it is slow", "timeout!", "do it before",
    {"Dockerfile": "FROM a\n", "a/run.sh": "# ```\n"}, {"Dockerfile.web": "FROM b\n"},
    lambda build: (),
)  # fmt: skip


def test_the_pages_are_current() -> None:
    """If not: python -m tests.documents.rules"""
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*")}

    assert written == pages()


def test_every_rule_has_an_id_that_comments_and_configuration_take() -> None:
    named = [rule.id for rule in RULES]

    assert named == sorted(set(named), key=ids.OWN.index)


def test_a_page_tells_all_there_is_to_tell() -> None:
    text = page(RULE)

    for part in (
        "# S05: a | b\n\nIt is slow.\n", "Severity: warning:", "```text\ntimeout!\n```",
        "## Bad\n\n`Dockerfile`\n\n```dockerfile\nFROM a\n```\n\n`a/run.sh`\n\n````sh\n# ```\n````",
        "## Good\n\n`Dockerfile.web`\n\n```dockerfile\nFROM b\n```", "## Fix\n\nDo it before.\n",
        "# pipeline: ignore=S05 reason", "- rule: S05",
    ):  # fmt: skip
        assert part in text


def test_the_list_names_every_page() -> None:
    made = pages([RULE])

    assert list(made) == ["README.md", "S05.md"]
    assert made["README.md"].endswith("| [S05](S05.md) | warning | a \\| b |\n")
