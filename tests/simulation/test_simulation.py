"""The real stages, disturbed in every way, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.simulation.drawing import MOST_CALLS, MOST_WRITES, plan_of, whens
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.plan import (
    WAY,
    Act,
    Deed,
    Fault,
    Kind,
    Nature,
    Plan,
    Routing,
    Session,
    Start,
)
from tests.simulation.running import Run, simulate

SEEDS, AT_ONCE = 500, 50
ORDERS = ("shift --pause", "shift --abort", "shift --to 25", "rollback", "deploy")


def told(run: Run) -> str:
    return "\n".join([str(run.plan), *run.history, *run.broken])


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_no_seed_breaks_an_invariant(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        run = simulate(plan_of(seed))
        assert not run.broken, f"python -m tests.simulation --seed {seed}\n{told(run)}"


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    kind = draw(st.sampled_from(Kind))
    of_writes = kind is not Kind.STALE and draw(st.booleans())
    call = draw(st.integers(1, MOST_WRITES if of_writes else MOST_CALLS))
    return Fault(call, kind, draw(st.sampled_from(whens(kind))), of_writes=of_writes)


def sessions(commands: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[Session]:
    return st.builds(
        Session,
        commands=commands,
        begins=st.sampled_from([0.0, 5.0, 15.0, 30.0]),
        faults=st.lists(faults(), max_size=2).map(tuple),
        apart=st.booleans(),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """The same plans as of seeds, but drawn so that a failure shrinks to the least of them."""
    first = draw(sessions(st.just(WAY)))
    others = draw(st.lists(sessions(st.sampled_from(ORDERS).map(lambda one: (one,))), max_size=1))
    acts = st.builds(Deed, at=st.sampled_from([1.0, 10.0, 20.0, 30.0]), act=st.sampled_from(Act))
    return Plan(
        sessions=(first, *others),
        start=draw(st.sampled_from([Start.RELEASED, *Start])),
        steps=draw(st.sampled_from([(100,), (50, 100)])),
        deeds=draw(st.lists(acts, max_size=1).map(tuple)),
        natures=draw(st.lists(st.sampled_from(Nature), max_size=1).map(tuple)),
        routing=draw(st.lists(st.sampled_from(Routing), max_size=2).map(tuple)),
        rerun=draw(st.sampled_from(["deploy", "shift"])),
        is_elsewhere=draw(st.booleans()),
        chance=draw(st.integers(0, 999)),
    )


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(plans())
def test_no_plan_breaks_an_invariant(plan: Plan) -> None:
    run = simulate(plan)
    for line in run.history if run.broken else ():
        note(line)
    assert not run.broken


def test_a_run_is_the_same_each_time() -> None:
    assert simulate(plan_of(7)) == simulate(plan_of(7))


def test_a_plan_that_nothing_disturbs_is_a_release() -> None:
    run = simulate(Plan((Session(WAY),)))
    assert not run.broken
    assert sum("== shift: done" in line for line in run.history) == 2  # and that of who comes next


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_planted_fault_is_found(mutant: Mutant) -> None:
    plan = plan_of(mutant.seed)
    with mutant.planted():
        assert simulate(plan).broken
    assert not simulate(plan).broken
