"""``pyproject.toml``, ``setup.cfg``, ``setup.py`` and ``Pipfile`` as far as they are static."""

from __future__ import annotations

import configparser
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.dockerfile.projects.python_calls import calls
from pipeline.dockerfile.projects.requirements import Requirement, normalise, requirement
from pipeline.dockerfile.projects.tables import Table, pairs, table, tables, text, texts, toml
from pipeline.dockerfile.projects.values import Call, Unknown, Value

Requirements = tuple[Requirement, ...]
_COMPILING = frozenset({"maturin", "scikit_build_core.build"})
_CONDITION = re.compile(r"\b(?:if(?!\s+__name__)|try|environ|getenv)\b")


@dataclass(frozen=True)
class Project:
    """A Python project. Empty is what the file does not say.

    ``packages`` are the folders of its import packages as they are named, ``sources`` the folders
    in which packages are looked for (``src``). ``package_mode`` is poetry's ``package-mode`` or
    uv's ``package``. ``dynamic``: the dependencies stand elsewhere or are computed. ``compiles``:
    a part of it is certainly compiled when it is installed.
    """

    name: str = ""
    version: str = ""
    dependencies: Requirements = ()
    optional: Mapping[str, Requirements] = field(default_factory=dict)
    groups: Mapping[str, Requirements] = field(default_factory=dict)
    backend: str = ""
    packages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    package_mode: bool | None = None
    scripts: Mapping[str, str] = field(default_factory=dict)
    tools: frozenset[str] = frozenset()
    dynamic: bool = False
    compiles: bool = False

    @property
    def script_modules(self) -> dict[str, str]:
        """The module that each script of the project runs."""
        return {name: target.partition(":")[0].strip() for name, target in self.scripts.items()}


def pyproject(source: str) -> Project | None:
    """What a ``pyproject.toml`` says; None where it cannot be read."""
    data = toml(source)
    if data is None:
        return None
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    groups = {name: _group(data, name, set()) for name in table(data, "dependency-groups")}
    groups |= {
        name: _parsed(texts(v))
        for name, v in table(data, "tool", "pdm", "dev-dependencies").items()
    }
    if dev := texts(table(data, "tool", "uv").get("dev-dependencies")):
        groups["dev"] = groups.get("dev", ()) + _parsed(dev)
    return Project(
        name=normalise(text(project, "name") or text(poetry, "name")),
        compiles=text(table(data, "build-system"), "build-backend") in _COMPILING
        or any(
            one.get("optional") is not True
            for one in tables(table(data, "tool", "setuptools").get("ext-modules"))
        ),
        version=text(project, "version") or text(poetry, "version"),
        dependencies=_parsed(texts(project.get("dependencies")))
        + _poetry_requirements(table(poetry, "dependencies")),
        optional={
            normalise(name): _parsed(texts(value))
            for name, value in table(project, "optional-dependencies").items()
        },
        groups=groups | _poetry_groups(poetry),
        backend=text(table(data, "build-system"), "build-backend"),
        packages=_packages(data),
        sources=_sources(data),
        package_mode=_package_mode(data),
        scripts=pairs(table(project, "scripts")) | pairs(table(poetry, "scripts")),
        tools=frozenset(table(data, "tool")),
        dynamic="dependencies" in texts(project.get("dynamic")),
    )


def _group(data: Table, name: str, seen: set[str]) -> Requirements:
    """A dependency group with the groups it includes."""
    if name in seen or len(seen) > 50:
        return ()
    seen.add(name)
    members = table(data, "dependency-groups").get(name)
    found = _parsed(texts(members))
    for include in tables(members):
        found += _group(data, text(include, "include-group"), seen)
    return found


def _parsed(items: Iterable[str]) -> Requirements:
    return tuple(found for item in items if (found := requirement(item)))


def _poetry_groups(poetry: Table) -> dict[str, Requirements]:
    groups = {
        name: _poetry_requirements(table(group, "dependencies"))
        for name, group in table(poetry, "group").items()
    }
    if old := table(poetry, "dev-dependencies"):
        groups["dev"] = groups.get("dev", ()) + _poetry_requirements(old)
    return groups


def _poetry_requirements(entries: Table) -> Requirements:
    """The entries of a poetry or Pipfile table; optional ones, which extras bring, left out."""
    found: list[Requirement] = []
    for name, value in entries.items():
        if normalise(name) == "python":
            continue
        single: Table = {"version": value} if isinstance(value, str) else table({"": value}, "")
        if single.get("optional") is not True:
            found.append(_poetry_requirement(name, single))
    return tuple(found)


def _poetry_requirement(name: str, entry: Table) -> Requirement:
    target = next(
        (text(entry, key) for key in ("git", "url", "path", "file") if text(entry, key)), ""
    )
    kind = "path" if "path" in entry or "file" in entry else "url" if target else "package"
    version = text(entry, "version").replace(" ", "")
    return Requirement(
        kind,
        normalise(name),
        tuple(map(normalise, texts(entry.get("extras")))),
        "" if version == "*" else version,
        text(entry, "markers"),
        target,
        editable=entry.get("develop") is True or entry.get("editable") is True,
    )


def _packages(data: Table) -> tuple[str, ...]:
    tool = table(data, "tool")
    found = [
        posixpath.join(text(entry, "from"), text(entry, "include"))
        for entry in tables(table(tool, "poetry").get("packages"))
    ]
    setuptools = table(tool, "setuptools")
    folders = pairs(table(setuptools, "package-dir"))
    found += [_folder(name, folders) for name in texts(setuptools.get("packages"))]
    found += texts(table(tool, "hatch", "build", "targets", "wheel").get("packages"))
    return tuple(found)


def _folder(package: str, folders: Mapping[str, str]) -> str:
    """Where setuptools looks for a package."""
    if package in folders:
        return folders[package]
    return posixpath.join(folders.get("", ""), package.replace(".", "/"))


def _sources(data: Table) -> tuple[str, ...]:
    tool = table(data, "tool")
    found = [*texts(table(tool, "setuptools", "packages", "find").get("where"))]
    found += [pairs(table(tool, "setuptools", "package-dir")).get("", "")]
    found += [text(entry, "from") for entry in tables(table(tool, "poetry").get("packages"))]
    found += [text(table(tool, "pdm", "build"), "package-dir")]
    found += [text(table(tool, "uv", "build-backend"), "module-root")]
    return tuple(dict.fromkeys(filter(None, found)))


def _package_mode(data: Table) -> bool | None:
    for value in (
        table(data, "tool", "poetry").get("package-mode"),
        table(data, "tool", "uv").get("package"),
        table(data, "tool", "pdm").get("distribution"),
    ):
        if isinstance(value, bool):
            return value
    return None


def pipfile(source: str) -> Project | None:
    """What a ``Pipfile`` says."""
    data = toml(source)
    if data is None:
        return None
    dev = _poetry_requirements(table(data, "dev-packages"))
    return Project(
        dependencies=_poetry_requirements(table(data, "packages")),
        groups={"dev": dev} if dev else {},
        scripts={},
    )


def setup_cfg(source: str) -> Project | None:
    """What a ``setup.cfg`` says."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=", ":"))
    try:
        parser.read_string(source.removeprefix("\ufeff"))
    except (configparser.Error, ValueError, RecursionError):
        return None

    def lines(section: str, option: str) -> tuple[str, ...]:
        value = parser.get(section, option, fallback="") or ""
        return tuple(line.strip() for line in value.splitlines() if line.strip())

    options = (
        parser.options("options.extras_require")
        if parser.has_section("options.extras_require")
        else []
    )
    folders = dict(_assigned(lines("options", "package_dir")))
    packages = [item for item in lines("options", "packages") if not item.startswith("find")]
    return Project(
        name=normalise(" ".join(lines("metadata", "name"))),
        version=" ".join(lines("metadata", "version")),
        dependencies=_parsed(lines("options", "install_requires")),
        optional={n: _parsed(lines("options.extras_require", n)) for n in options},
        packages=tuple(_folder(name, folders) for name in packages),
        sources=tuple(
            filter(None, {folders.get("", ""), *lines("options.packages.find", "where")})
        ),
        scripts=dict(_assigned(lines("options.entry_points", "console_scripts"))),
    )


def _assigned(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, sign, value = line.partition("=")
        if sign:
            yield name.strip(), value.strip()


def setup_py(source: str) -> Project | None:
    """What a ``setup.py`` says where it says so with constants."""
    found = calls(source)
    made = next((c for c in found or () if c.callee.rpartition(".")[2] == "setup"), None)
    if found is None or made is None:
        return None
    keywords: Table = made.keywords
    folders = pairs(table(keywords, "package_dir"))
    finds = [c for c in found if c.callee.rpartition(".")[2].startswith("find_")]
    where = [text(c.keywords, "where") or "".join(texts(c.arguments[:1])) for c in finds]
    requires = keywords.get("install_requires", ())
    console = texts(table(keywords, "entry_points").get("console_scripts"))
    return Project(
        name=normalise(text(keywords, "name")),
        version=text(keywords, "version"),
        dependencies=_parsed(texts(requires)),
        optional={
            normalise(name): _parsed(texts(value))
            for name, value in table(keywords, "extras_require").items()
        },
        packages=tuple(_folder(name, folders) for name in texts(keywords.get("packages"))),
        sources=tuple(dict.fromkeys(filter(None, [folders.get("", ""), *where]))),
        scripts=dict(_assigned(console)),
        dynamic=isinstance(requires, Unknown)
        or len(texts(requires)) != (len(requires) if isinstance(requires, tuple) else 1),
        compiles=_has_extensions(made, found, depends=_CONDITION.search(source) is not None),
    )


def _has_extensions(setup: Call, found: Iterable[Call], *, depends: bool) -> bool:
    """Whether ``setup()`` is certainly given extensions that it may not do without.

    ``depends``: what is not a plain list may be an empty one.
    """
    said = setup.keywords
    if setup.guards or "cmdclass" in said or "**" in said:
        return False
    made = [c for c in found if c.callee.endswith(("Extension", "cythonize"))]
    if any(c.keywords.get("optional", False) is not False or c.guards for c in made):
        return False
    certain = bool(made) and not depends
    return any(
        _is_filled(said.get(name, ()), certain=certain) for name in ("ext_modules", "cffi_modules")
    )


def _is_filled(value: Value, *, certain: bool) -> bool:
    return certain if isinstance(value, Unknown) else isinstance(value, tuple) and bool(value)


def merged(first: Project, second: Project) -> Project:
    """The first, with what only the second says."""
    changes = {
        name: value
        for name, value in vars(second).items()
        if value and not getattr(first, name) and name != "package_mode"
    }
    return replace(first, **changes)
