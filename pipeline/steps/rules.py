"""What the rules of lint say of themselves."""

from __future__ import annotations

from pipeline.dockerfile import ids
from pipeline.dockerfile.lint import PARSE
from pipeline.dockerfile.pages import page
from pipeline.dockerfile.rules import RULES
from pipeline.errors import UsageError
from pipeline.model import Finding, RuleHelp
from pipeline.steps.suppressing import RULE as IGNORE

_OTHERS = (
    RuleHelp(PARSE, "the engine refuses the Dockerfile: mend what the message names"),
    RuleHelp(IGNORE, "a suppression without a reason, or with nothing to suppress"),
)


def explanation(rule: str) -> str:
    """The page of a rule, or where it is explained. Raises UsageError if there is no such rule."""
    name = rule.strip().upper()
    pages = {one.id: page(one) for one in RULES}
    pages |= {one.id.upper(): f"{one.id}: {one.title}" for one in _OTHERS}
    text = pages.get(name) or ids.link(name)
    if not text:
        raise UsageError(f"there is no rule {rule!r}", where="--explain", remedy=ids.meant(name))
    return text.rstrip("\n")


def help_for(findings: tuple[Finding, ...]) -> list[RuleHelp]:
    """All rules of ours, and those of others that were found."""
    theirs = sorted({one.rule for one in findings if ids.is_theirs(one.rule)})
    ours = [RuleHelp(one.id, one.title, page(one)) for one in RULES]
    return [*ours, *_OTHERS, *(RuleHelp(one, one, link=ids.link(one)) for one in theirs)]
