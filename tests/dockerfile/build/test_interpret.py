"""What a Dockerfile comes to: environment, user, folder, files and start of each stage."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.build.values import PORT
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.syntax.parser import parse


def build_of(
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
) -> Build:
    context = BuildContext.of({"Dockerfile": text, **(files or {})})
    build = interpret(parse(text), context, file="Dockerfile", target=target, args=args)
    assert build is not None
    return build


def words(build: Build) -> list[tuple[str, ...]]:
    return [launch.executed.words for launch in build.start.launches]


def presence(build: Build, path: str) -> Presence:
    return build.in_image(path).presence


def test_no_stage_is_no_build() -> None:
    assert interpret(parse("ARG A\n"), BuildContext.of({}), file="Dockerfile") is None


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ("ENV A=1\nENV A=2 B=$A", "B", "1"),
        ("ENV A=1 B=${A:-x}", "B", "x"),
        ("ARG A=1\nENV B=$A", "B", "1"),
        ("ARG A=1\nENV A=2\nENV B=$A", "B", "2"),
        ("ARG A\nENV B=$A", "B", None),
        ("ARG A\nENV B=${A:-known}", "B", None),
        ("ARG GLOBAL\nENV B=$GLOBAL", "B", "outside"),
        ("ENV B=$GLOBAL", "B", ""),
        ("ARG TARGETARCH\nENV B=$TARGETARCH", "B", "amd64"),
        ("ARG GIVEN=default\nENV B=$GIVEN", "B", "given"),
        ("ENV B='$A' C=\\$A", "B", "$A"),
    ],
)
def test_scope_of_arg_and_env(lines: str, name: str, value: str | None) -> None:
    build = build_of(f"ARG GLOBAL=outside\nFROM debian:12\n{lines}\n", args={"GIVEN": "given"})
    assert build.final.machine.env[name] == value


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("debian:12", "/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("example.com/unheard", None), ("eclipse-temurin:21", None),
    ],
)  # fmt: skip
def test_a_path_goes_on_from_that_of_the_image(image: str, path: str | None) -> None:
    machine = build_of(f"FROM {image}\nENV PATH=/x:$PATH\n").final.machine
    assert machine.env["PATH"] == path
    assert machine.search_path == (tuple(path.split(":")) if path else None)


def test_what_powershell_runs_is_not_known() -> None:
    shell = 'FROM debian:12\nWORKDIR /srv\nSHELL ["pwsh", "-Command"]\n'
    build = build_of(f"{shell}RUN New-Item made\n")
    assert presence(build, "/srv/made") is Presence.UNKNOWN
    assert presence(build_of(shell), "/srv/made") is Presence.ABSENT
    (step,) = build.final.commands()
    assert step.place.line == 4
    assert step.executed is not None
    assert (step.executed.words, step.executed.shell.cwd) == ((), "/srv")


def test_an_image_by_argument() -> None:
    build = build_of("ARG V=3.12\nFROM python:${V}-slim\n")
    assert build.final.machine.base.python == "3.12"
    assert not build_of("ARG V\nFROM python:${V}-slim\n").final.machine.base.known


def test_stages_go_on_where_others_ended() -> None:
    build = build_of(
        "FROM debian:12 AS Base\nENV A=1\nWORKDIR /srv/a\nUSER app\nCOPY x x\n"
        "FROM base\nWORKDIR b\nENV B=$A\n",
        {"x": ""},
    )
    machine = build.final.machine
    assert (machine.env["B"], machine.workdir, machine.user) == ("1", "/srv/a/b", "app")
    assert presence(build, "/srv/a/x") is Presence.PRESENT
    assert [stage.index for stage in build.used] == [0, 1]
    assert [stage.index for stage in build.lineage(build.final)] == [0, 1]


def test_stages_that_the_image_is_not_made_from() -> None:
    text = "FROM debian:12 AS a\nFROM debian:12 AS test\nFROM debian:12\nCOPY --from=a /x /x\n"
    assert [stage.name for stage in build_of(text).used] == ["a", ""]
    assert [stage.name for stage in build_of(text, target="test").used] == ["test"]


@pytest.mark.parametrize(
    ("copy", "present"),
    [
        ("COPY a.txt /x", "/x"),
        ("COPY a.txt /x/", "/x/a.txt"),
        ("COPY a.txt .", "/srv/a.txt"),
        ("COPY a.txt d/b.txt out/", "/srv/out/b.txt"),
        ("COPY d out", "/srv/out/b.txt"),
        ("COPY d/ ./", "/srv/b.txt"),
        ("COPY *.txt ./", "/srv/a.txt"),
        ("COPY . .", "/srv/d/b.txt"),
        ('COPY ["a.txt", "/with space"]', "/with space"),
        ("COPY --chown=1000:1000 a.txt /x", "/x"),
        ("ADD a.txt /x/", "/x/a.txt"),
        ("COPY <<EOF /x\nhello\nEOF", "/x"),
        ("WORKDIR d\nCOPY a.txt ../e", "/srv/e"),
        ("RUN mkdir -p d && cp a d/ ; mv d e\nCOPY a.txt e", "/srv/e/a.txt"),
    ],
)
def test_where_a_copy_ends_up(copy: str, present: str) -> None:
    build = build_of(f"FROM debian:12\nWORKDIR /srv\n{copy}\n", {"a.txt": "", "d/b.txt": ""})
    assert presence(build, present) is Presence.PRESENT
    assert presence(build, "/srv/none.txt") is Presence.ABSENT


@pytest.mark.parametrize(
    ("copy", "found"),
    [
        ("COPY a.txt /x", True), ("COPY none.txt /x", False), ("COPY *.none /x", False),
        ("COPY --from=debian:12 /bin/sh /x", True), ("COPY --from=strange /bin/sh /x", None),
        ("ADD https://example.com/a /x", None), ("ARG A\nCOPY $A /x", None),
    ],
)  # fmt: skip
def test_whether_the_source_of_a_copy_is_there(copy: str, *, found: bool | None) -> None:
    step = build_of(f"FROM debian:12\n{copy}\n", {"a.txt": ""}).final.steps[-1]
    assert [one.found for one in step.copied] == [found]


@pytest.mark.parametrize(
    ("source", "directory"),
    [
        ("/usr/local/bin/tool", False), ("/go/bin/tool", False), ("/out/release/tool", False),
        ("/usr/local/bin/deep/tool", False), ("/tool.js", False), ("/app/.next", True),
        ("/usr/local/lib/tool", True), ("/uv", False), ("/app", True), ("/bin", True),
    ],
)  # fmt: skip
def test_what_is_copied_from_an_image_of_which_nothing_is_known(
    source: str, *, directory: bool
) -> None:
    build = build_of(f"FROM debian:12\nCOPY --from=example.com/x {source} /srv/\n")
    assert [one.directory for one in build.final.steps[-1].copied] == [directory]


def test_what_is_ignored_is_not_copied() -> None:
    files = {"a.py": "", "secret.env": "", ".dockerignore": "*.env\n"}
    build = build_of("FROM debian:12\nCOPY . /srv/\n", files)
    assert presence(build, "/srv/a.py") is Presence.PRESENT
    assert presence(build, "/srv/secret.env") is Presence.ABSENT


def test_copies_belong_to_root_unless_said_otherwise() -> None:
    build = build_of(
        "FROM debian:12\nUSER app\nCOPY a /a\nCOPY --chown=app:app a /b\nUSER root\n"
        "COPY a /c\nRUN chown -R app /c\n",
        {"a": ""},
    )
    owners = [build.in_image(path).entry for path in ("/a", "/b", "/c")]
    assert [entry and entry.owner for entry in owners] == ["root", "app", "app"]


def test_provenance_survives_copies_between_stages() -> None:
    build = build_of(
        "FROM python:3.12-slim AS one\nRUN pip install --target /deps uvicorn\n"
        "FROM python:3.12-slim AS two\nCOPY --from=one /deps /there\n"
        "FROM python:3.12-slim\nCOPY --from=two /there /srv/lib\n"
    )
    entry = build.in_image("/srv/lib/uvicorn.dist-info").entry
    assert entry is not None
    assert (entry.maker, entry.stage, entry.place.line) == ("pip", 0, 2)


def test_mounts_hold_for_one_instruction() -> None:
    build = build_of(
        "FROM python:3.12-slim\nWORKDIR /srv\n"
        "RUN --mount=type=bind,source=requirements.txt,target=requirements.txt \\\n"
        "    --mount=type=cache,target=/root/.cache pip install -r requirements.txt\n",
        {"requirements.txt": "flask\n"},
    )
    assert [one.name for one in build.final.machine.installed] == ["flask"]
    assert presence(build, "/srv/requirements.txt") is Presence.ABSENT
    step = build.final.steps[-1]
    assert step.bound == ("/srv/requirements.txt",)


def test_a_heredoc_is_a_script() -> None:
    build = build_of("FROM debian:12\nRUN <<EOF\nset -e\ncd /tmp\nmkdir here\nEOF\n")
    assert presence(build, "/tmp/here") is Presence.PRESENT
    step = next(build.final.commands("mkdir"))
    assert (step.place.line, step.place.column) == (5, 1)


def test_scripts_of_the_context_are_followed() -> None:
    build = build_of(
        "FROM debian:12\nCOPY setup.sh /\nRUN sh /setup.sh\n",
        {"setup.sh": "#!/bin/sh\nmkdir -p /made\n"},
    )
    assert presence(build, "/made") is Presence.PRESENT
    step = next(build.final.commands("mkdir"))
    assert (step.place.file, step.place.line) == ("setup.sh", 2)


def test_triggers_run_in_the_stage_that_is_made_from_it() -> None:
    build = build_of(
        "FROM debian:12 AS base\nONBUILD COPY a /a\nONBUILD ENV A=1\nFROM base\n", {"a": ""}
    )
    assert presence(build, "/a") is Presence.PRESENT
    assert build.final.machine.env["A"] == "1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('CMD ["a", "$PORT"]', [("a", "$PORT")]),
        ("CMD a $PORT", [("a", PORT)]),
        ('CMD ["sh", "-c", "exec a $PORT"]', [("sh", "-c", "exec a $PORT"), ("a", PORT)]),
        ('ENTRYPOINT ["a"]\nCMD ["b"]', [("a", "b")]),
        ('CMD ["b"]\nENTRYPOINT ["a"]', [("a", "b")]),
        ("ENTRYPOINT a\nCMD b", [("a",)]),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["a"]', [("a",)]),
        ("CMD a && b", [("a",), ("b",)]),
        ("ENV N=2\nCMD a $N ${M:-3}", [("a", "2", "${M:-3}")]),
    ],
)
def test_what_the_image_starts(lines: str, expected: list[tuple[str, ...]]) -> None:
    build = build_of(f"FROM debian:12\n{lines}\n")
    assert words(build) == expected
    assert build.start.main is build.start.launches[-1]


def test_an_entrypoint_resets_the_command_of_its_base() -> None:
    build = build_of('FROM debian:12 AS base\nCMD ["b"]\nFROM base\nENTRYPOINT ["a"]\n')
    assert words(build) == [("a",)]


def test_the_start_is_followed_through_scripts() -> None:
    build = build_of(
        "FROM debian:12\nWORKDIR /srv\nCOPY . .\n"
        'ENTRYPOINT ["/srv/start.sh"]\nCMD ["serve", "--port", "80"]\n',
        {"start.sh": '#!/bin/sh\n. ./lib.sh\nexec "$@"\n', "lib.sh": "prepare &\n"},
    )
    launches = build.start.launches
    assert ("prepare",) in words(build)
    assert launches[-1].executed.words == ("serve", "--port", "80")
    assert launches[-1].main
    assert launches[-1].via == ("start.sh",)
    assert next(one for one in launches if one.executed.name == "prepare").executed.background


def test_ten_thousand_stages_and_steps_end() -> None:
    stages = "".join(f"FROM debian:12 AS s{n}\nCOPY --from=s{n - 1} /a /a\n" for n in range(1, 400))
    build = build_of(f"FROM debian:12 AS s0\nRUN touch /a\n{stages}")
    assert len(build.used) == 400
    steps = "RUN " + " && ".join(["true"] * 3000)
    assert build_of(f"FROM debian:12\n{steps}\n").final.steps


def test_functions_of_a_sourced_file_run_where_they_are_called() -> None:
    build = build_of(
        'FROM debian:12\nWORKDIR /srv\nCOPY bin bin\nCMD ["./bin/start.sh"]\n',
        {
            "bin/start.sh": '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nprepare 2\nexec serve\n',
            "bin/lib.sh": "prepare() {\n  migrate --steps $1\n}\n",
        },
    )
    launch = next(one for one in build.start.launches if one.executed.name == "migrate")
    assert launch.executed.words == ("migrate", "--steps", "2")
    assert (launch.place.file, launch.place.line) == ("bin/lib.sh", 2)
    assert launch.executed.certain


def test_a_program_that_tells_its_version_makes_nothing() -> None:
    build = build_of("FROM debian:12\nWORKDIR /srv\nRUN tool --version && other build\n")
    assert presence(build, "/srv/x") is Presence.UNKNOWN
    assert presence(build_of("FROM debian:12\nWORKDIR /srv\nRUN tool --version\n"), "/srv/x") is (
        Presence.ABSENT
    )
