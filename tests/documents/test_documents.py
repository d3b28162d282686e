"""What the documents say exists, exists."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from pipeline.command_line import STAGES
from pipeline.config import load_config
from pipeline.model import Service
from pipeline.release.candidate import CANDIDATE, candidate_of
from pipeline.release.history import RELEASES, releases_of
from pipeline.release.lease import LEASE, lease_of
from pipeline.release.rejected import REJECTED, rejected_of
from pipeline.release.variables import VARIABLES, variables_of
from tests.documents.exit_codes import ROOT, all_errors, codes_on, reference

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], key=lambda path: path.as_posix()
)
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
README = (ROOT / "README.md").read_text("utf-8")
CI_FILES = [ROOT / "cloudbuild.yaml", *sorted((ROOT / ".github/workflows").glob("*.yml"))]
NO_STAGES = {"tests", "check", "replay", "simulate"}
NO_SESSIONS = {"init", "doctor"}  # for a person, once
TOP_LEVEL = {
    ".ci", ".github", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md",
    "cloudbuild.yaml", "docs", "noxfile.py", "pipeline", "pipeline.yaml", "pyproject.toml",
    "scripts", "tests",
}  # fmt: skip


def sessions() -> set[str]:
    """The names of the noxfile's sessions."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("nox.session" in ast.unparse(each) for each in node.decorator_list)
    }


def sessions_named(text: str) -> set[str]:
    return set(re.findall(r"\bnox -s ([a-z_]+)", text))


def anchors(document: Path) -> set[str]:
    """The fragments that a document's headings can be linked by, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_relative_link_resolves(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if "://" in link:
            continue
        name, _, fragment = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_session_that_is_named_exists(document: Path) -> None:
    assert sessions_named(document.read_text("utf-8")) <= sessions()


@pytest.mark.parametrize("file", CI_FILES, ids=lambda path: path.name)
def test_ci_calls_sessions_that_exist(file: Path) -> None:
    text = file.read_text("utf-8")
    named = sessions_named(text)

    assert named or "uses: $/" in text  # it calls one that does
    assert named <= sessions()


def test_every_session_of_a_stage_has_a_page_and_is_in_the_readme() -> None:
    stages = sessions() - NO_STAGES

    assert {path.stem for path in (ROOT / "docs/stages").glob("*.md")} == stages | NO_SESSIONS
    assert set(re.findall(r"\]\(docs/stages/([a-z]+)\.md\)", README)) == (stages | NO_SESSIONS)


def test_every_stage_has_a_session() -> None:
    assert {*STAGES, "local", "diagnose"} == sessions() - NO_STAGES


def test_the_exit_codes_are_current() -> None:
    """If not: python -m tests.documents.exit_codes > docs/exit-codes.md"""
    assert (ROOT / "docs/exit-codes.md").read_text("utf-8") == reference()


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_a_code_in_a_table_stands_beside_its_title(document: Path) -> None:
    known = all_errors()
    for code, text in codes_on(document.read_text("utf-8")):
        assert code in known
        assert text == known[code].title, code


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_a_code_in_a_sentence_exists(document: Path) -> None:
    for code in re.findall(r"exit code (\d+)", document.read_text("utf-8")):
        assert int(code) == 1 or int(code) in all_errors(), code


def test_the_codes_in_the_readme_are_those_of_the_stage() -> None:
    rows = re.findall(r"^\| \[(\w+)\]\(docs/stages/.*\| ([\d, ]*)\|$", README, re.M)

    assert len(rows) == len(sessions() - NO_STAGES)
    for stage, codes in rows:
        page = (ROOT / f"docs/stages/{stage}.md").read_text("utf-8")
        of_stage = {code for code, _ in codes_on(page)}
        assert {int(code) for code in codes.split(",") if code.strip()} <= of_stage, stage


def test_the_commands_of_the_readme_exist() -> None:
    """Each begins with a script of ours, with nox and a session, or with Google's command line."""
    for line in "".join(blocks(README, "sh")).splitlines():
        command, *arguments = shlex.split(line, comments=True)
        assert command in {"./scripts/nox", "nox", "gcloud"}, line
        if command.startswith("./"):
            assert os.access(ROOT / command, os.X_OK), line
        if command != "gcloud":
            assert arguments[0] == "-s", line
            assert arguments[1] in sessions(), line


def test_the_options_that_documents_give_to_sessions_are_understood() -> None:
    known = {
        "--abort", "--build", "--config", "--explain", "--fault", "--fix", "--force", "--format",
        "--hold", "--jobs", "--pause", "--port", "--resume", "--revision", "--secrets", "--seed",
        "--seeds", "--shell", "--startup-limit", "--state", "--to",
    }  # fmt: skip
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for line in re.findall(r"\bnox -s (?!tests)\w+ -- ([^`#\n)]+)", text):
            given = {word for word in line.split() if word.startswith("--")}
            assert given <= known, f"{document.name}: {line}"


def test_the_configuration_in_the_readme_is_valid(tmp_path: Path) -> None:
    (example,) = blocks(README, "yaml")
    file = tmp_path / "pipeline.yaml"
    file.write_text(example, "utf-8")

    assert load_config(file, {}).service == yaml.safe_load(example)["service"]


def test_the_state_that_is_documented_can_be_read() -> None:
    text = (ROOT / "docs/state.md").read_text("utf-8")
    keys = re.findall(r"^## `(cloud-run-pipeline/\w+)`", text, re.M)
    notes = dict(zip(keys, blocks(text, "json"), strict=True))
    service = _service(notes)
    candidate, lease = candidate_of(service), lease_of(service)

    assert keys == [CANDIDATE, RELEASES, VARIABLES, LEASE, REJECTED]
    assert candidate is not None
    assert lease is not None
    assert _plain(asdict(candidate)) == _note(notes, CANDIDATE)
    explained = {
        name
        for cell in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text, re.M)
        for name in re.findall(r"\w+", cell)
    }
    assert set(asdict(candidate)) == explained
    assert _plain([asdict(one) for one in releases_of(service)]) == _note(notes, RELEASES)
    assert _plain(asdict(lease)) == _note(notes, LEASE)
    assert _plain([asdict(one) for one in rejected_of(service)]) == _note(notes, REJECTED)
    assert variables_of(service) == {"DATABASE_URL", "LOG_LEVEL"}


def _note(notes: dict[str, str], key: str) -> object:
    return json.loads(notes[key])["note"]


def _plain(value: object) -> object:
    return json.loads(json.dumps(value))


def _service(notes: dict[str, str]) -> Service:
    return Service(
        name="agents-api", uri="", etag="", reconciling=False, ready=True, message="",
        latest_created="", latest_ready="", image="", traffic=(), serving=(), annotations=notes,
    )  # fmt: skip


def test_the_top_level_holds_what_it_may_and_no_more() -> None:
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")

    assert {name.split("/")[0] for name in listed.stdout.split("\0") if name} <= TOP_LEVEL


def test_every_action_is_pinned_by_commit_and_names_its_version() -> None:
    for file in CI_FILES[1:]:
        for line in re.findall(r"uses: (.+)", file.read_text("utf-8")):
            pinned = re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
            assert pinned or line.startswith("$/"), line
