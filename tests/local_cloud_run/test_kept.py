"""The state as bytes and back, and what a server makes of the state of another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import StateUnusable
from pipeline.local_cloud_run.persistence import document
from pipeline.local_cloud_run.persistence.document import SCHEMA, Kept, NotOursError, Writer, read
from pipeline.local_cloud_run.persistence.folder import FILE, Folder, opened
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.effects import (
    ApplyTraffic,
    CheckJob,
    RunTask,
    StandBy,
)
from pipeline.local_cloud_run.state.resources import State
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.values import Site
from tests.local_cloud_run.job_model import EXITED, JobModel, job_spec
from tests.local_cloud_run.model import KEY, Model, pinned, spec
from tests.local_cloud_run.test_job_properties import act as act_on_job
from tests.local_cloud_run.test_job_properties import actions as job_actions
from tests.local_cloud_run.test_state_properties import act, actions, holds


def grown(script: list[tuple], jobs: list[tuple], *, instant: bool) -> tuple[Model, JobModel]:
    """Two models after whatever of the scripts could be done."""
    model, of_jobs = Model(instant=instant), JobModel(instant=instant)
    model.create(spec(revision="s-a", labels={"ä": "\U0001f600"}))
    of_jobs.create(job_spec(tasks=2, retries=1))
    for one in script:
        attempt(act, model, one)
    for one in jobs:
        attempt(act_on_job, of_jobs, one)
    bindings = ({"role": "roles/run.invoker", "members": ["allUsers"]},)
    model.send(events.SetPolicy(KEY, bindings))
    return model, of_jobs


def attempt(what, model, action) -> None:
    try:
        what(model, action)
    except (ApiError, LookupError):
        return


def shapes(kind: object, seen: dict[str, str]) -> dict[str, str]:
    """Every class that a type is made of, with the types of its fields."""
    for part in typing.get_args(kind):
        shapes(part, seen)
    if isinstance(kind, type) and kind.__module__.startswith("pipeline."):
        hints = typing.get_type_hints(kind)
        if kind.__name__ not in seen:
            seen[kind.__name__] = str(sorted((name, str(hint)) for name, hint in hints.items()))
            for hint in hints.values():
                shapes(hint, seen)
    return seen


def test_another_shape_of_the_state_has_another_schema() -> None:
    """Where this fails, raise SCHEMA, and put here what it is now."""
    shape = str(sorted((shapes(State, {}) | shapes(Site, {})).items()))
    assert (SCHEMA, sha256(shape.encode()).hexdigest()[:12]) == (1, "9581ae1ea794")


@settings(max_examples=100, deadline=None)
@given(st.lists(actions, max_size=20), st.lists(job_actions, max_size=12), st.booleans())
def test_what_was_written_is_read(script: list[tuple], jobs: list[tuple], instant: bool) -> None:
    model, of_jobs = grown(script, jobs, instant=instant)
    both = replace(
        model.state,
        jobs=of_jobs.state.jobs,
        operations={**model.state.operations, **of_jobs.state.operations},
    )
    kept = Kept(both, {Site(KEY): 8080, Site(KEY, "t"): 1})
    writer = Writer()
    first = writer.content(Kept(model.state))
    again = read(writer.content(kept))

    assert read(first) == Kept(model.state)
    assert again == kept
    assert list(again.state.operations) == list(kept.state.operations)
    assert list(again.state.services[KEY].revisions) == list(model.service.revisions)
    assert writer.content(kept) == Writer().content(kept)


@settings(max_examples=100, deadline=None)
@given(st.lists(actions, max_size=20), st.lists(actions, max_size=5), st.booleans())
def test_a_restart_breaks_nothing(script: list[tuple], more: list[tuple], instant: bool) -> None:
    """What has to start starts anew, and all that was under way can end."""
    model, _ = grown(script, [], instant=instant)
    before = model.service
    model.instant = True
    model.effects.clear()
    model.send(events.Restarted())
    holds(model)
    assert list(model.service.revisions) == list(before.revisions)
    assert set(model.started) == {name for name, one in before.revisions.items() if one.pending}
    standing_by = {one.spec.key.revision for one in model.effects if isinstance(one, StandBy)}
    assert standing_by == {name for name, one in before.revisions.items() if one.is_ready}
    for action in more:
        attempt(act, model, action)
        holds(model)
    for name in model.service.revisions:
        model.ready(name)
    assert not model.service.reconciling
    assert all(one.done for one in model.state.operations.values())


def test_a_split_that_was_asked_for_is_applied_after_a_restart() -> None:
    model = Model().serving()
    model.instant = False
    asked = model.update({"traffic": [pinned("s-a", 100, "t")]}, "traffic")
    model.effects.clear()
    model.send(events.Restarted())
    assert ApplyTraffic(KEY, model.service.generation) in model.effects
    assert not model.operation(asked).done


def test_jobs_after_a_restart() -> None:
    model = JobModel(instant=False)
    model.create(job_spec(tasks=1, retries=1))
    model.effects.clear()
    model.send(events.Restarted())
    assert [type(one) for one in model.effects] == [CheckJob]
    model.send(events.JobChecked(model.job.key, 1, "app@sha256:1"))
    asked = model.run()
    model.effects.clear()
    model.send(events.Restarted())
    (again,) = (one.spec for one in model.effects if isinstance(one, RunTask))
    assert again.attempt == 1
    model.send(events.Restarted())
    assert model.operation(asked).done
    assert "The local Cloud Run ended" in model.newest.completed.message
    model.end(again, EXITED)  # of no account any more


def serving() -> State:
    return Model().serving().state


def test_a_folder_keeps_what_was_written_last(tmp_path: Path) -> None:
    with opened(tmp_path / "deep" / "folder") as folder:
        assert folder.before == Kept()
        folder.write(Kept())
        folder.write(Kept(serving()))
    with opened(tmp_path / "deep" / "folder") as folder:
        assert folder.before == Kept(serving())
    assert (folder.path / FILE).stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_links_that_wait_in_a_folder_lead_nowhere(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / f"{FILE}.new").symlink_to(theirs)
    with opened(folder) as held:
        held.write(Kept(serving()))
    assert theirs.read_text() == "precious"
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(theirs)
    refused(folder, "symbolic link")


OPEN = """
import sys
from pathlib import Path
from pipeline.errors import StateTaken
from pipeline.local_cloud_run.persistence.folder import opened
try:
    with opened(Path(sys.argv[1])):
        print("opened")
except StateTaken as error:
    print(error.what, error.where, error.remedy)
"""


def test_a_folder_is_one_servers_at_a_time(tmp_path: Path) -> None:
    def another() -> str:
        command = (sys.executable, "-c", OPEN, str(tmp_path))
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    with opened(tmp_path):
        said = another()
    assert "another local Cloud Run" in said
    assert str(tmp_path) in said
    assert another() == "opened\n"


def refused(path: Path, text: str) -> None:
    with pytest.raises(StateUnusable) as caught, opened(path):
        pytest.fail("it was opened")
    assert text in caught.value.what
    assert caught.value.remedy
    assert str(path) in caught.value.where


def changed(raw: bytes, **about: object) -> bytes:
    head, _, body = raw.partition(b"\n")
    return json.dumps({**json.loads(head), **about}).encode() + b"\n" + body


WHOLE = Writer().content(Kept(serving()))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "is not the state"),
        (b"\xff\x00", "is not the state"),
        (b"[" * 100_000, "is not the state"),
        (b'{"services": []}', "is not the state"),
        (changed(WHOLE, schema=2), "another version"),
        (changed(WHOLE, schema=None), "another version"),
        (WHOLE[:-1], "damaged"),
        (WHOLE.replace(b"s-a", b"s-b"), "damaged"),
        (WHOLE + b" ", "damaged"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_left_alone(raw: bytes, text: str, tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(raw)
    refused(tmp_path, text)
    assert file.read_bytes() == raw


def test_no_file_at_all(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    refused(tmp_path, "is no file")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "File exists")


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    with opened(tmp_path / "gone") as folder:
        (tmp_path / "gone" / "lock").unlink()
        (tmp_path / "gone").rmdir()
        with pytest.raises(StateUnusable, match="No such file"):
            folder.write(Kept())


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)))
def test_any_bytes_are_understood_or_refused(noise: bytes, at: int) -> None:
    for raw in (noise, WHOLE[:at] + noise + WHOLE[at:]):
        with suppress(NotOursError):
            assert read(raw) == Kept(serving())


@pytest.mark.parametrize(
    "content",
    [[], {}, {"services": [{}]}, {"services": [None], "jobs": [], "operations": []},
     {"services": [], "jobs": [], "operations": [], "sites": [1]},
     {"services": [], "jobs": [], "operations": [{"name": 1}], "sites": []}],
)  # fmt: skip
def test_content_of_another_shape(content: object) -> None:
    with pytest.raises(NotOursError, match="not understood"):
        document._kept_of(json.dumps(content).encode())


@pytest.mark.parametrize("port", [0, -1, 65536, 10**30, float("inf"), "80", True, None])
def test_sites_need_real_ports(port: object) -> None:
    site = {"key": {"project": "p", "location": "l", "service": "s"}, "tag": None}
    content = {"services": [], "jobs": [], "operations": [], "sites": [[site, port]]}
    with pytest.raises(NotOursError, match="not understood"):
        document._kept_of(json.dumps(content).encode())


def test_a_writer_is_quick_with_a_state_that_hardly_changed(tmp_path: Path) -> None:
    """Services that are the same objects are not made into text again."""
    writer, state = Writer(), serving()
    writer.content(Kept(state))
    text = writer._texts["services", KEY]
    writer.content(Kept(replace(state, operations={})))
    assert writer._texts["services", KEY] is text
    assert Folder(tmp_path).before == Kept()
