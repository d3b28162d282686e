"""A user's own file is read as ours are, and every fault in it is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.catalogue import of_log, own_entries, read_entries, recognise, users_entries
from pipeline.catalogue.entry import PLACES
from pipeline.command_line import STAGES
from pipeline.errors import ConfigError

GOOD = """\
- id: MY01
  title: The licence server is away
  stage: smoke
  patterns:
    - output: 'licence .* expired'
      probe: ['it ended', 'exit code 3']
    - any: 'LICENCE'
  cause: It is away
    every night.
  fix: Wait.
  prevention: None.
"""
FILE = Path("mine.yaml")


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        read_entries(text, FILE)
    assert raised.value.where == "mine.yaml"
    return raised.value.lines


def test_an_entry_is_read_whole() -> None:
    (entry,) = read_entries(GOOD, FILE)

    assert (entry.id, entry.title, entry.stage) == ("MY01", "The licence server is away", "smoke")
    assert entry.cause == "It is away every night."
    assert [one.pattern for one in entry.patterns[0]["probe"]] == ["it ended", "exit code 3"]
    assert list(entry.patterns[1]) == ["any"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "mine.yaml:1:1: this must be a list"),
        ("a: b", "mine.yaml:1:1: this must be a list"),
        ("- a\n- b", "mine.yaml:2:3: [1]: an entry must be a mapping"),
        (GOOD.replace("MY01", "my one"), "mine.yaml:1:7: [0].id: an id is capitals"),
        (GOOD.replace("  fix: Wait.\n", ""), "mine.yaml:1:3: [0].fix: fix must be a text"),
        (GOOD + "  cuase: x\n", "mine.yaml:12:10: [0].cuase: there is no such key"),
        (GOOD + GOOD, "mine.yaml:12:3: [1]: MY01 is there twice"),
        (GOOD.replace("any:", "logs:"), "mine.yaml:7:13: [0].patterns[1].logs: there is no such"),
        (GOOD.replace("licence .*", "licence (*"), "mine.yaml:5:15: [0].patterns[0].output: this "),
        (GOOD.replace("['it ended', 'exit code 3']", "3"), "[0].patterns[0].probe: this must be"),
        (GOOD.replace("    - any: 'LICENCE'\n", "    - 3\n"), "a pattern must be a mapping"),
        (GOOD + "  fallback: perhaps\n", "mine.yaml:12:13: [0].fallback: fallback must be true"),
        ("- id: [", "mine.yaml:2:1: this is not YAML"),
    ],
)
def test_every_fault_is_named_with_its_line(text: str, fault: str) -> None:
    assert any(fault in line for line in faults(text)), faults(text)


def test_all_faults_are_named_at_once() -> None:
    assert len(faults("- {}\n- {}\n")) > 10


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"- id: [\n"])
def test_a_file_that_cannot_be_read_is_a_configuration_error(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as raised:
        users_entries(path)
    assert raised.value.where == str(path)
    assert raised.value.remedy


def test_a_users_entry_is_told_first() -> None:
    mine = read_entries(GOOD.replace("LICENCE", "No module named"), FILE)
    found = recognise(
        mine + own_entries(), of_log(["ModuleNotFoundError: No module named 'redis'"])
    )

    assert [one.id for one in found] == ["MY01"]


@pytest.mark.parametrize("entry", own_entries(), ids=lambda entry: entry.id)
def test_ours_are_written_as_a_person_reads_them(entry) -> None:
    assert entry.stage in {*STAGES, "watch"}
    assert len(entry.title) < 80
    assert not entry.title.endswith(".")
    for text in (entry.cause, entry.fix, entry.prevention):
        assert 10 < len(text) < 320, text
    for pattern in entry.patterns:
        assert set(pattern) <= set(PLACES)
