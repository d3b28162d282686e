"""The build context as the engine sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dockerfile.context import BuildContext, ContextFile, open_context
from pipeline.dockerfile.ignore import Ignore
from pipeline.dockerfile.patterns import segment_matcher
from pipeline.dockerfile.tree import disk, memory, walk

PROJECT = {
    "Dockerfile": "FROM scratch",
    "package.json": "{}",
    "app/main.py": "import os",
    "app/sub/deep.py": "",
    "app/[x].txt": "",
    "node_modules/left-pad/index.js": "",
    "empty/": "",
    "start.sh": "#!/bin/sh",
}


def on_disk(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (root / path).mkdir(exist_ok=True)
        else:
            (root / path).write_text(text)
    return root


def test_the_disk_and_memory_say_the_same(tmp_path: Path) -> None:
    files = {**PROJECT, ".dockerignore": "node_modules\n*.sh\n"}
    seen = open_context(on_disk(tmp_path, files))
    told = BuildContext.of(files)
    assert list(seen.files) == list(told.files)
    assert list(seen.ignored) == list(told.ignored) == ["node_modules/", "start.sh"]
    assert seen.folders == told.folders == {"", "app", "app/sub", "empty"}
    assert seen.ignore_file == told.ignore_file == ".dockerignore"
    assert seen.complete
    assert told.complete
    assert seen.text("app/main.py") == told.text("app/main.py") == "import os"


@pytest.mark.parametrize(
    ("path", "exists", "folder"),
    [
        ("app/main.py", True, False),
        ("./app//main.py", True, False),
        ("/app/main.py", True, False),
        ("../../app/main.py", True, False),  # the engine stops at the root
        ("app/../package.json", True, False),
        ("app", True, True),
        ("app/", True, True),
        (".", True, True),
        ("", True, True),
        ("empty", True, True),
        ("App/main.py", False, False),
        ("app/main.py/more", False, False),
        ("ap", False, False),
        ("absent", False, False),
        ("a\0b", False, False),
    ],
)
def test_what_is_there(path: str, exists: bool, folder: bool) -> None:
    context = BuildContext.of(PROJECT)
    assert (context.exists(path), context.is_dir(path)) == (exists, folder)


def test_files_below_a_folder() -> None:
    context = BuildContext.of({**PROJECT, "app-two/x.py": "", "app.py": ""})
    assert list(context.under("app")) == ["app/[x].txt", "app/main.py", "app/sub/deep.py"]
    assert list(context.under("app/sub/")) == ["app/sub/deep.py"]
    assert list(context.under(".")) == sorted(context.files)
    assert list(context.under("app/main.py")) == []
    assert list(context.under("absent")) == []


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*.json", ["package.json"]),
        ("package*.json", ["package.json"]),
        ("package.json*", ["package.json"]),
        ("./package*.json", ["package.json"]),
        ("app/*", ["app/[x].txt", "app/main.py", "app/sub"]),
        ("*/*.py", ["app/main.py"]),
        ("*/*/*.py", ["app/sub/deep.py"]),
        ("app/**/deep.py", ["app/sub/deep.py"]),
        ("**/main.py", ["app/main.py"]),
        ("**.py", []),
        ("a?p", ["app"]),
        ("[a-c]pp", ["app"]),
        ("[^a]*", ["Dockerfile", "empty", "node_modules", "package.json", "start.sh"]),
        ("app/\\[x\\].txt", ["app/[x].txt"]),
        ("app/[[]x].txt", ["app/[x].txt"]),
        ("[", []),
        ("[z-a]pp", []),
        ("a\\", []),
        ("absent*", []),
    ],
)
def test_patterns(pattern: str, paths: list[str]) -> None:
    assert BuildContext.of(PROJECT).matching(pattern) == paths


def test_a_hostile_pattern_takes_no_time() -> None:
    matcher = segment_matcher("*a" * 200 + "b")
    assert matcher is not None
    start = time.perf_counter()
    assert not matcher("a" * 2_000)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("rule", ["**/" * 20 + "x", "*a" * 20 + "b", "**a" * 20 + "b", "a**/" * 9])
def test_a_hostile_rule_takes_no_time(rule: str) -> None:
    start = time.perf_counter()
    assert not Ignore.parse(rule).excludes("a/" * 100 + "a" * 200 + "c")
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("rules", "files", "ignored"),
    [
        ("*\n!app\n", ["app/[x].txt", "app/main.py", "app/sub/deep.py"], "package.json"),
        ("*\n!app/sub/deep.py\n", ["app/sub/deep.py"], "app/main.py"),
        ("app\n!app/*/deep.py\nempty\n*.*\n", ["Dockerfile", "app/sub/deep.py"], "app/main.py"),
        ("**\n!**/deep.py\n", ["app/sub/deep.py"], "node_modules/left-pad/index.js"),
        ("*\n!app/**/*.py\napp/sub\n", ["app/main.py"], "app/sub/"),
        ("*\n!app\n**/sub\n", ["app/[x].txt", "app/main.py"], "app/sub/"),
    ],
)
def test_exceptions_let_files_in_again(rules: str, files: list[str], ignored: str) -> None:
    context = BuildContext.of({**PROJECT, ".dockerignore": rules})
    if "node_modules" not in rules and not rules.startswith(("*", "**")):
        files = [*files, "node_modules/left-pad/index.js"]
    assert list(context.files) == files
    assert ignored in context.ignored
    assert all(context.is_dir(path.rpartition("/")[0]) for path in context.files)


def test_folders_left_out_are_not_entered() -> None:
    entered = []

    def listing(folder: str) -> object:
        entered.append(folder)
        return memory({"node_modules/a/b.js": b"", "src/x.ts": b""}, {}, {})(folder)

    walk(listing, Ignore.parse("*\n!src\n**/node_modules"))  # type: ignore[arg-type]
    assert entered == ["", "src"]


def test_the_rules_beside_the_dockerfile_win(tmp_path: Path) -> None:
    files = {
        "docker/api.Dockerfile": "",
        "docker/api.Dockerfile.dockerignore": "b.txt",
        ".dockerignore": "a.txt",
        "a.txt": "",
        "b.txt": "",
    }
    root = on_disk(tmp_path, files)
    for context in (
        open_context(root, root / "docker/api.Dockerfile"),
        BuildContext.of(files, dockerfile="docker/api.Dockerfile"),
    ):
        assert context.ignore_file == "docker/api.Dockerfile.dockerignore"
        assert (context.exists("a.txt"), context.exists("b.txt")) == (True, False)
    assert not open_context(root).exists("a.txt")


def test_rules_outside_the_context(tmp_path: Path) -> None:
    root = on_disk(tmp_path, {"D.dockerignore": "secret", "src/secret": "", "src/x": ""}) / "src"
    context = open_context(root, tmp_path / "D")
    assert list(context.files) == ["x"]
    assert context.ignore_file == "../D.dockerignore"


def test_links(tmp_path: Path) -> None:
    files = {"real/file.txt": "hello", "other": ""}
    links = {
        "to-file": "real/file.txt",
        "to-folder": "real",
        "real/up": "../other",
        "chain": "to-folder",
        "loop": "loop",
        "ping": "pong",
        "pong": "ping",
        "outside": "../../etc/passwd",
        "absolute": "/etc/passwd",
        "broken": "nowhere",
    }
    root = on_disk(tmp_path, files)
    for path, target in links.items():
        (root / path).symlink_to(target)
    for context in (open_context(root), BuildContext.of(files, links=links)):
        assert context.text("to-file") == "hello"
        assert context.text("chain/file.txt") == "hello"
        assert context.is_dir("to-folder")
        assert list(context.under("chain")) == ["real/file.txt", "real/up"]
        assert context.resolve("chain/up") == "other"
        for path in ("loop", "ping", "outside", "absolute", "broken", "loop/x"):
            assert not context.exists(path)
            assert context.text(path) is None
            assert context.data(path, 10) is None
        assert context.files["broken"].link == "nowhere"
        assert not context.executable("broken")


def test_reading_is_bounded() -> None:
    context = BuildContext.of(
        {
            "large": "x" * 1_000_001,
            "fits": "x" * 1_000_000,
            "binary": b"\x7fELF\0",
            "latin": b"caf\xe9",
            "windows": "requests==2\r\n".encode("utf-16"),
            "lines": "a\r\nb",
        }
    )
    assert context.text("large") is None
    assert context.data("large", 3) == b"xxx"
    assert context.text("fits") == "x" * 1_000_000
    assert context.text("binary") is None
    assert context.text("latin") == "caf\ufffd"
    assert context.text("windows") == "requests==2\r\n"
    assert context.text("lines") == "a\r\nb"
    assert context.text("absent") is None
    assert context.data("absent", 1) is None


def test_texts_are_read_once() -> None:
    reads = []

    def read(path: str, limit: int) -> bytes:
        reads.append(path)
        return b"text"

    context = BuildContext({"a": ContextFile("a", 4, 0o644)}, read=read)
    assert [context.text("a"), context.text("./a")] == ["text", "text"]
    assert reads == ["a"]


def test_modes(tmp_path: Path) -> None:
    root = on_disk(tmp_path, {"run": "", "data": ""})
    (root / "run").chmod(0o755)
    (root / "data").chmod(0o600)
    for context in (open_context(root), BuildContext.of({"run": "", "data": ""}, {"run": 0o755})):
        assert context.executable("run")
        assert not context.executable("data")
        assert not context.executable("absent")


def test_special_files_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert dict(open_context(tmp_path).files) == {}


def test_what_cannot_be_read_is_unknown() -> None:
    def listing(folder: str) -> object:
        if folder == "closed":
            raise PermissionError(folder)
        return memory({"closed/x": b"", "open/y": b""}, {}, {})(folder)

    tree = walk(listing, Ignore())  # type: ignore[arg-type]
    assert tree.unreadable == ("closed",)
    assert list(tree.files) == ["open/y"]
    assert not BuildContext(tree.files, unreadable=tree.unreadable).complete


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    context = open_context(tmp_path / "absent")
    assert not context.complete
    assert not context.files


def test_entries_are_capped(tmp_path: Path) -> None:
    on_disk(tmp_path, {f"f{n}": "" for n in range(10)})
    tree = walk(disk(tmp_path), Ignore(), limit=5)
    assert tree.truncated
    assert len(tree.files) == 5
    assert not BuildContext(tree.files, truncated=True).complete


def test_too_many_rules_are_not_guessed(tmp_path: Path) -> None:
    context = BuildContext.of({".dockerignore": "a\n" * 200_000, "a": ""})
    assert context.exists("a")
    assert not context.complete


NAMES = st.text(alphabet="ab/.*?[]\\^-\0é ", max_size=12)


@given(st.dictionaries(NAMES, st.text(max_size=5), max_size=6), NAMES, NAMES, st.text(max_size=20))
@example({"/?": ""}, "?", "", "")
def test_nothing_raises(files: dict[str, str], path: str, link: str, rules: str) -> None:
    context = BuildContext.of({**files, ".dockerignore": rules}, links={"x": link, "a/x": "../x"})
    assert context.exists(path) or not context.is_dir(path)
    assert set(context.matching(path)) <= context.folders | set(context.files)
    assert set(context.under(path)) <= set(context.files)
    context.text(path)
    context.data(path, 3)
    context.executable(path)
