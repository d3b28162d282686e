"""The archive to upload: the same bytes for the same source, and nothing in it that is secret."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.commands import CLOUD_BUILD
from pipeline.config import Config, load_config
from pipeline.errors import SourceMissing, SourceRefused
from pipeline.steps import packing
from pipeline.steps.packing import packed
from pipeline.steps.source import build_files

KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 3
SETTINGS = "service: a\nproject: my-project\nregion: us-central1\nimage: a/b/c/d\nsource: src\n"
NAME = st.text("abcdé -_.", min_size=1, max_size=8).filter(lambda name: name.strip(". "))
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATH, st.tuples(st.binary(max_size=40), st.booleans()), max_size=8)


def project(folder: Path) -> Config:
    (folder / "src").mkdir(exist_ok=True)
    (folder / "pipeline.yaml").write_text(SETTINGS)
    (folder / "src/Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return load_config(folder / "pipeline.yaml", {})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return project(tmp_path)


def archive_of(config: Config) -> tuple[bytes, dict[str, tarfile.TarInfo]]:
    with packed(config) as archive:
        data = archive.file.read()
        assert archive.size == len(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as held:
        return data, {one.name: one for one in held.getmembers()}


def write(config: Config, files: dict[str, tuple[bytes, bool]], chance: random.Random) -> None:
    """The files in some order, at some time; what cannot be beside another is left out."""
    names = sorted(files)
    kept = [one for one in names if not any(other.startswith(f"{one}/") for other in names)]
    chance.shuffle(kept)
    for name in kept:
        content, runs = files[name]
        path = config.source_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(chance.choice((0o755, 0o700, 0o711) if runs else (0o644, 0o600, 0o664)))
        os.utime(path, (chance.randrange(10**9), chance.randrange(10**9)))


@settings(max_examples=60, deadline=None)
@given(FILES, st.randoms(use_true_random=False))
def test_the_same_source_is_the_same_bytes(
    files: dict[str, tuple[bytes, bool]], chance: random.Random
) -> None:
    archives = []
    for _ in range(2):
        with TemporaryDirectory() as folder:
            config = project(Path(folder))
            write(config, files, chance)
            archives.append(archive_of(config)[0])

    assert archives[0] == archives[1]


@settings(max_examples=60, deadline=None)
@given(FILES, st.randoms(use_true_random=False), st.sets(NAME, max_size=3))
def test_nothing_that_is_ignored_is_inside_and_all_else_is(
    files: dict[str, tuple[bytes, bool]], chance: random.Random, ignored: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        config = project(Path(folder))
        write(config, files, chance)
        names = sorted(one for one in ignored if not one.startswith("-"))
        (config.source_path / ".gcloudignore").write_text("\n".join(f"/{one}" for one in names))
        _, members = archive_of(config)
        there = {
            path.relative_to(config.source_path).as_posix()
            for path in config.source_path.rglob("*")
            if path.is_file()
        }

    out = {one.rstrip() for one in names}
    wanted = {one for one in there if one.split("/")[0] not in out and ".git" not in one.split("/")}
    inside = {one.removeprefix("context/") for one in members if one.startswith("context/")}
    assert inside == wanted


def test_entries_are_of_nobody_and_no_file_is_older_than_zip_knows(config: Config) -> None:
    (config.source_path / "run").write_text("x")
    (config.source_path / "run").chmod(0o750)
    _, members = archive_of(config)

    assert list(members) == [
        "Dockerfile", "Dockerfile.dockerignore", "context/Dockerfile", "context/run",
    ]  # fmt: skip
    for one in members.values():
        assert (one.uid, one.gid, one.uname, one.gname) == (0, 0, "", "")
        assert one.mtime == members["Dockerfile"].mtime > 315_532_800
    assert members["context/run"].mode == 0o755
    assert members["context/Dockerfile"].mode == 0o644


def test_git_and_what_the_two_files_name_stay_out(config: Config) -> None:
    source = config.source_path
    for name in (".git/config", "node_modules/a.js", "logs/x.log", "kept", "dist/a", "x/dist/a"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    (source / ".dockerignore").write_text("logs\n.gitignore\n")
    (source / ".gitignore").write_text("dist/\n")
    (source / ".gcloudignore").write_text("node_modules\n#!include:.gitignore\n.gcloudignore\n")
    _, members = archive_of(config)

    assert {one for one in members if one.startswith("context/")} == {
        "context/.dockerignore", "context/Dockerfile", "context/kept",
    }  # fmt: skip


def test_the_digest_is_of_what_is_uploaded(config: Config) -> None:
    (config.source_path / "note").write_text("x")
    (config.source_path / ".git").mkdir()
    (config.source_path / ".git/HEAD").write_text("x")

    assert [name for name, _ in build_files(config, CLOUD_BUILD)] == ["Dockerfile", "note"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("deep/key.json", json.dumps({"type": "service_account", "private_key": "x"}), "account"),
        ("server.pem", KEY, "private key"),
        (".env", "TOKEN=x", "TOKEN"),
        ("application_default_credentials.json", "{}", "Google credentials"),
        (".npmrc", "//registry.npmjs.org/:_authToken=npm_x", "token"),
    ],
)
def test_a_credential_is_refused_by_name_until_it_is_ignored(
    name: str, content: str, why: str, config: Config
) -> None:
    path = config.source_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)

    with pytest.raises(SourceRefused) as refused, packed(config):
        pass
    assert refused.value.what == f"{name} must not be uploaded"
    assert refused.value.remedy.endswith(f": {name}")
    assert why in refused.value.lines[0]
    (config.source_path / ".dockerignore").write_text(name)
    assert f"context/{name}" not in archive_of(config)[1]


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../outside", "inner/../../outside", "loop/../x"]
)
def test_a_link_out_of_the_source_is_refused(target: str, config: Config) -> None:
    (config.source_path / "inner").mkdir()
    (config.source_path / "loop").symlink_to(".")
    (config.source_path / "link").symlink_to(target)

    with pytest.raises(SourceRefused) as refused, packed(config):
        pass
    assert refused.value.lines == (f"link: a link out of the source: {target}",)


@pytest.mark.parametrize("name", [".gitignroe", "/etc/hostname", "sub/.gitignore", ".."])
def test_rules_that_are_not_there_are_no_rules_to_upload_by(name: str, config: Config) -> None:
    (config.source_path / ".gcloudignore").write_text(f"#!include:{name}\n")

    with pytest.raises(SourceRefused, match="and there is no such file beside it") as refused:
        archive_of(config)
    assert name in refused.value.what


def test_folders_may_be_as_deep_as_the_system_lets_them(config: Config) -> None:
    top = config.source_path / "d"
    folder = os.open(config.source_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("f", os.O_CREAT, dir_fd=folder))
    os.close(folder)

    try:
        assert f"context/{'d/' * 1500}f" in archive_of(config)[1]
    finally:
        subprocess.run(["rm", "-rf", top], check=True)  # pytest's own cleaning is recursive


def test_a_link_inside_is_kept_as_a_link(config: Config) -> None:
    (config.source_path / "sub").mkdir()
    (config.source_path / "sub/link").symlink_to("../Dockerfile")
    (config.source_path / "nowhere").symlink_to("sub/absent")
    _, members = archive_of(config)

    assert members["context/sub/link"].linkname == "../Dockerfile"
    assert members["context/nowhere"].issym()


def test_a_source_that_is_too_large_names_its_largest(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "LARGEST", 3_000_000)
    for name, size in (("small", 1), ("big", 2_000_000), ("bigger", 5_000_000)):
        (config.source_path / name).write_bytes(b"\0" * size)

    with pytest.raises(SourceRefused) as refused, packed(config):
        pass
    assert refused.value.what == "the source has 7 MB, and 3 MB is the most"
    assert refused.value.lines[:2] == ("5 MB  bigger", "2 MB  big")


def test_a_file_that_shrinks_while_it_is_packed_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config.source_path / "shrinks"
    path.write_bytes(b"x" * 2_000_000)
    look = os.fstat

    def shrink(file: int) -> os.stat_result:
        status = look(file)
        if status.st_size == 2_000_000:
            os.truncate(path, 5)
        return status

    monkeypatch.setattr(os, "fstat", shrink)
    with pytest.raises(SourceMissing, match="shrinks cannot be packed"), packed(config):
        pass


def test_pipes_are_passed_over_and_what_cannot_be_read_is_named(config: Config) -> None:
    os.mkfifo(config.source_path / "pipe")
    assert "context/pipe" not in archive_of(config)[1]
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (config.source_path / "closed").touch(mode=0)
    with pytest.raises(SourceMissing, match="closed"), packed(config):
        pass
