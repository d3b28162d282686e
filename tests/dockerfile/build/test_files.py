"""The log of a stage's files says what a plain file system would say."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.build.entries import (
    ABSENT,
    UNKNOWN,
    Entry,
    Found,
    Presence,
    ancestors,
    clean,
)
from pipeline.dockerfile.build.files import Files
from pipeline.dockerfile.build.trees import ContextTree, Unknown
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place

HERE = Place("Dockerfile", 1)
NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))


@dataclass(frozen=True)
class Empty:
    """A base image with nothing in it."""

    def lookup(self, path: str, at: int | None = None) -> Found:
        return Found(Presence.PRESENT) if path == "/" else ABSENT


@dataclass
class Plain:
    """A file system kept as a table of path to owner."""

    owners: dict[str, str] = field(default_factory=lambda: {"/": "root"})

    def make(self, path: str, owner: str) -> None:
        for one in ancestors(posixpath.dirname(path)):
            self.owners.setdefault(one, owner)
        self.owners[path] = owner

    def remove(self, path: str) -> None:
        for one in self._from(path):
            del self.owners[one]

    def own(self, path: str, owner: str) -> None:
        for one in self._from(path):
            self.owners[one] = owner

    def copy(self, other: Plain, source: str, target: str) -> None:
        # The folders above the target are made by the copy itself, before this.
        for one in other._from(source):
            path = target + one[len(source) :]
            self.owners[path] = other.owners[one]

    def _from(self, path: str) -> list[str]:
        return [one for one in self.owners if one == path or one.startswith(f"{path}/")]


def entry(path: str, owner: str = "root", *, directory: bool = False) -> Entry:
    return Entry(path, directory, "test", 0, HERE, owner=owner)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), PATHS, st.sampled_from(["root", "app"])),
        st.tuples(st.just("remove"), PATHS, st.just("")),
        st.tuples(st.just("own"), PATHS, st.sampled_from(["root", "app"])),
    ),
    max_size=12,
)


def done(steps: list[tuple[str, str, str]], files: Files, plain: Plain) -> None:
    for what, path, owner in steps:
        files.now += 1
        match what:
            case "make":
                files.make(entry(path, owner))
                plain.make(path, owner)
            case "remove":
                files.remove(path)
                plain.remove(path)
            case "own":
                files.own(path, owner, recursive=True)
                plain.own(path, owner)


def every_path() -> list[str]:
    level = [""]
    found = []
    for _ in range(3):
        level = [f"{one}/{name}" for one in level for name in "abc"]
        found += level
    return found


def agree(files: Files, plain: Plain) -> None:
    for path in every_path():
        found = files.lookup(path)
        assert found.present == (path in plain.owners), path
        if found.entry is not None:
            assert found.entry.owner == plain.owners[path], path


@given(STEPS)
def test_what_was_made_removed_and_owned(steps: list[tuple[str, str, str]]) -> None:
    files, plain = Files(0, Empty()), Plain()
    done(steps, files, plain)
    agree(files, plain)


@given(STEPS, STEPS, PATHS, PATHS, STEPS)
def test_copies_keep_what_the_source_was(
    first: list[tuple[str, str, str]],
    second: list[tuple[str, str, str]],
    source: str,
    target: str,
    after: list[tuple[str, str, str]],
) -> None:
    builder, plain_builder = Files(0, Empty()), Plain()
    done(first, builder, plain_builder)
    files, plain = Files(1, Empty()), Plain()
    done(second, files, plain)
    if source in plain_builder.owners:
        files.now += 1
        above = posixpath.dirname(target)
        files.make(entry(above, directory=True)) if above != "/" else None
        plain.make(above, "root") if above != "/" else None
        files.mount(target, builder.view(), source)
        plain.copy(plain_builder, source, target)
    done(after, files, plain)
    agree(files, plain)


@given(STEPS, STEPS)
def test_a_moment_is_kept(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]]
) -> None:
    files, plain = Files(0, Empty()), Plain()
    done(before, files, plain)
    moment = files.now + 1
    done(after, files, Plain(dict(plain.owners)))
    for path in every_path():
        assert files.lookup(path, moment).present == (path in plain.owners)


def test_anything_may_be_where_an_unknown_program_wrote() -> None:
    files = Files(0, Empty())
    files.make(entry("/app/here"))
    files.now += 1
    files.blur("/app")
    assert files.lookup("/app/here").present
    assert files.lookup("/app/there") == UNKNOWN
    assert files.lookup("/else").absent
    files.now += 1
    files.remove("/app")
    assert files.lookup("/app/there").absent


def test_a_bind_mount_is_seen_by_its_instruction_alone() -> None:
    source, files = Files(0, Empty()), Files(1, Empty())
    source.make(entry("/lock"))
    files.now = 5
    files.mount("/lock", source.view(), "/lock")
    files.now = 7
    files.unbind("/lock")
    assert files.lookup("/lock", 6).present
    assert files.lookup("/lock", 7).present
    assert files.lookup("/lock", 8).absent
    assert files.lookup("/lock").absent


def test_what_comes_from_an_unknown_place_is_there_itself() -> None:
    files = Files(0, Empty())
    files.mount("/bin/uv", Unknown(), "/uv")
    assert files.lookup("/bin/uv").present
    assert files.lookup("/bin/uv/more") == UNKNOWN


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a//b/../c", "/a/c"),
        ("relative", "/relative"),
        ("/", "/"),
        ("/usr/lib/python3.11/site-packages", "/usr/lib/python3/site-packages"),
        ("/usr/bin/python3.11", "/usr/bin/python3"),
    ],
)
def test_a_path_has_one_form(path: str, expected: str) -> None:
    assert clean(path) == expected


def test_stages_upon_stages_end_in_unknown_and_not_in_a_crash() -> None:
    files = Files(0, Empty())
    files.make(entry("/deep"))
    for index in range(1, 300):
        above = Files(index, Empty())
        above.mount("/", files.view(), "/")
        files = above
    assert files.lookup("/deep") == UNKNOWN


def test_modes_as_they_were_set_last() -> None:
    files = Files(0, Empty())
    files.make(entry("/a/b"))
    files.make(entry("/a/c"))
    files.now += 1
    files.chmod("/a", 0o700, recursive=True)
    files.now += 1
    files.chmod("/a/c", 0o755, recursive=False)
    modes = {path: files.lookup(path).entry for path in ("/a", "/a/b", "/a/c")}
    assert {path: one and one.mode for path, one in modes.items()} == {
        "/a": 0o700,
        "/a/b": 0o700,
        "/a/c": 0o755,
    }
    assert (found := files.lookup("/a/b", 1).entry)
    assert found.mode is None


def test_an_owner_alone_is_not_that_of_what_lies_below() -> None:
    files = Files(0, Empty())
    files.make(entry("/a/b"))
    files.own("/a", "app", recursive=False)
    folder, file = files.lookup("/a").entry, files.lookup("/a/b").entry
    assert folder is not None
    assert file is not None
    assert (folder.owner, file.owner) == ("app", "root")


def test_what_lies_below_a_folder_through_copies() -> None:
    context = BuildContext.of({"src/a.py": "", "src/deep/b.py": "", "else.py": ""})
    builder, files = Files(0, Empty()), Files(1, Empty())
    builder.mount("/app", ContextTree(context, 0, HERE), "/src")
    builder.make(entry("/app/made"))
    files.mount("/srv/app", builder.view(), "/app")
    files.make(entry("/srv/own"))
    everything = {"/srv/app/a.py", "/srv/app/deep/b.py", "/srv/app/made", "/srv/own"}
    below = {path for path in files.below("/srv") if files.lookup(path).present}
    assert everything <= below
    assert "/srv/app/deep/b.py" in set(files.below("/srv/app/deep"))
    assert not any("else" in path for path in below)


def test_entries_of_the_context_say_where_they_come_from() -> None:
    context = BuildContext.of({"run.sh": ""}, {"run.sh": 0o755})
    files = Files(2, Empty())
    files.mount("/bin/run", ContextTree(context, 2, HERE), "/run.sh", "app")
    found = files.lookup("/bin/run").entry
    assert found is not None
    assert (found.source, found.mode, found.owner) == ("run.sh", 0o755, "app")
    assert (found.maker, found.stage, found.directory) == ("copy", 2, False)


def test_folders_on_the_way_are_made_by_the_same_hand() -> None:
    files = Files(3, Empty())
    files.make(Entry("/a/b/c", False, "pip", 3, HERE, owner="app", mode=0o644, text="x"))
    folder = files.lookup("/a/b").entry
    assert folder is not None
    assert (folder.directory, folder.owner, folder.mode, folder.text) == (True, "app", None, None)
    assert (folder.path, folder.maker) == ("/a/b", "pip")
