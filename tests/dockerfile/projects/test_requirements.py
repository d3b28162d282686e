"""Requirements, markers, projects and lock files of Python."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.projects.locks import locked
from pipeline.dockerfile.projects.markers import applies
from pipeline.dockerfile.projects.pyproject import (
    Project,
    merged,
    pipfile,
    pyproject,
    setup_cfg,
    setup_py,
)
from pipeline.dockerfile.projects.requirements import (
    Requirement,
    declared,
    requirement,
    requirements,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("requests", Requirement("package", "requests")),
        ("Django_REST.x==1.0", Requirement("package", "django-rest-x", (), "==1.0")),
        ("uvicorn[std] >=0.20, <1", Requirement("package", "uvicorn", ("std",), ">=0.20,<1")),
        ("a (>=1)", Requirement("package", "a", (), ">=1")),
        (
            "tomli>=2; python_version < '3.11'",
            Requirement("package", "tomli", (), ">=2", "python_version < '3.11'"),
        ),
        (
            "x @ https://h/x-1.0-py3-none-any.whl ; os_name == 'nt'",
            Requirement("url", "x", marker="os_name == 'nt'", target="https://h/x-1.0-py3-none-any.whl"),
        ),
        ("git+https://h/o/r.git@v1#egg=My_Lib", Requirement("url", "my-lib", target="git+https://h/o/r.git@v1#egg=My_Lib")),
        ("git+https://h/o/r.git", Requirement("url", "", target="git+https://h/o/r.git")),
        ("https://h/p-2.0.tar.gz", Requirement("url", "p", target="https://h/p-2.0.tar.gz")),
        ("./p-2.0-py3-none-any.whl", Requirement("path", "p", target="./p-2.0-py3-none-any.whl")),
        (".[dev]", Requirement("path", "", ("dev",), target=".")),
        ("-e .", Requirement("path", "", target=".", editable=True)),
        ("--editable=./a[b,C]", Requirement("path", "", ("b", "c"), target="./a", editable=True)),
        (
            "-e git+ssh://git@h/r#egg=r",
            Requirement("url", "r", target="git+ssh://git@h/r#egg=r", editable=True),
        ),
        ("-r base.txt", Requirement("include", target="base.txt")),
        ("-rbase.txt", Requirement("include", target="base.txt")),
        ("--requirement=base.txt", Requirement("include", target="base.txt")),
        ("-c pins.txt", Requirement("constraint", target="pins.txt")),
        ("--index-url https://h/simple", Requirement("option", target="--index-url https://h/simple")),
        ("--no-binary :all:", Requirement("option", target="--no-binary :all:")),
        ("a==1 --hash=sha256:00 --hash=sha256:11", Requirement("package", "a", (), "==1")),
        ("a==1  # why", Requirement("package", "a", (), "==1")),
    ],
)  # fmt: skip
def test_lines(line: str, expected: Requirement) -> None:
    (found,) = requirements(line)
    assert found == Requirement(**{**vars(expected), "line": 1})


def test_a_whole_file() -> None:
    text = "\ufeff# top\n\nfastapi==0.110 \\\n  --hash=sha256:0 \\\n  --hash=sha256:1\r\nrequests\n"
    assert [(one.name, one.version, one.line) for one in requirements(text)] == [
        ("fastapi", "0.110", 3),
        ("requests", None, 6),
    ]


@pytest.mark.parametrize("text", ["", "   ", "<html>", "a b", "=1", "[x]"])
def test_no_requirement(text: str) -> None:
    assert requirement(text) is None


def test_files_that_include_others() -> None:
    files = {
        "req/prod.txt": "-r base.txt\n-c ../pins.txt\ngunicorn",
        "req/base.txt": "django\n-r prod.txt\n-r absent.txt",
    }
    found = declared(files.get, "req/prod.txt")
    packages = [(path, one.name) for path, one in found.requirements if one.kind == "package"]
    assert packages == [("req/prod.txt", "gunicorn"), ("req/base.txt", "django")]
    assert found.missing == ("req/absent.txt",)


@pytest.mark.parametrize(
    ("marker", "python", "holds"),
    [
        ("", None, True),
        ("sys_platform == 'win32'", None, False),
        ('platform_system != "Windows"', None, True),
        ("python_version < '3.11'", "3.11.4", False),
        ("python_version < '3.11'", "3.9", True),
        ("python_version < '3.11'", None, None),
        ("python_version >= '3.10' and sys_platform == 'linux'", "3.12", True),
        ("python_version >= '3.10' and sys_platform == 'darwin'", None, False),
        ("python_version >= '3.10' or sys_platform == 'linux'", None, True),
        ("(os_name == 'nt' or os_name == 'posix') and extra == 'x'", "3.11", None),
        ("python_full_version == '3.11.*'", "3.11.4", True),
        ("python_version ~= '3.8'", "3.11", True),
        ("python_version in '3.10 3.11'", "3.11", True),
        ("sys_platform not in 'win32 darwin'", None, True),
        ("'linux' == sys_platform", None, True),
        ("platform_machine == 'x86_64'", None, None),
        ("nonsense", None, None),
        ("((((((((((((((((((((((((((os_name == 'nt'", None, None),
        ("os_name ==", None, None),
        ("os_name == 'posix' 'x'", None, None),
    ],
)
def test_markers(marker: str, python: str | None, holds: bool | None) -> None:
    assert applies(marker, python) is holds


def names(items: tuple[Requirement, ...]) -> list[str]:
    return [item.name for item in items]


def test_a_standard_project() -> None:
    found = pyproject("""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "Copy_That"
version = "1.2"
requires-python = ">=3.11"
dependencies = ["fastapi[standard]>=0.110", "psycopg2; sys_platform != 'win32'"]
[project.optional-dependencies]
Dev_Tools = ["pytest"]
[project.scripts]
copy-that = "copy_that.cli:main"
[dependency-groups]
dev = ["ruff", {include-group = "test"}]
test = ["pytest", {include-group = "dev"}]
[tool.hatch.build.targets.wheel]
packages = ["src/copy_that"]
[tool.uv]
package = false
""")
    assert found is not None
    assert (found.name, found.version, found.backend) == ("copy-that", "1.2", "hatchling.build")
    assert names(found.dependencies) == ["fastapi", "psycopg2"]
    assert found.dependencies[0].extras == ("standard",)
    assert names(found.optional["dev-tools"]) == ["pytest"]
    assert names(found.groups["dev"]) == ["ruff", "pytest"]
    assert found.packages == ("src/copy_that",)
    assert found.package_mode is False
    assert found.script_modules == {"copy-that": "copy_that.cli"}
    assert "uv" in found.tools


def test_a_poetry_project() -> None:
    found = pyproject("""
[tool.poetry]
name = "app"
package-mode = false
packages = [{include = "app", from = "src"}]
[tool.poetry.dependencies]
python = "^3.11"
Django = "^4.2"
celery = {version = "^5", extras = ["redis"], markers = "os_name == 'posix'"}
lib = {path = "../lib", develop = true}
fork = {git = "https://h/fork.git", branch = "main"}
psycopg2 = {version = "*", optional = true}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.dev-dependencies]
black = "*"
[tool.poetry.scripts]
serve = "app.server:run"
[build-system]
build-backend = "poetry.core.masonry.api"
""")
    assert found is not None
    assert names(found.dependencies) == ["django", "celery", "lib", "fork"]
    assert found.dependencies[1] == Requirement(
        "package", "celery", ("redis",), "^5", "os_name == 'posix'"
    )
    assert [(one.kind, one.editable) for one in found.dependencies[2:]] == [
        ("path", True),
        ("url", False),
    ]
    assert names(found.groups["dev"]) == ["pytest", "black"]
    assert found.packages == ("src/app",)
    assert found.sources == ("src",)
    assert found.package_mode is False


@pytest.mark.parametrize(
    ("text", "packages", "sources"),
    [
        ('[tool.setuptools.packages.find]\nwhere = ["src"]', (), ("src",)),
        (
            '[tool.setuptools]\npackages = ["a.b"]\npackage-dir = {"" = "lib"}',
            ("lib/a/b",),
            ("lib",),
        ),
        ('[tool.setuptools]\npackages = ["a"]\npackage-dir = {a = "code"}', ("code",), ()),
        ('[tool.pdm.build]\npackage-dir = "src"', (), ("src",)),
        ('[tool.uv.build-backend]\nmodule-root = "python"', (), ("python",)),
        ("", (), ()),
    ],
)
def test_layouts(text: str, packages: tuple[str, ...], sources: tuple[str, ...]) -> None:
    found = pyproject(text)
    assert found is not None
    assert (found.packages, found.sources) == (packages, sources)


def test_other_project_files() -> None:
    cfg = setup_cfg("""
[metadata]
name = My.App
[options]
package_dir =
    = src
packages = find:
install_requires =
    flask>=2
    requests; os_name == "posix"
[options.packages.find]
where = src
[options.extras_require]
dev = pytest
[options.entry_points]
console_scripts =
    my-app = my_app.cli:main
""")
    assert cfg is not None
    assert (cfg.name, names(cfg.dependencies), cfg.sources) == (
        "my-app",
        ["flask", "requests"],
        ("src",),
    )
    assert names(cfg.optional["dev"]) == ["pytest"]
    assert cfg.script_modules == {"my-app": "my_app.cli"}

    py = setup_py("""
from setuptools import setup, find_packages
REQUIRES = ["flask", "six"]
setup(name="My_App", packages=find_packages(where="src"), package_dir={"": "src"},
      install_requires=REQUIRES, extras_require={"dev": ["pytest"]},
      entry_points={"console_scripts": ["my-app=my_app.cli:main"]})
""")
    assert py is not None
    assert (py.name, names(py.dependencies), py.dynamic) == ("my-app", ["flask", "six"], False)
    assert py.sources == ("src",)
    assert py.scripts == {"my-app": "my_app.cli:main"}
    computed = setup_py("import setuptools\nsetuptools.setup(install_requires=read('r.txt'))")
    assert computed is not None
    assert computed.dynamic
    assert setup_py("print(1)") is None

    pip = pipfile(
        '[packages]\nflask = "*"\n"Ru_ff" = {version = "==1"}\n[dev-packages]\npytest = "*"'
    )
    assert pip is not None
    assert names(pip.dependencies) == ["flask", "ru-ff"]
    assert names(pip.groups["dev"]) == ["pytest"]


def test_projects_are_merged() -> None:
    whole = merged(Project(name="a"), Project(name="b", version="1"))
    assert (whole.name, whole.version) == ("a", "1")


def test_lock_files() -> None:
    uv = """
[[package]]
name = "Flask"
version = "3.0"
[[package]]
name = "app"
source = {editable = "."}
"""
    assert locked(uv) == {"flask": "3.0", "app": ""}
    assert locked('[[packages]]\nname = "six"\nversion = "1"') == {"six": "1"}
    assert locked("[[") is None


@pytest.mark.parametrize(
    "text", ["[", "a = ", "a = 1\na = 2", "x = " + "[" * 100_000, "a." * 300_000]
)
def test_broken_files_are_unknown(text: str) -> None:
    assert pyproject(text) is None
    assert pipfile(text) is None
    assert locked(text) is None
