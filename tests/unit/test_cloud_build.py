"""Started once, followed to its end, cancelled when somebody stops us: a Cloud Build in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud.devtools import cloudbuild_v1

from pipeline.adapters import builds as adapter
from pipeline.adapters.build_message import Build, Wanted, build_message, read_build
from pipeline.adapters.google import Google
from pipeline.adapters.logging import Entry
from pipeline.adapters.registry import is_gone
from pipeline.adapters.storage import Storage, Stored
from pipeline.commands import ImageBuild
from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    BuildFailed,
    ConfigError,
    PermissionMissing,
    PipelineError,
    RegistryRefused,
)
from pipeline.steps.build_failures import ENDED, failure_of
from pipeline.steps.cloud_build import CloudBuild
from tests.unit.in_memory import Cloud, a_context

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE = "us-docker.pkg.dev/my-project/services/agents:src-1"
DIGEST = "sha256:" + "1" * 64
WANTED = Wanted(
    ImageBuild(REFERENCE, "context", "Dockerfile", "linux/amd64", {}),
    Stored("bucket", "source/1.tar.gz", 7, "md5"), ("src-1",), 600.0,
)  # fmt: skip


class Builds:
    """What the step calls, as the adapter has it. ``course`` is how each build goes on."""

    def __init__(self, *course: str) -> None:
        self.course = list(course) or ["QUEUED", "WORKING", "SUCCESS"]
        self.held: dict[str, Build] = {}
        self.cancelled: list[str] = []
        self.entries: list[Entry] = []
        self.lost: Iterator[str] = iter(())  # what becomes of each start: "", before or after
        self.disturb: Callable[[str], None] = lambda call: None
        self.failure = ""
        self.invisible = 0  # looks at the list in which nothing new is there yet

    def start(self, wanted: Wanted) -> str:
        how = next(self.lost, "")
        if how != "before":
            name = f"b-{len(self.held) + 1}"
            asked = (wanted.image.reference,)
            self.held[name] = Build(name, "QUEUED", "", BEGAN, asked=asked, tags=wanted.tags)
        self.disturb("start")
        if how:
            raise ApiUnreachable("no answer", remedy="check the network")
        return name

    def get(self, build: str) -> Build:
        self.disturb("get")
        status = self.course.pop(0) if len(self.course) > 1 else self.course[0]
        images = {REFERENCE: DIGEST} if status == "SUCCESS" else {}
        changed = replace(self.held[build], status=status, images=images, failure=self.failure)
        self.held[build] = changed
        return changed

    def tagged(self, tag: str) -> list[Build]:
        if self.invisible:
            self.invisible -= 1
            return []
        return [one for one in reversed(self.held.values()) if tag in one.tags]

    def cancel(self, build: str) -> None:
        self.disturb("cancel")
        self.cancelled.append(build)

    def log(self, build: Build, since: datetime) -> list[Entry]:
        self.disturb("log")
        return [one for one in self.entries if one.at >= since]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return a_context(Cloud(), tmp_path)


def cloud(context: Context, builds: Builds) -> CloudBuild:
    context.__dict__["builds"] = builds
    return CloudBuild(context, REFERENCE)


def run(step: CloudBuild) -> str:
    image = step.run(lambda once: replace(WANTED, tags=("src-1", once)))
    return image.digests[0]


def lines(*texts: str, at: float = 0) -> list[Entry]:
    return [
        Entry(BEGAN + timedelta(seconds=at + n), "cloudbuild", text, "INFO", "", id=f"{at}-{n}")
        for n, text in enumerate(texts)
    ]


def test_the_digest_is_that_of_the_results(context: Context) -> None:
    builds = Builds()

    assert run(cloud(context, builds)) == f"us-docker.pkg.dev/my-project/services/agents@{DIGEST}"
    assert len(builds.held) == 1


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("invisible", [0, 2])
def test_a_reply_that_was_lost_is_no_second_build(
    lost: str, invisible: int, context: Context
) -> None:
    builds = Builds()
    builds.lost, builds.invisible = iter([lost]), invisible

    assert run(cloud(context, builds))
    assert len(builds.held) == 1


def test_one_that_never_answers_is_told(context: Context) -> None:
    builds = Builds()
    builds.lost = iter(["before", "before"])

    with pytest.raises(ApiUnreachable, match="no answer"):
        run(cloud(context, builds))


@pytest.mark.parametrize("when", ["start", "get", "log"])
def test_ctrl_c_cancels_it_at_any_time(when: str, context: Context) -> None:
    def stop(call: str) -> None:
        if call == when:
            raise KeyboardInterrupt

    builds = Builds()
    builds.disturb = stop

    with pytest.raises(KeyboardInterrupt):
        run(cloud(context, builds))
    assert builds.cancelled == ["b-1"]


def test_a_cancel_that_fails_does_not_hide_the_stop(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(call: str) -> None:
        if call == "get":
            raise KeyboardInterrupt
        if call == "cancel":
            raise PermissionMissing("denied")

    builds = Builds()
    builds.disturb = stop

    with pytest.raises(KeyboardInterrupt):
        run(cloud(context, builds))
    assert "the build could not be cancelled: denied" in capsys.readouterr().out


def test_what_keeps_us_from_looking_says_that_the_build_goes_on(context: Context) -> None:
    def fail(call: str) -> None:
        if call == "get":
            raise ApiUnreachable("no answer", remedy="check the network")

    builds = Builds()
    builds.disturb = fail

    with pytest.raises(ApiUnreachable) as error:
        run(cloud(context, builds))
    assert "build b-1 goes on" in error.value.remedy
    assert not builds.cancelled


def test_only_a_build_of_this_image_is_found(context: Context) -> None:
    builds = Builds()
    other = Build("b-0", "SUCCESS", "", BEGAN, asked=("x:src-1",), images={"x:src-1": DIGEST},
                  tags=("src-1",))  # fmt: skip
    builds.held = {
        "b-0": other,
        "b-1": replace(other, id="b-1", status="WORKING", asked=(REFERENCE,), images={}),
        "b-2": replace(other, id="b-2", status="FAILURE", asked=(REFERENCE,), images={}),
    }
    step = cloud(context, builds)

    assert step.finished() is None
    assert step.under_way() == builds.held["b-1"]
    builds.held["b-1"] = replace(builds.held["b-1"], status="SUCCESS", images={REFERENCE: DIGEST})
    assert step.finished().id == DIGEST
    assert step.under_way() is None


def test_success_without_a_digest_is_no_success(context: Context) -> None:
    builds = Builds("SUCCESS")
    builds.get = lambda build: replace(builds.held[build], status="SUCCESS")

    with pytest.raises(ApiRefused, match="named no digest"):
        run(cloud(context, builds))


def test_a_build_that_never_ends_is_given_up(context: Context) -> None:
    with pytest.raises(ApiRefused, match="has not ended, and is QUEUED"):
        run(cloud(context, Builds("QUEUED")))


def test_late_and_repeated_entries_are_lines_once_each(context: Context) -> None:
    builds = Builds("WORKING", "WORKING", "WORKING", "FAILURE")
    arriving = iter([lines("one", "two", at=10), lines("late", at=5), [], lines("ERROR: x", at=90)])

    def arrive(call: str) -> None:
        if call == "log":
            builds.entries += next(arriving, [])

    builds.disturb = arrive
    with pytest.raises(BuildFailed) as error:
        run(cloud(context, builds))
    assert error.value.lines == ("one", "two", "late", "ERROR: x")


def test_the_last_lines_of_a_failure_are_waited_for(context: Context) -> None:
    builds = Builds("FAILURE")
    pips = lines("ERROR: pip's dependency resolver", "goes on", "and", "on", at=-9)
    arriving = iter([pips, [], lines("what went wrong", "ERROR", "ERROR: build step 0 failed")])

    def arrive(call: str) -> None:
        if call == "log":
            builds.entries += next(arriving, [])

    builds.disturb = arrive
    with pytest.raises(BuildFailed) as error:
        run(cloud(context, builds))
    assert "what went wrong" in error.value.lines


def test_a_log_that_may_not_be_read_is_said_once_and_hides_no_end(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    def deny(call: str) -> None:
        if call == "log":
            raise PermissionMissing("logging.logEntries.list denied", remedy="grant it")

    builds = Builds()
    builds.disturb = deny

    assert run(cloud(context, builds))
    assert capsys.readouterr().out.count("its log cannot be read") == 1


def test_a_log_that_is_refused_for_now_is_read_later(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = iter([True, True])

    def refuse(call: str) -> None:
        if call == "log" and next(refused, False):
            raise ApiRefused("Quota exceeded", remedy="wait a minute")

    builds = Builds("WORKING", "WORKING", "FAILURE")
    builds.entries, builds.disturb = lines("what went wrong", "ERROR: x"), refuse

    with pytest.raises(BuildFailed) as error:
        run(cloud(context, builds))
    assert error.value.lines == ("what went wrong", "ERROR: x")
    assert capsys.readouterr().out.count("its log cannot be read: Quota exceeded") == 1


def test_of_a_log_that_is_too_long_the_end_is_read() -> None:
    """A build that fails says why at its end, however much it wrote in a minute."""
    written = [
        {"timestamp": f"2026-01-01T00:00:{n // 1000:02}.{n % 1000:03}Z", "textPayload": str(n),
         "insertId": f"{n:06}"}
        for n in range(20_000)
    ]  # fmt: skip

    class Logging(Google):
        def post(self, _api: str, _path: str, body: dict) -> dict:
            shown = written[::-1] if body["orderBy"] == "timestamp desc" else written
            first = int(body.get("pageToken", 0))
            last = first + body["pageSize"]
            return {"entries": shown[first:last], "nextPageToken": str(last)}

    build = Build("b", "FAILURE", "", BEGAN)
    read = adapter.Builds(Logging(), "my-project", "us-central1").log(build, BEGAN)
    assert [one.text for one in read] == [str(n) for n in range(17_000, 20_000)]


def test_each_ending_has_its_own_sentence() -> None:
    told = [
        failure_of(Build("b", status, "", BEGAN), REFERENCE, ["line"])
        for status in sorted(ENDED - {"SUCCESS"})
    ]
    fetched = failure_of(Build("b", "FAILURE", "", BEGAN, failure="FETCH_SOURCE_FAILED"), "r", [])
    logged = failure_of(Build("b", "FAILURE", "", BEGAN, failure="LOGGING_FAILURE"), "r", [])

    said = [one.what for one in (*told, fetched, logged)]
    assert len(set(said)) == len(said) == 7
    assert all(isinstance(one, BuildFailed) and one.remedy for one in told)


@pytest.mark.parametrize("kind", ["PUSH_FAILED", "PUSH_NOT_AUTHORIZED", "PUSH_IMAGE_NOT_FOUND"])
def test_a_push_that_failed_is_of_the_registry(kind: str) -> None:
    build = Build("b", "FAILURE", "its own words", BEGAN, failure=kind)
    error: PipelineError = failure_of(build, REFERENCE, [])

    assert isinstance(error, RegistryRefused)
    assert "its own words" in error.what


def test_every_status_of_cloud_build_is_known() -> None:
    names = {one.name for one in cloudbuild_v1.Build.Status}

    assert names == ENDED | {"STATUS_UNKNOWN", "PENDING", "QUEUED", "WORKING"}


def test_a_dollar_in_an_argument_is_no_substitution() -> None:
    image = replace(WANTED.image, args={"PRICE": "$5 ${HOME}"}, labels={"b": "2", "a": "1"})
    account = "builder@my-project.iam.gserviceaccount.com"
    message = build_message(replace(WANTED, image=image, service_account=account), "my-project")

    (step,) = message.steps
    assert step.args == [
        "build", "--platform", "linux/amd64", "--tag", REFERENCE, "--file", "Dockerfile",
        "--progress", "plain", "--label", "a=1", "--label", "b=2",
        "--build-arg", "PRICE=$$5 $${HOME}", "context",
    ]  # fmt: skip
    assert step.env == ["DOCKER_BUILDKIT=1"]
    assert message.images == [REFERENCE]
    assert message.service_account == f"projects/my-project/serviceAccounts/{account}"
    assert message.source.storage_source.generation == 7
    assert message.timeout == timedelta(minutes=10)


def test_a_build_is_read_as_it_was_written() -> None:
    message = build_message(WANTED, "my-project")
    message.id, message.status = "b-1", cloudbuild_v1.Build.Status.SUCCESS
    message.results = cloudbuild_v1.Results(
        images=[cloudbuild_v1.BuiltImage(name=REFERENCE, digest=DIGEST)]
    )
    build = read_build(message)

    assert (build.id, build.status, build.failure) == ("b-1", "SUCCESS", "")
    assert (build.asked, build.images, build.tags) == (
        (REFERENCE,),
        {REFERENCE: DIGEST},
        ("src-1",),
    )


def test_storage_is_googles_or_an_emulators_and_never_a_mixture() -> None:
    there = {"STORAGE_EMULATOR_HOST": "127.0.0.1:9"}

    assert Storage.of(Google(), there).base == "https://storage.googleapis.com"
    assert Storage.of(Google("127.0.0.1:1"), there).base == "http://127.0.0.1:9"
    with pytest.raises(ConfigError, match="has no Cloud Storage"):
        Storage.of(Google("127.0.0.1:1"), {})


@pytest.mark.parametrize(
    "host", ["evil-docker.pkg.dev.example.com", "gcr.io.example.com", "docker.io", "evilgcr.io"]
)
def test_a_token_is_shown_to_googles_registries_only(host: str) -> None:
    google = Google()
    google.__dict__["session"] = None  # to use it would fail

    assert not is_gone(google, f"{host}/a/b@{DIGEST}")
