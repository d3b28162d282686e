"""Writes whose answers are lost, late or refused: applied once, and never over somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.protobuf import json_format
from google.type import expr_pb2

from pipeline.adapters.cloud_run import Change, CloudRun
from pipeline.adapters.operations import NotSettled
from pipeline.adapters.template import Settings
from pipeline.config import load_config
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    ChangedMeanwhile,
    PermissionMissing,
    PipelineError,
    RevisionFailed,
)
from pipeline.model import Target, live_split
from tests.unit.scripted import NAME, STALE, Scripted

QUOTA = exceptions.TooManyRequests("Quota exceeded for quota metric 'Write requests'")
LOST = [
    exceptions.ServiceUnavailable("The service is currently unavailable."),
    exceptions.GatewayTimeout("Deadline exceeded."),
    exceptions.InternalServerError("Internal error encountered."),
    exceptions.BadGateway("Bad gateway."),
    requests.ConnectionError("Connection reset by peer"),
    requests.ReadTimeout("Read timed out."),
    json_format.ParseError("Expecting value"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
]
HALF = (Target("agents-1", 50), Target("agents-2", 50))
TO_HALF = Change(traffic=HALF, notes={"cloud-run-pipeline/lease": "mine"})
lost = pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)


def serving() -> Scripted:
    cloud = Scripted(
        run_v2.Service(
            name=NAME, etag="1", generation=1, annotations={"theirs": "1"},
            template={"containers": [{"image": "image"}]},
            latest_created_revision=f"{NAME}/revisions/agents-2",
            latest_ready_revision=f"{NAME}/revisions/agents-2",
            traffic=[{"revision": "agents-1", "percent": 100}],
        )
    )  # fmt: skip
    cloud.settle()
    return cloud


@pytest.fixture
def cloud() -> Scripted:
    return serving()


@pytest.fixture
def cloud_run(cloud: Scripted) -> CloudRun:
    return cloud.cloud_run()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "pipeline.yaml"
    path.write_text("service: agents\nproject: my-project\nregion: us-central1\nimage: a/b/c/d\n")
    return Settings("agents-3", "image@sha256:0", load_config(path, {}), {})


def somebody_moves(cloud: Scripted) -> Callable[[], None]:
    def move() -> None:
        assert cloud.now is not None
        cloud.now.traffic = [{"revision": "agents-1", "percent": 70}, {"percent": 30}]
        cloud.now.etag = str(int(cloud.now.etag) + 1)

    return move


@lost
def test_a_write_whose_answer_was_lost_is_sent_once(
    error: Exception, cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.after = [error]
    done = cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 1
    assert live_split(done) == {"agents-1": 50, "agents-2": 50}
    assert done.annotations == {"theirs": "1", "cloud-run-pipeline/lease": "mine"}


@lost
def test_a_write_that_was_not_applied_is_sent_again_after_a_pause(
    error: Exception, cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.before = [error, error]
    cloud_run.update(seen, TO_HALF)

    assert [one.service.etag for one in cloud.sent] == ["1", "1", "1"]
    assert cloud.clock == 7


@pytest.mark.parametrize(
    ("error", "kind"), [(LOST[0], ApiUnreachable), (LOST[2], ApiRefused), (QUOTA, ApiRefused)]
)
def test_a_write_that_fails_again_and_again_ends_with_the_first_error(
    error: Exception, kind: type[PipelineError], cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.before = [error, *[LOST[1]] * 20]
    with pytest.raises(kind) as caught:
        cloud_run.update(seen, TO_HALF)

    assert str(error.message) in caught.value.what  # type: ignore[attr-defined]
    assert len(cloud.sent) == 5
    assert cloud.clock == 52


def test_all_tries_together_end_in_time(cloud: Scripted, cloud_run: CloudRun) -> None:
    seen = cloud_run.get()
    cloud.slow, cloud.before = 20.0, [LOST[1]] * 20
    with pytest.raises(ApiUnreachable):
        cloud_run.update(seen, TO_HALF)

    assert cloud.clock < 180
    assert len(cloud.sent) == 3


def test_a_status_that_moved_costs_no_pause(cloud: Scripted, cloud_run: CloudRun) -> None:
    seen = cloud_run.get()
    cloud.before = [STALE]
    cloud_run.update(seen, TO_HALF)

    assert cloud.clock == 0


def test_the_quota_is_waited_for_without_a_look(cloud: Scripted, cloud_run: CloudRun) -> None:
    seen = cloud_run.get()
    cloud.before, cloud.reads = [QUOTA, QUOTA, QUOTA], [AssertionError("no reading is needed")]
    cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 4
    assert cloud.clock == 22


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.Forbidden("actAs denied"), PermissionMissing),
        (exceptions.BadRequest("spec.traffic.tag"), ApiRefused),
        (exceptions.MethodNotImplemented("Method not found!"), ApiRefused),
    ],
)
def test_what_is_refused_is_not_sent_again(
    error: Exception, kind: type[PipelineError], cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.before = [error]
    with pytest.raises(kind):
        cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 1
    assert cloud.clock == 0


def test_a_first_write_that_is_late_is_not_done_twice(cloud: Scripted, cloud_run: CloudRun) -> None:
    """It arrives just before the second, whose etag is stale then."""
    seen = cloud_run.get()

    def arrives() -> None:
        first = cloud.sent[0]
        cloud.update_service(request=first, timeout=1)

    cloud.before = [LOST[0], arrives]
    done = cloud_run.update(seen, TO_HALF)

    assert live_split(done) == {"agents-1": 50, "agents-2": 50}
    assert done.etag == "2"


def test_a_reading_that_is_older_than_the_write_does_no_harm(
    cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen, old = cloud_run.get(), run_v2.Service(cloud.now)
    new: list[run_v2.Service] = []

    def goes_back() -> None:
        assert cloud.now is not None
        new.append(cloud.now)
        cloud.now = old

    def comes_up() -> None:
        cloud.now = new[0]

    cloud.after, cloud.reads, cloud.before = [LOST[0]], [goes_back], [None, comes_up]
    done = cloud_run.update(seen, TO_HALF)

    assert live_split(done) == {"agents-1": 50, "agents-2": 50}
    assert done.etag == "2"


@lost
def test_what_somebody_did_after_a_lost_write_is_not_overwritten(
    error: Exception, cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.before, cloud.reads = [error], [somebody_moves(cloud)]
    with pytest.raises(ChangedMeanwhile, match="somebody else"):
        cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 1


def test_who_asked_for_the_very_same_was_somebody_else(
    cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud_run.update(seen, Change(traffic=HALF))
    with pytest.raises(ChangedMeanwhile, match="version '1' was specified"):
        cloud_run.update(seen, Change(traffic=HALF))


def test_a_change_that_somebody_overtook_is_not_taken_for_done(
    cloud: Scripted, cloud_run: CloudRun
) -> None:
    """An operation ends well all the same."""
    seen = cloud_run.get()
    cloud.runs_long = True

    def overtaken() -> None:
        somebody_moves(cloud)()
        cloud.settle()

    cloud.polls = [overtaken]
    with pytest.raises(ChangedMeanwhile, match="under way"):
        cloud_run.update(seen, TO_HALF)


def test_no_look_no_second_write(cloud: Scripted, cloud_run: CloudRun) -> None:
    seen = cloud_run.get()
    cloud.before, cloud.reads = [LOST[4]], [LOST[4]] * 20
    with pytest.raises(ApiUnreachable):
        cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 1


@lost
def test_a_deploy_whose_answer_was_lost_is_waited_for(
    error: Exception, cloud: Scripted, cloud_run: CloudRun, settings: Settings
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.after = True, [error]
    cloud.reads = [None, None, None, cloud.settle]
    done = cloud_run.update(seen, Change(settings))

    assert len(cloud.sent) == 1
    assert done.latest_ready == "agents-3"


def test_a_revision_that_fails_after_a_lost_answer_says_why(
    cloud: Scripted, cloud_run: CloudRun, settings: Settings
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.after = True, [LOST[0]]
    cloud.reads = [None, None, lambda: cloud.settle(ready=False, message="It failed.\n\nLogs:")]
    with pytest.raises(RevisionFailed) as caught:
        cloud_run.update(seen, Change(settings))

    assert caught.value.what == "It failed."
    assert caught.value.where == "revision agents-3"


def test_a_split_that_is_refused_after_a_lost_answer_says_why(
    cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.after = True, [LOST[0]]
    cloud.reads = [None, lambda: cloud.settle(ready=False, message="agents-2 does not exist")]
    with pytest.raises(ApiRefused, match="agents-2 does not exist"):
        cloud_run.update(seen, TO_HALF)


@lost
def test_an_operation_that_cannot_be_asked_for_is_read_off_the_service(
    error: Exception, cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.polls, cloud.reads = True, [error], [None, LOST[0], cloud.settle]
    done = cloud_run.update(seen, TO_HALF)

    assert len(cloud.sent) == 1
    assert live_split(done) == {"agents-1": 50, "agents-2": 50}


def test_what_never_settles_is_said(
    cloud: Scripted, cloud_run: CloudRun, settings: Settings
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.after = True, [LOST[0], LOST[0]]
    with pytest.raises(NotSettled, match="did not settle within 300 s") as stopped:
        cloud_run.update(seen, TO_HALF)
    assert stopped.value.where == "projects/p/locations/l/services/agents"
    with pytest.raises(RevisionFailed, match="did not settle within 300 s"):
        cloud_run.update(cloud_run.get(), Change(settings))
    assert 600 <= cloud.clock < 620


def test_a_revision_that_is_ready_is_not_blamed_for_what_never_settles(
    cloud: Scripted, cloud_run: CloudRun, settings: Settings
) -> None:
    def get_ready() -> None:
        assert cloud.now is not None
        cloud.now.latest_ready_revision = cloud.now.latest_created_revision

    seen = cloud_run.get()
    cloud.runs_long, cloud.after, cloud.reads = True, [LOST[0]], [None, get_ready]
    with pytest.raises(NotSettled, match="did not settle within 300 s"):
        cloud_run.update(seen, Change(settings))


def test_a_service_that_is_out_of_reach_while_it_settles_is_given_up(
    cloud: Scripted, cloud_run: CloudRun
) -> None:
    seen = cloud_run.get()
    cloud.runs_long, cloud.after, cloud.reads = True, [LOST[0]], [None, *[LOST[4]] * 200]
    with pytest.raises(ApiUnreachable):
        cloud_run.update(seen, TO_HALF)
    assert 120 < cloud.clock < 130


@lost
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_service_is_created_once(error: Exception, when: str, settings: Settings) -> None:
    cloud = Scripted(**{when: [error]})
    done = cloud.cloud_run().create(settings, {"cloud-run-pipeline/lease": "mine"})

    assert len(cloud.sent) == (2 if when == "before" else 1)
    assert done.latest_ready == "agents-3"


def test_a_service_that_somebody_else_created_is_theirs(settings: Settings) -> None:
    cloud = serving()
    cloud.before = [LOST[0]]
    for _ in range(2):
        with pytest.raises(ChangedMeanwhile):
            cloud.cloud_run().create(settings, {})
    assert len(cloud.sent) == 2


EVERYBODY = policy_pb2.Binding(role="roles/run.invoker", members=["allUsers"])
BY_DAY = policy_pb2.Binding(
    role="roles/run.invoker", members=["allUsers"], condition=expr_pb2.Expr(title="by day")
)


@pytest.mark.parametrize("error", [*LOST, QUOTA], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_policy_is_written_once(
    error: Exception, when: str, cloud: Scripted, cloud_run: CloudRun
) -> None:
    setattr(cloud, when, [error])
    cloud_run.make_public()
    cloud_run.make_public()

    assert list(cloud.policy.bindings) == [EVERYBODY]
    assert len(cloud.sent) == (2 if when == "before" else 1)


def test_closing_takes_away_what_opening_added(cloud: Scripted, cloud_run: CloudRun) -> None:
    theirs = policy_pb2.Binding(role="roles/run.invoker", members=["user:a@b.c", "allUsers"])
    admins = policy_pb2.Binding(role="roles/run.admin", members=["allUsers"])
    others = policy_pb2.Binding(role="roles/run.servicesInvoker", members=["allUsers"])
    cloud.policy.bindings.extend([theirs, BY_DAY, admins, others, EVERYBODY])
    cloud.before = [STALE, LOST[0]]
    cloud_run.make_private()
    assert len(cloud.sent) == 3
    cloud_run.make_private()

    theirs.members.remove("allUsers")
    assert list(cloud.policy.bindings) == [theirs, BY_DAY, admins, others]
    assert len(cloud.sent) == 3


def test_in_a_hurry_all_calls_together_end_in_time(cloud: Scripted, cloud_run: CloudRun) -> None:
    cloud.slow, cloud.runs_long = 2.5, True
    began, hurried = cloud.clock, cloud_run.hurried()
    seen = hurried.get()
    with pytest.raises(NotSettled, match="accepted"):
        hurried.update(seen, TO_HALF)

    assert len(cloud.sent) == 1
    assert max(cloud.timeouts) <= 3
    assert min(cloud.timeouts) < 1  # what is left
    assert cloud.clock - began < 6 + cloud.slow


def test_in_a_hurry_a_write_is_asked_for_even_late(cloud: Scripted, cloud_run: CloudRun) -> None:
    hurried = cloud_run.hurried()
    seen = hurried.get()
    cloud.clock += 60
    done = hurried.update(seen, TO_HALF)

    assert live_split(done) == {"agents-1": 50, "agents-2": 50}
    assert min(cloud.timeouts) > 0


def test_in_a_hurry_a_lost_write_is_looked_for(cloud: Scripted, cloud_run: CloudRun) -> None:
    hurried = cloud_run.hurried()
    seen = hurried.get()
    cloud.before, cloud.after = [LOST[0]], [LOST[4]]
    done = hurried.update(seen, TO_HALF)

    assert len(cloud.sent) == 2
    assert live_split(done) == {"agents-1": 50, "agents-2": 50}


def test_who_is_in_no_hurry_is_in_none_afterwards(cloud_run: CloudRun) -> None:
    hurried = cloud_run.hurried()

    assert hurried.limits.is_hurried
    assert not cloud_run.limits.is_hurried
    assert hurried._services is cloud_run._services
