"""What a rollback and status say: of a revision nobody verified, and of one that is not healthy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.adapters.logging import Entry
from pipeline.errors import NothingToRollBackTo, RollbackFailed, VerifyFailed
from pipeline.model import Target
from pipeline.release.candidate import Candidate
from pipeline.release.history import RELEASES, note_released
from pipeline.stages.deploy import deploy
from pipeline.stages.rollback import rollback
from pipeline.stages.shift import shift
from pipeline.stages.status import status
from pipeline.stages.verify import verify
from tests.unit.in_memory import Cloud, a_context, candidate, run, unreachable

WAY = (deploy, verify, shift)
Screen = pytest.CaptureFixture[str]


def released(cloud: Cloud, folder: Path, times: int) -> list[str]:
    """The names of so many releases, the oldest first; the last one serves."""
    names: list[str] = []
    for _ in range(times):
        run(a_context(cloud, folder), *WAY)
        names += cloud.split
    return names


def failed_rollback(cloud: Cloud, folder: Path, **options: str) -> RollbackFailed:
    with pytest.raises(RollbackFailed) as caught:
        rollback(a_context(cloud, folder, **options))
    return caught.value


def request(status: int, agent: str = "a browser") -> Entry:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(at, "requests", "", "INFO", "", http={"status": status, "userAgent": agent})


def test_from_a_sick_revision_there_is_a_way_back_and_one_further_back(
    cloud: Cloud, tmp_path: Path
) -> None:
    oldest, old, new = released(cloud, tmp_path, 3)
    cloud.entries = [request(200), request(200), request(503)]
    cloud.sick.add(old)

    error = failed_rollback(cloud, tmp_path)

    assert cloud.split == {old: 100}
    again, further = error.remedy.split("; `nox -s rollback` goes further back, to ")
    assert again.startswith(f"`nox -s rollback -- --to {new}` returns to what it left: verified 20")
    assert "; it had all traffic from 2026-01-01T" in again
    assert again.endswith("; 1 of its last 3 requests failed")
    assert further.startswith(f"{oldest}, verified 2026-01-01T")


def test_the_words_of_the_sick_revision_are_shown(cloud: Cloud, tmp_path: Path) -> None:
    old, _ = released(cloud, tmp_path, 2)
    cloud.sick.add(old)
    cloud.writes = ["database at 10.0.0.1: connection refused"]

    error = failed_rollback(cloud, tmp_path)

    assert "database at 10.0.0.1: connection refused" in error.lines
    assert f"{old} wrote this" in error.lines


def test_what_cannot_be_read_hides_nothing_of_the_failure(cloud: Cloud, tmp_path: Path) -> None:
    old, new = released(cloud, tmp_path, 2)
    cloud.sick.add(old)
    context = a_context(cloud, tmp_path)

    def unread(*_: object) -> None:
        raise unreachable()

    cloud.newest = cloud.of_revision = unread  # type: ignore[method-assign, assignment]
    with pytest.raises(RollbackFailed, match="it answered 503") as caught:
        rollback(context)

    assert f"--to {new}` returns to what it left" in caught.value.remedy
    assert caught.value.remedy.endswith("how its requests ended could not be read")


def test_after_a_rollback_status_and_the_next_one_name_what_was_left(
    cloud: Cloud, tmp_path: Path, capsys: Screen
) -> None:
    old, new = released(cloud, tmp_path, 2)
    cloud.sick.add(old)
    failed_rollback(cloud, tmp_path)
    command = f"`nox -s rollback -- --to {new}`"

    status(a_context(cloud, tmp_path))
    assert f"{command} would return to what a rollback left, verified 2026" in (
        capsys.readouterr().out
    )
    with pytest.raises(NothingToRollBackTo) as caught:
        rollback(a_context(cloud, tmp_path))
    assert caught.value.remedy.startswith(f"{command} returns to what a rollback left")

    rollback(a_context(cloud, tmp_path, to=new))
    assert cloud.split == {new: 100}
    assert "it may be bad" not in capsys.readouterr().out


def test_what_was_left_and_is_gone_is_not_named(
    cloud: Cloud, tmp_path: Path, capsys: Screen
) -> None:
    _, new = released(cloud, tmp_path, 2)
    rollback(a_context(cloud, tmp_path))
    del cloud.held[new]
    capsys.readouterr()

    status(a_context(cloud, tmp_path))

    assert new not in capsys.readouterr().out


def test_a_revision_that_nobody_verified_is_said_to_be_so_before_it_serves(
    cloud: Cloud, tmp_path: Path, capsys: Screen
) -> None:
    released(cloud, tmp_path, 1)

    rollback(a_context(cloud, tmp_path, to="agents-old"))

    said = capsys.readouterr().out
    warned = said.index("! nobody verified agents-old, as far as the notes on the service go")
    assert warned < said.index("agents-old at 100 %")


@pytest.mark.parametrize(
    ("sick", "said"),
    [(True, "! {new} failed in its release: it may be bad"), (False, "! nobody verified {new}")],
)
def test_a_candidate_is_what_its_verdict_says(
    sick: bool, said: str, cloud: Cloud, tmp_path: Path, capsys: Screen
) -> None:
    released(cloud, tmp_path, 1)
    deploy(a_context(cloud, tmp_path))
    new = candidate(cloud)
    if sick:
        cloud.sick.add(new)
        with pytest.raises(VerifyFailed):
            verify(a_context(cloud, tmp_path))
        cloud.sick.clear()

    rollback(a_context(cloud, tmp_path, to=new))

    assert said.format(new=new) in capsys.readouterr().out


def test_a_verified_candidate_is_not_doubted(cloud: Cloud, tmp_path: Path, capsys: Screen) -> None:
    run(a_context(cloud, tmp_path), deploy, verify)

    rollback(a_context(cloud, tmp_path, to=candidate(cloud)))

    assert "it may be bad" not in capsys.readouterr().out


def test_of_several_that_served_the_one_with_most_traffic_is_named(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.ask(Target("agents-1", 70), Target("agents-old", 30))
    (new,) = released(cloud, tmp_path, 1)
    cloud.ask(Target("agents-1", 70), Target("agents-old", 30))
    cloud.sick.add(new)

    error = failed_rollback(cloud, tmp_path, to=new)

    assert "--to agents-1` returns to what it left: nobody verified agents-1" in error.remedy


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("a" * 40, f"commit {'a' * 40}"),
        (f"{'a' * 40}-dirty", f"commit {'a' * 40}-dirty"),
        ("b" * 64, f"source {'b' * 64}"),
        ("", "source unknown"),
    ],
)
def test_status_tells_a_commit_from_a_digest_of_the_source(
    version: str, said: str, cloud: Cloud, tmp_path: Path, capsys: Screen
) -> None:
    served = Candidate("agents-1", "c-1", "image", "2026-01-01T00:00:00+00:00", {}, version)
    notes = {RELEASES: note_released(cloud.found(), served, "2026-01-01T00:00:00+00:00")[RELEASES]}
    cloud.store(replace(cloud.found(), annotations=notes))

    status(a_context(cloud, tmp_path))

    assert f"released 2026-01-01T00:00:00+00:00, {said}\n" in capsys.readouterr().out
