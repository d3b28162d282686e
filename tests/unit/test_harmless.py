"""What a container writes can neither steer a terminal nor command a CI runner."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.report.harmless import LONGEST, harmless, harmless_lines

GAP = "\N{ZERO WIDTH SPACE}"
BAD = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("plain text\twith a tab", "plain text\twith a tab"),
        ("ends\r\n", "ends"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;http://evil.example\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]52;c;cm0gLXJm", ""),
        ("\x1bPq device control\x1b\\after", "after"),
        ("\x1bcreset", "reset"),
        ("cut short \x1b[", "cut short "),
        ("\x9b31m one-byte CSI", f"{BAD}31m one-byte CSI"),
        ("over\rwritten", f"over{BAD}written"),
        ("two\nlines", "two lines"),
        ("a\x00b\x08c\x07d\x7f", f"a{BAD}b{BAD}c{BAD}d{BAD}"),
        ("user\u202egpj.exe", f"user{BAD}gpj.exe"),
        ("\u2066isolated\u2069\u200f\u061c", f"{BAD}isolated{BAD * 3}"),
        ("half a pair \ud800", f"half a pair {BAD}"),
        ("::set-env name=PATH::/evil", f":{GAP}:set-env name=PATH::/evil"),
        (" \t::error::no", f" \t:{GAP}:error::no"),
        ("\x1b[0m::stop-commands::x", f":{GAP}:stop-commands::x"),
        ("::\x1b[0m:x", f":{GAP}::x"),
        ("##[set-env name=A]b", f"##{GAP}[set-env name=A]b"),
        ("in the middle ##[add-path]/evil", f"in the middle ##{GAP}[add-path]/evil"),
        ("for Azure ##vso[task.setvariable]x", f"for Azure ##{GAP}vso[task.setvariable]x"),
        ("for TeamCity ##teamcity[buildStop]", f"for TeamCity ##{GAP}teamcity[buildStop]"),
        ("a\u0085::error::x", f"a{BAD}::error::x"),
        ("\u200b::error::x", "\u200b::error::x"),
        ("::\x1b[31madd-mask::***", f":{GAP}:add-mask::***"),
        ("password=\x1b[0mhunter2", "password=***"),
        ("std::vector", "std::vector"),
    ],
)
def test_a_line_loses_its_power_and_keeps_its_words(line: str, safe: str) -> None:
    assert harmless(line) == safe


@given(st.text() | st.text(alphabet="\x1b[]:#mP\\ \x07\n\r\x9b1;"))
@example("\x1b\x1b[m[::x")
@example("#\x00#[")
def test_no_line_keeps_control_characters_or_runner_commands(line: str) -> None:
    safe = harmless(line)

    assert not [one for one in safe if unicodedata.category(one) in {"Cc", "Cs"} and one != "\t"]
    assert not safe.lstrip().startswith("::")
    assert not re.search(r"##\w*\[", safe)
    safe.encode()


@given(st.text())
def test_a_safe_line_stays_as_it_is(line: str) -> None:
    assert harmless(harmless(line)) == harmless(line)


def test_a_long_line_says_how_much_was_left_out() -> None:
    assert harmless("x" * (LONGEST + 7)) == "x" * LONGEST + " … (7 characters left out)"


@pytest.mark.parametrize("as_one", [False, True])
def test_a_flood_is_cut_in_the_middle_with_the_count(as_one: bool) -> None:
    flood = [f"line {number}" for number in range(1000)]
    shown = harmless_lines(["\n".join(flood)] if as_one else flood, most=10)

    assert shown == [*flood[:5], "… (990 lines left out) …", *flood[-5:]]


def test_line_breaks_inside_a_line_cannot_hide_a_command() -> None:
    assert harmless_lines(["a\n::b", "", "c\r::d"]) == [
        "a", f":{GAP}:b", "", "c", f":{GAP}:d",
    ]  # fmt: skip
