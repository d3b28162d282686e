"""What becomes of a build when one of its commands fails."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.outcomes import ends_build
from tests.dockerfile.build.building import build_of


@pytest.mark.parametrize(
    ("script", "ends"),
    [
        ("make x", True),
        ("make x && ls", True),
        ("ls; make x", True),
        ("make x; ls", None),
        ("make x || true", False),
        ("make x || make y", False),
        ("if make x; then ls; fi", False),
        ("[ -f a ] && make x", False),
        ("sh -c 'make x'", True),
        ("set -e; make x; ls", True),
        ("make x | tee log", None),
    ],
)
def test_a_failure_ends_the_build_or_goes_by(script: str, ends: bool | None) -> None:
    stage = build_of(f"FROM debian:12\nRUN {script}\n").final
    step = next(stage.commands("make"))
    assert ends_build(stage, step) is ends


def test_a_heredoc_without_errexit_takes_no_notice() -> None:
    stage = build_of("FROM debian:12\nRUN <<EOF\nmake x\nls\nEOF\n").final
    assert ends_build(stage, next(stage.commands("make"))) is None


def test_an_inner_script_is_as_tolerated_as_its_command() -> None:
    files = {"a.sh": "set -e\nmake x\nls\n"}
    stage = build_of("FROM debian:12\nCOPY a.sh /\nRUN sh /a.sh || true\n", files).final
    assert ends_build(stage, next(stage.commands("make"))) is not True


def test_the_exec_form_gives_a_shell_its_script() -> None:
    stage = build_of('FROM debian:12\nRUN ["/bin/sh", "-c", "make x && make y"]\n').final
    assert [step.executed.words[1] for step in stage.commands("make") if step.executed] == [
        "x",
        "y",
    ]


def test_an_instruction_fails_in_its_own_way() -> None:
    stage = build_of("FROM debian:12\nWORKDIR /app\n").final
    assert ends_build(stage, stage.steps[-1]) is False
