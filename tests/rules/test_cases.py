"""Every rule over its own cases: the bad are found where they are, the healthy are not."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.rules import RULES
from pipeline.dockerfile.rules.rule import Rule, Severity
from pipeline.dockerfile.syntax.parser import parse
from tests.rules.cases import Case, cases

CASES = list(cases())
BAD, HEALTHY = [one for one in CASES if one.bad], [one for one in CASES if not one.bad]
BY_ID = {rule.id: rule for rule in RULES}
AT_LEAST = 4


def found(rule: Rule, context: BuildContext, text: str) -> list[tuple[str, str, int, Severity]]:
    """What one rule finds: its id, file, line, severity."""
    build = interpret(parse(text), context, file="Dockerfile")
    assert build is not None
    return [
        (rule.id, fault.place.file, fault.place.line, fault.severity or rule.severity)
        for fault in rule.find(build)
    ]


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_mistake_is_found_where_it_is(case: Case) -> None:
    faults = found(BY_ID[case.rule], case.context, case.files["Dockerfile"])
    places = {fault[:3] for fault in faults}
    assert case.expected, "a bad case says what is to be found"
    assert case.expected <= places


@pytest.mark.parametrize("case", HEALTHY, ids=str)
def test_a_healthy_look_alike_is_not_accused(case: Case) -> None:
    assert found(BY_ID[case.rule], case.context, case.files["Dockerfile"]) == []
    errors = [
        fault
        for rule in RULES
        for fault in found(rule, case.context, case.files["Dockerfile"])
        if fault[3] is Severity.ERROR
    ]
    assert errors == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_cases_enough(rule: Rule) -> None:
    assert Counter(case.rule for case in BAD)[rule.id] >= AT_LEAST
    assert Counter(case.rule for case in HEALTHY)[rule.id] >= AT_LEAST


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_examples_of_a_rule_are_what_they_say(rule: Rule) -> None:
    assert found(rule, BuildContext.of(rule.bad), rule.bad["Dockerfile"])
    assert found(rule, BuildContext.of(rule.good), rule.good["Dockerfile"]) == []


def test_the_rules_are_all_there() -> None:
    assert [rule.id for rule in RULES] == [*(f"S{n:02}" for n in range(1, 24)), "D01"]
