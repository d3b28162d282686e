"""What people do to a release under way, and what a failure is blamed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.context import Context
from pipeline.errors import (
    ChangedMeanwhile,
    ImageRejected,
    NotVerified,
    Paused,
    ServiceBusy,
    ShiftFailed,
    UsageError,
)
from pipeline.model import Outcome
from pipeline.release.candidate import candidate_of
from pipeline.release.lease import Holder, lease_of
from pipeline.release.rejected import rejected_of
from pipeline.stages.deploy import deploy
from pipeline.stages.shift import shift
from pipeline.stages.status import status
from pipeline.stages.verify import verify
from tests.unit.in_memory import Cloud, a_context, candidate, run, unreachable

WAY = (deploy, verify, shift)
OTHER_IMAGE = "sha256:" + "1" * 64
SOMEBODY = Holder("process:elsewhere:7", "ada at a laptop")


def elsewhere(cloud: Cloud, folder: Path, **options: object) -> Context:
    """The same on somebody else's machine."""
    context = a_context(cloud, folder, **options)
    world = replace(context.world, holder=lambda environ: SOMEBODY)
    object.__setattr__(context, "world", world)
    return context


def meanwhile(cloud: Cloud, context: Context, what: Callable[[], None]) -> None:
    """Once half of the traffic is the candidate's, and its step is watched."""
    sleep, done = context.world.sleep, []

    def watched(seconds: float) -> None:
        sleep(seconds)
        if len(cloud.split) == 2 and not done:
            done.append(seconds)
            what()

    object.__setattr__(context, "world", replace(context.world, sleep=watched))


def test_a_verified_first_release_that_was_interrupted_is_what_the_next_goes_beside(
    tmp_path: Path,
) -> None:
    cloud = Cloud()
    context = a_context(cloud, tmp_path)
    run(context, deploy, verify)
    first = candidate(cloud)
    sleep = context.world.sleep

    def stop(seconds: float) -> None:
        sleep(seconds)
        raise KeyboardInterrupt

    object.__setattr__(context, "world", replace(context.world, sleep=stop))
    with pytest.raises(KeyboardInterrupt):
        shift(context)
    assert not cloud.public, "what this run opened is closed again"

    cloud.image = OTHER_IMAGE
    deploy(a_context(cloud, tmp_path))
    assert cloud.split == {first: 100}


def test_a_second_release_is_told_who_is_at_it_and_how_to_end_that(
    cloud: Cloud, context: Context, tmp_path: Path
) -> None:
    run(context, deploy, verify)
    for stage in WAY:
        with pytest.raises(ServiceBusy, match="somebody at a machine, since 2026") as caught:
            stage(elsewhere(cloud, tmp_path))
        assert "`nox -s shift -- --abort` ends the release" in caught.value.remedy
        assert "rollback" not in caught.value.remedy

    shift(elsewhere(cloud, tmp_path, abort=True))
    assert (cloud.split, cloud.tags) == ({"agents-1": 100}, {"theirs"})
    run(elsewhere(cloud, tmp_path), *WAY)


def test_a_lease_is_over_after_its_time(cloud: Cloud, context: Context, tmp_path: Path) -> None:
    run(context, deploy, verify)
    context.world.sleep(1000)

    shift(elsewhere(cloud, tmp_path))
    assert lease_of(cloud.found()) is None


def sick_from_half(cloud: Cloud, context: Context) -> None:
    new = candidate(cloud)
    meanwhile(cloud, context, lambda: cloud.sick.add(new))
    with pytest.raises(ShiftFailed):
        shift(context)
    assert cloud.split == {"agents-1": 100}
    cloud.sick.clear()


def test_what_failed_under_traffic_is_refused_until_somebody_has_a_reason(
    cloud: Cloud, context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(context, deploy, verify)
    sick_from_half(cloud, context)
    (rejected,) = rejected_of(cloud.found())
    assert "503" in rejected.why
    with pytest.raises(NotVerified):
        shift(a_context(cloud, tmp_path))
    with pytest.raises(ImageRejected, match=rejected.revision):
        deploy(a_context(cloud, tmp_path))

    run(a_context(cloud, tmp_path, force="the database was down"), *WAY)
    assert rejected_of(cloud.found()) == ()
    assert "the database was down" in capsys.readouterr().out


def test_an_image_that_served_well_is_not_to_blame(
    cloud: Cloud, context: Context, tmp_path: Path
) -> None:
    run(context, *WAY)
    (good,) = cloud.split
    run(context, deploy, verify)
    new = candidate(cloud)
    meanwhile(cloud, context, lambda: cloud.sick.add(new))
    with pytest.raises(ShiftFailed):
        shift(context)

    assert cloud.split == {good: 100}
    assert rejected_of(cloud.found()) == ()


def test_what_cloud_run_does_not_do_rejects_no_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Cloud(propagates=1000)
    with pytest.raises(ShiftFailed, match="403"):
        run(a_context(cloud, tmp_path), *WAY)

    assert rejected_of(cloud.found()) == ()
    noted = candidate_of(cloud.found())
    assert noted is not None
    assert noted.is_verified
    assert not cloud.public
    assert "private again" in capsys.readouterr().out


def test_what_another_run_of_the_same_release_asked_for_is_not_undone(
    cloud: Cloud, context: Context, tmp_path: Path
) -> None:
    run(context, deploy, verify)
    new = candidate(cloud)

    def asleep() -> None:
        context.world.sleep(2000)
        shift(elsewhere(cloud, tmp_path, to="25"))

    meanwhile(cloud, context, asleep)
    with pytest.raises(ChangedMeanwhile, match="25 %"):
        shift(context)

    assert cloud.split == {"agents-1": 75, new: 25}


def paused_at_half(cloud: Cloud, context: Context, tmp_path: Path) -> None:
    run(context, deploy, verify)
    meanwhile(cloud, context, lambda: shift(elsewhere(cloud, tmp_path, pause=True)))
    with pytest.raises(Paused, match="ada at a laptop paused it"):
        shift(context)
    assert cloud.split == {"agents-1": 50, candidate(cloud): 50}


def test_a_paused_release_waits_until_it_is_resumed(
    cloud: Cloud, context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paused_at_half(cloud, context, tmp_path)
    new = candidate(cloud)
    for stage in (deploy, shift):
        with pytest.raises(Paused):
            stage(a_context(cloud, tmp_path))
    status(a_context(cloud, tmp_path))
    assert "paused by ada at a laptop" in capsys.readouterr().out

    shift(a_context(cloud, tmp_path, resume=True))
    assert cloud.split == {new: 100}


def test_a_failure_outranks_a_pause(cloud: Cloud, context: Context, tmp_path: Path) -> None:
    run(context, deploy, verify)
    new = candidate(cloud)

    def both() -> None:
        shift(elsewhere(cloud, tmp_path, pause=True))
        cloud.sick.add(new)

    meanwhile(cloud, context, both)
    with pytest.raises(ShiftFailed):
        shift(context)
    assert cloud.split == {"agents-1": 100}


def test_a_first_release_is_aborted_into_privacy(tmp_path: Path) -> None:
    cloud = Cloud()
    run(a_context(cloud, tmp_path), deploy, verify)
    first = candidate(cloud)

    shift(elsewhere(cloud, tmp_path, abort=True))

    noted = candidate_of(cloud.found())
    assert noted is not None
    assert (noted.verdict, cloud.public) == (Outcome.FAIL, False)
    cloud.image = OTHER_IMAGE
    run(elsewhere(cloud, tmp_path), *WAY)
    assert first not in cloud.split


def test_a_first_release_has_no_smaller_share(tmp_path: Path) -> None:
    cloud = Cloud()
    run(a_context(cloud, tmp_path), deploy, verify)
    with pytest.raises(UsageError, match="is the first"):
        shift(a_context(cloud, tmp_path, to="25"))


@pytest.mark.parametrize("wrong", ["0", "101", "many", "-1", "1e1", "²"])
def test_a_share_is_a_percentage(wrong: str, cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no percentage"):
        shift(a_context(cloud, tmp_path, to=wrong))


def test_a_share_that_was_asked_for_is_held_and_gone_on_from(
    cloud: Cloud, context: Context, tmp_path: Path
) -> None:
    run(context, deploy, verify)
    new = candidate(cloud)
    shift(a_context(cloud, tmp_path, to="25"))
    assert cloud.split == {"agents-1": 75, new: 25}
    assert lease_of(cloud.found()) is None

    shift(elsewhere(cloud, tmp_path))
    assert cloud.split == {new: 100}


def test_a_failure_is_told_even_if_nothing_can_be_looked_at_afterwards(tmp_path: Path) -> None:
    cloud = Cloud()
    context = a_context(cloud, tmp_path)
    run(context, deploy, verify)
    new, sleep = candidate(cloud), context.world.sleep

    def turn_bad(seconds: float) -> None:
        sleep(seconds)
        if cloud.public:
            cloud.sick.add(new)

    def cut(call: str, when: str) -> None:
        if call == "make_private":
            raise unreachable()

    object.__setattr__(context, "world", replace(context.world, sleep=turn_bad))
    cloud.disturb = cut
    with pytest.raises(ShiftFailed) as caught:
        shift(context)
    assert "could not be looked at: no answer" in caught.value.__notes__[0]
