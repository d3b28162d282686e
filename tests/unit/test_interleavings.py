"""Whatever fails, is interrupted or changes in between: users meet verified revisions only.

The real stages, on a Cloud Run in memory that is disturbed at every one of its calls in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.context import Context
from pipeline.errors import (
    ChangedMeanwhile,
    NoCandidate,
    NothingToRollBackTo,
    NotVerified,
    PipelineError,
    RevisionFailed,
    ServiceBusy,
    ServiceMissing,
    ShiftFailed,
    VerifyFailed,
)
from pipeline.model import Target, asked_split
from pipeline.release.history import releases_of
from pipeline.stages.deploy import deploy
from pipeline.stages.rollback import rollback
from pipeline.stages.shift import shift
from pipeline.stages.verify import verify
from tests.unit.in_memory import (
    LATEST,
    NOBODY,
    THEIRS,
    Cloud,
    a_context,
    candidate,
    refused,
    run,
    unreachable,
)

WAY = (deploy, verify, shift)
OTHER_IMAGE = "sha256:" + "1" * 64


Stage = Callable[[Context], None]
DISTURBANCES = [
    pytest.param(unreachable, "before", id="not reached"),
    pytest.param(unreachable, "after", id="answer lost"),
    pytest.param(KeyboardInterrupt, "before", id="interrupted before"),
    pytest.param(KeyboardInterrupt, "after", id="interrupted after"),
    pytest.param(refused, "before", id="refused"),
]


class At:
    """Raise once, at the call of this number, before or after its effect."""

    def __init__(self, number: int, when: str, error: Callable[[], BaseException]) -> None:
        self.left, self.when, self.error = number, when, error

    def __call__(self, call: str, when: str) -> None:
        if when == self.when:
            self.left -= 1
            if self.left == 0:
                raise self.error()

    @property
    def happened(self) -> bool:
        return self.left <= 0


@pytest.mark.parametrize(("error", "when"), DISTURBANCES)
@pytest.mark.parametrize("asked", [Target("agents-1", 100), LATEST], ids=["by name", "latest"])
def test_a_deploy_that_is_disturbed_leaves_everything_as_it_was(
    asked: Target, when: str, error: Callable[[], BaseException], cloud: Cloud, tmp_path: Path
) -> None:
    start = replace(cloud.found(), traffic=(asked, THEIRS))
    for number in range(1, 50):
        cloud.store(start)
        cloud.disturb = disturbance = At(number, when, error)
        context = a_context(cloud, tmp_path)
        with suppress(PipelineError, KeyboardInterrupt):
            deploy(context)
            break
        assert cloud.split == {"agents-1": 100}
        assert cloud.tags == {"theirs"}
        assert candidate(cloud) == ""
    assert number > 2
    assert not disturbance.happened


@pytest.mark.parametrize(("error", "when"), DISTURBANCES)
def test_a_shift_that_is_disturbed_is_undone_or_goes_on_from_there(
    when: str, error: Callable[[], BaseException], cloud: Cloud, tmp_path: Path
) -> None:
    run(a_context(cloud, tmp_path), deploy, verify)
    start, new = cloud.found(), candidate(cloud)
    for number in range(1, 50):
        cloud.store(start)
        cloud.disturb = disturbance = At(number, when, error)
        context = a_context(cloud, tmp_path)
        with suppress(PipelineError, KeyboardInterrupt):
            shift(context)
            if not disturbance.happened:  # what only hinders pruning ends no release
                break
        assert cloud.split in ({"agents-1": 100}, {new: 100})
        if candidate(cloud):
            run(context, verify, shift)
        assert cloud.split == {new: 100}
        assert cloud.tags == {"theirs"}
        assert releases_of(cloud.found())[0].revision == new
    assert not disturbance.happened
    assert number > 6
    assert not cloud.met


@pytest.mark.parametrize(("error", "when"), DISTURBANCES)
def test_a_first_release_that_is_disturbed_anywhere_can_be_made_again(
    when: str, error: Callable[[], BaseException], tmp_path: Path
) -> None:
    for number in range(1, 50):
        cloud = Cloud(disturb=At(number, when, error))
        with suppress(PipelineError, KeyboardInterrupt):
            run(a_context(cloud, tmp_path), *WAY)
            break
        if not releases_of(cloud.service or NOBODY):
            run(a_context(cloud, tmp_path), *WAY)
        assert cloud.public
        assert len(cloud.split) == 1
        assert not cloud.met
    assert number > 11


@pytest.mark.parametrize("stage", [deploy, verify, shift])
def test_what_somebody_does_to_traffic_before_any_write_stays(
    stage: Stage, cloud: Cloud, context: Context
) -> None:
    run(context, *WAY[: WAY.index(stage)])
    start, writes = cloud.found(), 0

    for number in range(1, 9):
        cloud.disturb = lambda *_: None
        cloud.store(start)
        left = [number]

        def somebody(call: str, when: str, left: list[int] = left) -> None:
            if (call, when) == ("update", "before"):
                left[0] -= 1
                if left[0] == 0:
                    cloud.ask(Target("agents-old", 100))

        cloud.disturb = somebody
        try:
            stage(context)
        except ChangedMeanwhile:
            writes += 1
            assert cloud.split == {"agents-old": 100}
    assert writes == {deploy: 1, verify: 1, shift: 3}[stage]


def test_a_failing_shift_leaves_alone_what_somebody_did_meanwhile(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    run(context, deploy, verify)
    new = candidate(cloud)
    sleep = context.world.sleep

    def by_hand(seconds: float) -> None:
        sleep(seconds)
        cloud.sick.add(new)
        if "agents-old" not in cloud.split:
            cloud.ask(
                Target("agents-old", 100), Target(new, 0, next(iter(cloud.tags - {"theirs"})))
            )

    object.__setattr__(context, "world", replace(context.world, sleep=by_hand))
    with pytest.raises(ChangedMeanwhile, match="it asks for agents-old 100 % by now, not for"):
        shift(context)

    assert cloud.split == {"agents-old": 100}
    assert "left alone: it serves agents-old 100 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kept", "said"),
    [((), "the tag {tag} is gone"), (("agents-old",), "the tag {tag} points at agents-old by now")],
)
def test_a_tag_that_somebody_took_away_is_no_fault_of_the_candidate(
    kept: tuple[str, ...], said: str, cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    new, (tag,) = candidate(cloud), cloud.tags - {"theirs"}
    sleep = context.world.sleep

    def by_hand(seconds: float) -> None:
        sleep(seconds)
        cloud.sick.update((new, "agents-old"))
        if tag in cloud.tags and new in cloud.split:
            split = [Target(name, percent) for name, percent in cloud.split.items()]
            cloud.ask(*split, *(Target(name, 0, tag) for name in kept))

    object.__setattr__(context, "world", replace(context.world, sleep=by_hand))
    with pytest.raises(ChangedMeanwhile) as caught:
        shift(context)

    assert caught.value.what.startswith(f"{said.format(tag=tag)}; so this says nothing of")
    assert cloud.split == {"agents-1": 100}


def test_a_failure_is_believed_where_the_service_cannot_be_read(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    cloud.sick.add(candidate(cloud))
    gets = []

    def once(call: str, when: str) -> None:
        if (call, when) == ("get", "before"):
            gets.append(call)
            if len(gets) == 2:
                raise unreachable()

    cloud.disturb = once
    with pytest.raises(ShiftFailed):
        shift(context)

    assert cloud.split == {"agents-1": 100}


def test_a_tag_that_was_moved_before_verify_is_said(cloud: Cloud, context: Context) -> None:
    deploy(context)
    (tag,) = cloud.tags - {"theirs"}
    cloud.ask(Target("agents-1", 100), Target("agents-old", 0, tag))

    with pytest.raises(VerifyFailed, match=f"revision: the tag {tag} points at agents-old, not at"):
        verify(context)


def test_a_first_release_that_is_sick_is_replaced_in_private(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Cloud()
    context = a_context(cloud, tmp_path)
    deploy(context)
    first = candidate(cloud)
    cloud.sick.add(first)
    with pytest.raises(VerifyFailed):
        verify(context)

    cloud.broken = True
    with pytest.raises(RevisionFailed):
        deploy(context)
    assert (cloud.split, candidate(cloud)) == ({first: 100}, first)
    cloud.broken = False
    run(context, *WAY)

    assert first not in cloud.split
    assert cloud.public
    assert not cloud.met


def test_a_first_release_does_not_open_what_somebody_else_deployed(tmp_path: Path) -> None:
    cloud = Cloud()
    context = a_context(cloud, tmp_path)
    run(context, deploy, verify)
    cloud.add("by-hand")
    cloud.store(replace(cloud.found(), latest_ready="by-hand"))

    with pytest.raises(NoCandidate, match="by now it serves by-hand 100 %"):
        shift(context)
    assert not cloud.public


def test_nothing_is_deployed_to_users_of_a_service_that_never_served(tmp_path: Path) -> None:
    cloud = Cloud(replace(NOBODY, traffic=(LATEST,)), public=True)

    with pytest.raises(ServiceBusy, match="anybody may call it"):
        deploy(a_context(cloud, tmp_path))
    assert not cloud.held


def test_a_candidate_held_survives_another_that_does_not_start(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    held, tags = candidate(cloud), cloud.tags
    cloud.broken, cloud.image = True, OTHER_IMAGE
    with pytest.raises(RevisionFailed):
        deploy(context)

    assert (candidate(cloud), cloud.tags) == (held, tags)
    shift(context)
    assert cloud.split == {held: 100}


def test_a_candidate_held_gives_way_to_another(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    held = candidate(cloud)
    cloud.image = OTHER_IMAGE
    run(context, *WAY)

    assert held not in cloud.split
    assert cloud.tags == {"theirs"}
    assert not cloud.met


def test_a_candidate_of_the_same_image_is_gone_on_with(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    held = candidate(cloud)
    run(context, *WAY)

    assert cloud.split == {held: 100}
    assert cloud.tags == {"theirs"}


def test_the_tag_of_another_stays_all_the_way_and_back(cloud: Cloud, context: Context) -> None:
    run(context, *WAY, *WAY)
    assert cloud.tags == {"theirs"}
    rollback(context)

    assert cloud.tags == {"theirs"}
    assert THEIRS in cloud.found().traffic


@pytest.mark.parametrize("stage", [verify, shift, rollback])
def test_a_service_that_was_deleted_is_said_to_be(
    stage: Stage, cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    cloud.service = None

    with pytest.raises(ServiceMissing):
        stage(context)


@pytest.mark.parametrize(("stage", "error"), [(verify, VerifyFailed), (shift, NoCandidate)])
def test_a_candidate_that_was_deleted_changes_nothing(
    stage: Stage, error: type[PipelineError], cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    del cloud.held[candidate(cloud)]  # its tag goes with it
    cloud.ask(Target("agents-1", 100))

    with pytest.raises(error):
        stage(context)
    assert cloud.split == {"agents-1": 100}


def test_a_rollback_passes_over_a_release_that_is_gone(cloud: Cloud, context: Context) -> None:
    run(context, *WAY)
    oldest = next(iter(cloud.split))
    run(context, *WAY)
    gone = next(iter(cloud.split))
    run(context, *WAY)
    del cloud.held[gone]
    rollback(context)

    assert cloud.split == {oldest: 100}


def test_a_rollback_names_a_way_out_when_the_named_revision_is_gone(
    cloud: Cloud, tmp_path: Path
) -> None:
    run(a_context(cloud, tmp_path), *WAY)
    back = next(iter(cloud.split))
    run(a_context(cloud, tmp_path), *WAY)

    with pytest.raises(NothingToRollBackTo, match="agents-9 does not exist") as caught:
        rollback(a_context(cloud, tmp_path, to="agents-9"))
    assert caught.value.remedy == f"`nox -s rollback` alone goes back to {back}"


def test_a_shift_refuses_what_nobody_verified(cloud: Cloud, context: Context) -> None:
    deploy(context)

    with pytest.raises(NotVerified):
        shift(context)
    assert cloud.split == {"agents-1": 100}


def test_a_split_that_cloud_run_does_not_take_over_is_taken_back(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    name = candidate(cloud)
    cloud.held[name] = replace(cloud.held[name], ready=False)

    with pytest.raises(ShiftFailed, match="but it serves agents-1 100 %"):
        shift(context)
    assert asked_split(cloud.found()) == cloud.split == {"agents-1": 100}


def test_an_opened_service_is_given_time_to_let_everybody_in(tmp_path: Path) -> None:
    cloud = Cloud()
    context = a_context(cloud, tmp_path)
    run(context, deploy, verify)
    cloud.propagates, began = 60.0, context.world.monotonic()
    shift(context)

    assert cloud.public
    assert context.world.monotonic() - began >= 60
    assert releases_of(cloud.found())


def test_the_log_of_a_revision_that_does_not_start_is_waited_for(
    cloud: Cloud, context: Context
) -> None:
    cloud.broken, cloud.log_lag = True, 20.0
    with pytest.raises(RevisionFailed) as caught:
        deploy(context)

    assert caught.value.lines[0].endswith("wrote this")
    assert caught.value.remedy == "mend what its log says above, then `nox -s deploy`"


def test_a_revision_without_any_log_is_told_in_time(cloud: Cloud, context: Context) -> None:
    cloud.broken, cloud.log_lag = True, 3600.0
    with pytest.raises(RevisionFailed) as caught:
        deploy(context)

    assert caught.value.lines == ()
    assert caught.value.remedy == "mend what Cloud Run says, then `nox -s deploy`"
    assert context.world.monotonic() < 60
