"""What the rehearsal counts as served by an unverified revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.adapters.configured import asked_for
from pipeline.adapters.logging import Entry
from pipeline.adapters.visitors import VISITOR, Visitors
from pipeline.config import load_config
from pipeline.release.candidate import Candidate
from pipeline.release.history import RELEASES, note_released
from pipeline.stages.rehearse import _against, _say_what_is_absent, _served_unverified
from tests.unit.in_memory import NOBODY, Cloud, a_context

VERIFIED = "2026-01-01T10:00:00+00:00"


def entry(minute: int, revision: str, agent: str = VISITOR) -> Entry:
    at = datetime(2026, 1, 1, 10, tzinfo=UTC).replace(minute=minute)
    return Entry(at, "requests", "", "INFO", revision, http={"userAgent": agent})


def counted(verified: str, entries: list[Entry], served: int) -> int:
    """For a service on which the revision ``good`` was released, verified at that time."""
    candidate = Candidate("good", "c-1", "image", verified, {}, verdict="pass", verified=verified)
    notes = {RELEASES: note_released(NOBODY, candidate, verified)[RELEASES]}
    context = SimpleNamespace(
        cloud_run=SimpleNamespace(get=lambda: SimpleNamespace(annotations=notes)),
        logs=SimpleNamespace(requests=lambda _: entries),
    )
    return _served_unverified(context, Visitors(served=served), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("entries", "served", "unverified"),
    [
        ([entry(1, "good"), entry(2, "good")], 2, 0),
        ([entry(1, "good"), entry(2, "bad")], 2, 1),
        ([entry(1, "good"), entry(2, "bad", "somebody else")], 1, 0),
        ([entry(1, "good")], 3, 2),
        ([], 0, 0),
    ],
    ids=["sound", "one bad", "not a visitor", "not in the log", "nobody came"],
)
def test_what_is_not_known_to_be_well_served_counts(entries, served, unverified):
    assert counted(VERIFIED, entries, served) == unverified


def test_a_request_before_the_verdict_counts():
    later = VERIFIED.replace("10:00", "10:30")

    assert counted(later, [entry(1, "good"), entry(40, "good")], served=2) == 1


def test_what_stands_in_for_secrets_is_what_verify_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context = a_context(Cloud(), tmp_path)
    (tmp_path / "pipeline.yaml").write_text(
        "service: a\nproject: my-project\nregion: us-central1\nimage: us-docker.pkg.dev/p/r/a\n"
        "run: {secrets: {TOKEN: 'a-token:3', OTHER: other}, env: {A: b}}\n"
        "smoke: {env: {TOKEN: for-here}}\n"
    )
    config = load_config(tmp_path / "pipeline.yaml", {})
    context = replace(context, config=config)

    there = _against(context, "127.0.0.1:1")
    _say_what_is_absent(context, there)

    asked = asked_for(there.config)
    assert not [key for key in asked if key.startswith("run.secrets.")]
    assert (asked["run.env.TOKEN"], asked["run.env.A"]) == ("for-here", "b")
    assert "OTHER: not set, for nothing in smoke.env stands in" in capsys.readouterr().out
