"""The page of a rule, made from the rule: for --explain, for docs/rules/ and for SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.dockerfile.rules.rule import Rule, Severity

_MEANING = {
    Severity.ERROR: "error: certain to fail, so it fails the stage",
    Severity.WARNING: "warning: likely to fail; it is shown, and passes",
    Severity.INFO: "info: a hint; it is shown, and passes",
}


def page(rule: Rule) -> str:
    """The rule in Markdown: why, what people met, bad, good, the fix, how to suppress it."""
    return "\n".join(_lines(rule)) + "\n"


def _lines(rule: Rule) -> Iterator[str]:
    yield f"# {rule.id}: {rule.title}\n\n{_sentence(rule.why)}\n"
    yield f"Severity: {_MEANING[rule.severity]}.\n"
    yield f"What people met:\n\n{_block(rule.met, 'text')}\n"
    yield f"## Bad\n\n{_files(rule.bad)}\n"
    yield f"## Good\n\n{_files(rule.good)}\n"
    yield f"## Fix\n\n{_sentence(rule.fix)}\n"
    comment = _block(f"# pipeline: ignore={rule.id} reason", "dockerfile")
    yield f"## Suppress\n\nOn the line above:\n\n{comment}\n"
    example = f"lint:\n  ignore:\n    - rule: {rule.id}\n      reason: why it does not matter here"
    yield f"Or in `pipeline.yaml`:\n\n{_block(example, 'yaml')}"


def _files(files: Mapping[str, str]) -> str:
    return "\n\n".join(
        f"`{path}`\n\n{_block(text, _language(path))}" for path, text in files.items()
    )


def _block(text: str, language: str) -> str:
    """A fenced block; the fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _language(path: str) -> str:
    name = path.rpartition("/")[2]
    if "Dockerfile" in name:
        return "dockerfile"
    ending = name.rpartition(".")[2] if "." in name else "text"
    known = {"py": "python", "sh": "sh", "json": "json", "ts": "ts", "js": "js", "toml": "toml"}
    return known.get(ending, "text")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
