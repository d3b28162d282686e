"""From a container's bytes to lines, and from lines to what they say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.containers.output import CUT, LONGEST_LINE, Lifted, Lines, lift

PLENTY = 10_000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes]) -> None:
    pieces, whole = Lines(), Lines()
    arrived = [line for chunk in chunks for line in pieces.feed(chunk, PLENTY)[0]]
    assert (arrived, 0) == whole.feed(b"".join(chunks), PLENTY)
    assert pieces.close() == whole.close()


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))))
def test_every_line_arrives(texts: list[str]) -> None:
    joined = "".join(f"{text}\n" for text in texts).encode()
    assert Lines().feed(joined, PLENTY) == (texts, 0)


@given(st.lists(st.just(b"x\n"), max_size=50), st.integers(0, 50))
def test_lines_beyond_the_room_are_counted(chunks: list[bytes], room: int) -> None:
    lines, dropped = Lines().feed(b"".join(chunks), room)
    assert len(lines) == min(room, len(chunks))
    assert len(lines) + dropped == len(chunks)


def test_a_line_is_cut_at_its_limit_and_the_next_is_whole() -> None:
    lines = Lines()
    assert lines.feed(b"x" * LONGEST_LINE, PLENTY) == ([], 0)
    assert lines.feed(b"y" * LONGEST_LINE, PLENTY) == ([], 0)
    assert lines.feed(b"\nshort\r\nrest", PLENTY) == (["x" * LONGEST_LINE + CUT, "short"], 0)
    assert lines.close() == "rest"


def test_bad_utf_8_is_replaced() -> None:
    assert Lines().feed(b"caf\xe9\n", 1) == (["caf\N{REPLACEMENT CHARACTER}"], 0)


@pytest.mark.parametrize(
    "line", ["plain", "", "[1]", "{", "{}{}", '{"a": }', '{"a": 1} trailing', '"{}"', "{'a': 1}"]
)
def test_what_is_not_one_json_object_is_text(line: str) -> None:
    assert lift(line) == Lifted(text=line)


def test_special_fields_are_lifted_and_the_rest_stays() -> None:
    line = {
        "severity": "error",
        "message": "look",
        "logging.googleapis.com/trace": "projects/p/traces/1",
        "logging.googleapis.com/spanId": "2",
        "logging.googleapis.com/labels": {"n": 1},
        "httpRequest": {"status": 500},
        "more": [1],
    }
    assert lift(json.dumps(line)) == Lifted(
        payload={"message": "look", "more": [1]},
        severity="ERROR",
        trace="projects/p/traces/1",
        span="2",
        labels={"n": "1"},
        http_request={"status": 500},
    )


def test_a_special_field_of_the_wrong_kind_stays_where_it_is() -> None:
    assert lift('{"httpRequest": 1, "logging.googleapis.com/trace": 2}').payload == {
        "httpRequest": 1,
        "logging.googleapis.com/trace": 2,
    }


@pytest.mark.parametrize(
    ("given_as", "severity"),
    [("INFO", "INFO"), ("warn", "WARNING"), ("fatal", "CRITICAL"), (400, "WARNING"),
     (800, "EMERGENCY"), (-1, "DEFAULT"), (900, "DEFAULT"), (True, "DEFAULT"), (None, "DEFAULT"),
     ("loud", "DEFAULT"), (["ERROR"], "DEFAULT")],
)  # fmt: skip
def test_severity(given_as: object, severity: str) -> None:
    assert lift(json.dumps({"severity": given_as})).severity == severity


@given(st.dictionaries(st.text(), json_values))
def test_whatever_is_lifted_can_be_sent_on(found: dict[str, object]) -> None:
    lifted = lift(json.dumps(found))
    assert lifted.text is None
    json.dumps(lifted.payload, allow_nan=False, ensure_ascii=False).encode()


@given(st.text())
def test_any_line_is_read_without_an_error(line: str) -> None:
    lift(line)
    lift(f"{{{line}}}")


@pytest.mark.parametrize(
    "line", ['{"a": ' + "[" * 200_000 + "}", '{"n": ' + "9" * 5000 + "}", '{"f": 1e999}',
             '{"s": "\\ud800"}', '{"n": NaN}']
)  # fmt: skip
def test_hostile_json_is_harmless(line: str) -> None:
    lifted = lift(line)
    said = lifted.payload if lifted.text is None else lifted.text
    json.dumps(said, allow_nan=False, ensure_ascii=False).encode()
