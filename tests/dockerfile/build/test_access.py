"""Whether the user of an image may write in its folders."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.access import Access, may_make, may_write, same_user
from tests.dockerfile.build.building import build_of

USERS = "FROM debian:12\nRUN useradd -u 1001 app && useradd other\n"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("app", "app", True), ("root", "0", True), ("root", "app", False), ("app", "0", False),
        ("app", "1001", True), ("1001", "app", True), ("app", "other", False),
        ("1001", "other", False), ("strange", "app", False), ("strange", "1001", None),
        ("7", "8", False), ("7", "strange", None),
    ],
)  # fmt: skip
def test_names_of_one_user(one: str, two: str, *, same: bool | None) -> None:
    assert same_user(build_of(USERS).final.machine, one, two) is same


@pytest.mark.parametrize(
    ("lines", "folder", "access"),
    [
        ("RUN mkdir /data\nUSER app", "/data", Access.NO_RIGHT),
        ("RUN mkdir /data", "/data", Access.YES),
        ("RUN install -d -o app /data\nUSER app", "/data", Access.YES),
        ("RUN install -d -o app /data\nUSER 1001", "/data", Access.YES),
        ("RUN install -d -o other /data\nUSER app", "/data", Access.NO_RIGHT),
        ("RUN install -d -o strange /data\nUSER 7", "/data", Access.UNKNOWN),
        ("RUN mkdir -m 777 /data\nUSER app", "/data", Access.YES),
        ("RUN mkdir -m 775 /data\nUSER app", "/data", Access.UNKNOWN),
        ("RUN mkdir -m 755 /data\nUSER app", "/data", Access.NO_RIGHT),
        ("RUN mkdir /data && chmod -R g+w /data\nUSER app", "/data", Access.UNKNOWN),
        ("RUN umask 000 && mkdir /data\nUSER app", "/data", Access.UNKNOWN),
        ("RUN umask 022 && mkdir /data\nUSER app", "/data", Access.NO_RIGHT),
        ("RUN mkdir /data\nVOLUME /data\nUSER app", "/data", Access.UNKNOWN),
        ('RUN mkdir /data\nVOLUME ["/data/"]\nUSER app', "/data/deep", Access.UNKNOWN),
        ("USER app", "/nothing", Access.NO_FOLDER),
        ("USER app", "/tmp", Access.YES),
        ("USER app", "/tmp/deep", Access.NO_FOLDER),
        ("RUN mkdir /tmp/deep\nUSER app", "/tmp/deep", Access.YES),
        ("USER app", "/etc", Access.NO_RIGHT),
        ("RUN chmod 777 /srv\nUSER app", "/srv", Access.UNKNOWN),
        ("RUN chown app /srv\nUSER app", "/srv", Access.YES),
        ("USER app", "/var/log/shop", Access.NO_FOLDER),
        ("USER app", "/var/log/nginx", Access.UNKNOWN),
        ("ARG WHO\nUSER $WHO", "/etc", Access.UNKNOWN),
        ("RUN touch /data\nUSER app", "/data", Access.UNKNOWN),
    ],
)
def test_writing(lines: str, folder: str, access: Access) -> None:
    assert may_write(build_of(f"{USERS}{lines}\n"), folder).access is access


@pytest.mark.parametrize(
    ("lines", "folder", "access", "where"),
    [
        ("WORKDIR /app\nUSER app", "/app/logs/deep", Access.NO_RIGHT, "/app"),
        ("WORKDIR /app\nRUN chown app .\nUSER app", "/app/logs/deep", Access.YES, "/app"),
        ("WORKDIR /app\nUSER app", "/app", Access.YES, "/app"),
        ("USER app", "/tmp/logs", Access.YES, "/tmp"),
        ("USER app", "/logs", Access.NO_RIGHT, "/"),
        ("", "/logs", Access.YES, "/"),
    ],
)
def test_making_folders(lines: str, folder: str, access: Access, where: str) -> None:
    answer = may_make(build_of(f"{USERS}{lines}\n"), folder)
    assert (answer.access, answer.folder) == (access, where)
