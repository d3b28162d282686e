"""Undo, then let the first error through: late, out of reach, refused, interrupted, unheard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import pytest

from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    NoCredentials,
    PermissionMissing,
    TrafficUnknown,
)
from pipeline.model import Service, asked_split
from pipeline.stages.deploy import deploy
from pipeline.stages.shift import shift
from pipeline.stages.verify import verify
from tests.unit.in_memory import Cloud, candidate, refused, run, unreachable


def test_a_refused_write_is_told_as_it_is(cloud: Cloud, context: Context) -> None:
    """Nothing was changed, so nothing is undone, and no failed undo hides what to grant."""
    before, calls = cloud.found(), []

    def deny(call: str, when: str) -> None:
        calls.append(call)
        if call == "update":
            raise refused()

    cloud.disturb = deny
    with pytest.raises(PermissionMissing):
        deploy(context)

    assert cloud.found() == before
    assert calls.count("update") == 1


def outage(cloud: Cloud, seconds: float, context: Context) -> None:
    """From the second write on, no call gets through until the time has passed."""
    over: Sequence[float] = ()

    def disturb(call: str, when: str) -> None:
        nonlocal over
        now = context.world.monotonic()
        if (call, when) == ("update", "after") and not over:
            over = (now + seconds,)
        elif over and now < over[0]:
            raise unreachable()

    cloud.disturb = disturb


def test_an_undo_waits_for_the_network(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    outage(cloud, 30, context)

    with pytest.raises(ApiUnreachable):
        shift(context)
    assert cloud.split == {"agents-1": 100}


def test_an_undo_that_cannot_be_made_says_so_and_what_to_do(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    outage(cloud, 3600, context)

    with pytest.raises(TrafficUnknown, match="no answer, and the undo failed too") as caught:
        shift(context)
    assert "`nox -s rollback -- --to agents-1` puts it right" in caught.value.remedy


@pytest.mark.parametrize("stage", [deploy, shift])
def test_an_undo_that_is_written_and_has_no_effect_is_tried_again(
    stage: Callable[[Context], None],
    cloud: Cloud,
    context: Context,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two traffic updates fail, one after the other; after deploy, users' split is right anyway."""
    if stage is shift:
        run(context, deploy, verify)
    asked, failing = len(context.config.traffic.steps) if stage is shift else 1, count(1)
    held: list[Service] = []

    def disturb(call: str, when: str) -> None:
        if call == "update" and when == "before":
            held.append(cloud.found())
        elif call == "update" and asked <= next(failing) <= asked + 1:
            cloud.service = replace(cloud.found(), serving=held[-1].serving)
            raise ApiRefused("Resource readiness deadline exceeded.")

    cloud.disturb = disturb
    with pytest.raises(ApiRefused, match="readiness deadline"):
        stage(context)

    assert len(held) == asked + (2 if stage is shift else 1)
    assert "✓ traffic is as before the release: agents-1 100 %" in capsys.readouterr().out
    assert cloud.split == {"agents-1": 100}
    assert asked_split(cloud.found()) == {"agents-1": 100}


def test_an_interrupted_shift_whose_undo_fails_says_both(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    outage(cloud, 3600, context)
    inner = cloud.disturb

    def disturb(call: str, when: str) -> None:
        if (call, when) == ("update", "after"):
            inner(call, when)
            raise KeyboardInterrupt
        inner(call, when)

    cloud.disturb = disturb
    with pytest.raises(TrafficUnknown, match="it was interrupted, and the undo failed too: no ans"):
        shift(context)


def test_a_quota_that_is_used_up_does_not_stop_an_undo(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    until: list[float] = []

    def quota(call: str, when: str) -> None:
        now = context.world.monotonic()
        if (call, when) == ("update", "before") and cloud.split != {"agents-1": 100}:
            until.append(now + 60)
            if now < until[0]:
                raise ApiRefused("Quota exceeded", remedy="wait")

    cloud.disturb = quota
    with pytest.raises(ApiRefused):
        shift(context)
    assert cloud.split == {"agents-1": 100}


def test_a_second_interruption_leaves_at_once_and_says_what_it_left(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    run(context, deploy, verify)
    calls: list[str] = []

    def interrupt(call: str, when: str) -> None:
        if candidate(cloud) in cloud.split:
            calls.append(call)
            raise KeyboardInterrupt

    cloud.disturb = interrupt
    with pytest.raises(KeyboardInterrupt):
        shift(context)

    assert calls == ["update", "get"]
    said = capsys.readouterr().out
    assert (
        "stopped during the undo: before the release it served agents-1 100 %, and may not now"
        in said
    )
    assert "`nox -s rollback -- --to agents-1` puts it right" in said


def test_an_undo_goes_on_when_nobody_reads_what_it_says(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(context, deploy, verify)

    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(context.report, "doing", gone)
    monkeypatch.setattr(context.report, "step", gone)
    with pytest.raises(BrokenPipeError):
        shift(context)
    assert cloud.split == {"agents-1": 100}


def test_credentials_that_end_in_the_middle_leave_a_shift_to_go_on(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    writes = []

    def expire(call: str, when: str) -> None:
        if (call, when) == ("update", "after"):
            writes.append(call)
        if writes and (call, when) != ("update", "after"):
            raise NoCredentials("the token has expired", remedy="log in")

    cloud.disturb = expire
    with pytest.raises(NoCredentials, match="traffic is left where it is") as caught:
        shift(context)
    assert "`nox -s shift` goes on" in caught.value.remedy
    made = candidate(cloud)
    assert cloud.split == {"agents-1": 50, made: 50}

    cloud.disturb = lambda call, when: None
    context.world.sleep(900)
    run(context, shift)
    assert cloud.split == {made: 100}
