"""Official images of Python, Node, Go and Rust, by their tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.dockerfile.build.images.base import Base
from pipeline.dockerfile.build.images.programs import COMPILERS, NODE, PYTHON, named
from pipeline.dockerfile.build.images.reference import Tag
from pipeline.dockerfile.build.images.systems import (
    ALPINE_NEWEST,
    DEBIAN_NEWEST,
    PATH,
    debian,
    full,
    named_system,
    with_certificates,
    with_sources,
)

NODE_NEWEST, NODE_LTS = 26, 24
_NODE_NAMES = {
    "erbium": 12, "fermium": 14, "gallium": 16, "hydrogen": 18, "iron": 20, "jod": 22,
    "krypton": NODE_LTS, "lts": NODE_LTS, "current": NODE_NEWEST,
}  # fmt: skip


_SITE = "/usr/local/lib/python3/site-packages"
_IN_SITE = frozenset(
    f"{_SITE}/{name}"
    for name in named("pip setuptools wheel pkg_resources _distutils_hack README.txt")
)


def moves(tag: Tag, since: tuple[int, int] = (0, 0)) -> bool:
    """Whether the tag stands on the newest system: it names no exact release and none too old."""
    major, minor = tag.numbers
    is_old = major >= 0 and (major, minor if minor >= 0 else 9_999) < since
    return not is_old and not tag.exact


def variant(
    tag: Tag, *extra: str, newest_debian: bool = True, newest_alpine: bool | None = None
) -> tuple[Base, frozenset[str]] | None:
    """The system below, and the words of the tag that ``extra`` allows; None for other words.

    What has no word for its release stands on the newest, or on one that is not known.
    """
    if {"alpine", "slim"} <= tag.words:
        return None
    newest_alpine = newest_debian if newest_alpine is None else newest_alpine
    default = debian(DEBIAN_NEWEST if newest_debian else "")
    system, words = named_system(tag, default, ALPINE_NEWEST if newest_alpine else "")
    words -= {"slim", "rc"}
    return None if words - set(extra) else (system, words)


def add(base: Base, programs: frozenset[str], **changes: object) -> Base:
    return replace(base, programs=base.programs | programs, **changes)  # type: ignore[arg-type]


def aged(system: Base, tag: Tag, recent: tuple[int, int]) -> Base:
    """The system, marked as recent where the tag names a release from ``recent`` on."""
    return replace(system, recent=True) if not system.version and tag.numbers >= recent else system


def is_full(tag: Tag, system: Base) -> bool:
    return system.manager == "apt" and "slim" not in tag.words


def python(tag: Tag) -> Base | None:
    found = variant(tag, newest_debian=moves(tag, (3, 9)))
    if found is None:
        return None
    system = full(found[0]) if is_full(tag, found[0]) else with_certificates(found[0])
    major, minor = tag.numbers
    programs = PYTHON | ({f"python{major}.{minor}", f"pip{major}.{minor}"} if minor >= 0 else set())
    complete = tag.version.count(".") == 2
    return add(
        system, programs, python=tag.version, python_prefix="/usr/local", cmd=("python3",),
        env={**system.env, "LANG": "C.UTF-8", "PYTHON_VERSION": tag.version if complete else None},
        folders=system.folders | {_SITE}, paths=system.paths | _IN_SITE,
    )  # fmt: skip


def pypy(tag: Tag) -> Base | None:
    own = {word for word in tag.words if word[:1].isdigit()}  # PyPy's version after Python's
    found = variant(tag.but(*own), newest_debian=False)
    if found is None:
        return None
    system = full(found[0]) if is_full(tag, found[0]) else with_certificates(found[0])
    return add(
        system, named("pypy pypy3"), partial=True, python=tag.version, cmd=("pypy3",),
        python_prefix="/opt/pypy", paths=system.paths | {"/opt/pypy"},
        env={**system.env, "PATH": f"/opt/pypy/bin:{PATH}"},
    )  # fmt: skip


def _node_system(tag: Tag, major: int) -> tuple[Base, frozenset[str]] | None:
    """Bookworm and a managed Python of Alpine from some release of each version on."""
    minor = tag.numbers[1]
    since_bookworm = {18: 17, 20: 3, 22: 0, 24: 0}.get(major)
    since_alpine = {18: 20, 20: 11, 21: 6}.get(major, 0 if major > 21 else 9_999)
    found = variant(
        tag,
        newest_debian=major >= 26,
        newest_alpine=(minor < 0 and major >= 18) or minor >= since_alpine,
    )
    if found is None or found[0].version or found[0].manager != "apt" or since_bookworm is None:
        return found
    return (debian("12"), found[1]) if minor < 0 or minor >= since_bookworm else found


def node(tag: Tag) -> Base | None:
    names = tag.words & _NODE_NAMES.keys()
    major = tag.numbers[0]
    if major < 0:
        major = min((_NODE_NAMES[name] for name in names), default=NODE_NEWEST)
    found = _node_system(tag.but(*names), major)
    if found is None:
        return None
    system = full(found[0]) if is_full(tag, found[0]) else found[0]
    if major < 26 and not system.version and system.minimal:
        system = replace(system, openssl=False)
    programs = NODE | ({"yarn", "yarnpkg"} if major < 26 else set())
    programs |= {"corepack"} if 16 < major < 25 else set()
    version = tag.version or str(major)
    env: Mapping[str, str | None] = {
        **system.env,
        "NODE_VERSION": version if version.count(".") == 2 else None,
        **({"YARN_VERSION": None} if major < 26 else {}),
    }
    return add(
        system, programs | {"docker-entrypoint.sh"}, node=version, env=env,
        homes={**system.homes, "node": "/home/node", "1000": "/home/node"},
        folders=system.folders | {"/home/node"}, entrypoint=("docker-entrypoint.sh",),
        cmd=("node",),
    )  # fmt: skip


def golang(tag: Tag) -> Base | None:
    found = variant(tag, newest_debian=moves(tag, (1, 25)))
    if found is None:
        return None
    system = aged(found[0], tag, (1, 22))
    if system.manager == "apt":
        system = add(with_sources(system), COMPILERS | {"pkg-config"})
    env = {**system.env, "GOLANG_VERSION": None, "GOTOOLCHAIN": "local", "GOPATH": "/go",
           "PATH": f"/go/bin:/usr/local/go/bin:{PATH}"}  # fmt: skip
    return add(
        system, named("go gofmt"), env=env, workdir="/go", folders=system.folders | {"/go"},
        paths=system.paths | {"/usr/local/go"},
    )  # fmt: skip


def rust(tag: Tag) -> Base | None:
    found = variant(tag, newest_debian=moves(tag, (1, 90)))
    if found is None:
        return None
    system = aged(found[0], tag, (1, 76))
    system = full(system) if is_full(tag, system) else with_certificates(system)
    tools = named("rustc cargo rustup rustdoc gcc cc ld ar as")
    env = {**system.env, "RUSTUP_HOME": "/usr/local/rustup", "CARGO_HOME": "/usr/local/cargo",
           "RUST_VERSION": None, "PATH": f"/usr/local/cargo/bin:{PATH}"}  # fmt: skip
    return add(system, tools, env=env, partial=system.partial or system.minimal)


FAMILIES = {"python": python, "pypy": pypy, "node": node, "golang": golang, "rust": rust}
