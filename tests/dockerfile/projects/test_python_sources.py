"""What Python sources import and call."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.imports import imports
from pipeline.dockerfile.projects.modules import local_modules
from pipeline.dockerfile.projects.python_calls import assignments, calls
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Env, Joined, Value, settled


@pytest.mark.parametrize(
    ("source", "module", "names", "level", "guards"),
    [
        ("import os.path as p", "os.path", (), 0, ()),
        ("from app.core import config, db as d", "app.core", ("config", "db"), 0, ()),
        ("from . import models", "", ("models",), 1, ()),
        ("from ..core.db import *", "core.db", ("*",), 2, ()),
        ("\ufeffimport yaml", "yaml", (), 0, ()),
        ("class A:\n    import yaml", "yaml", (), 0, ()),
        ("with x:\n    import yaml", "yaml", (), 0, ()),
        ("try:\n    import yaml\nfinally:\n    x()", "yaml", (), 0, ()),
        ("try:\n    import yaml\nexcept KeyError:\n    x()", "yaml", (), 0, ()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import yaml", "yaml", (), 0, ()),
        ("if not TYPE_CHECKING:\n    import yaml", "yaml", (), 0, ()),
        ("try:\n    import yaml\nexcept ImportError:\n    x = 1", "yaml", (), 0, ("tried",)),
        ("try:\n    import yaml\nexcept:\n    x = 1", "yaml", (), 0, ("tried",)),
        ("try:\n    x()\nexcept (OSError, ImportError):\n    import yaml", "yaml", (), 0,
         ("fallback",)),
        ("with suppress(ImportError):\n    import yaml", "yaml", (), 0, ("tried",)),
        ("if typing.TYPE_CHECKING:\n    import yaml", "yaml", (), 0, ("typing",)),
        ("def f():\n    import yaml", "yaml", (), 0, ("function",)),
        ("async def f():\n    if x:\n        import yaml", "yaml", (), 0,
         ("function", "conditional")),
        ('if __name__ == "__main__":\n    import yaml', "yaml", (), 0, ("main",)),
        ("if sys.version_info >= (3, 11):\n    import tomllib", "tomllib", (), 0, ("conditional",)),
        ("match x:\n    case 1:\n        import yaml", "yaml", (), 0, ("conditional",)),
        ('import_module("app.tasks")', "app.tasks", (), 0, ()),
        ('importlib.import_module("app.tasks")', "app.tasks", (), 0, ()),
    ],
)  # fmt: skip
def test_imports(
    source: str, module: str, names: tuple[str, ...], level: int, guards: tuple[str, ...]
) -> None:
    (found,) = imports(source) or ()
    assert (found.module, found.names, found.level) == (module, names, level)
    assert found.guards == guards
    assert found.guarded == bool(guards)


def test_imports_stand_where_they_are_written() -> None:
    found = imports("x = 'é'; import b\n\nfrom a import (\n  c,\n)\nimport d, e.f\n") or ()
    assert [(one.module, one.line, one.column) for one in found] == [
        ("b", 1, 10),
        ("a", 3, 1),
        ("d", 6, 1),
        ("e.f", 6, 1),
    ]
    assert found[-1].top == "e"


@pytest.mark.parametrize(
    "source",
    ["def f(:", "print 'two'", "a\0b", "(" * 5_000, "x" + ".a" * 200_000, "#" * 1_000_001],
)
def test_what_is_no_python_is_unknown(source: str) -> None:
    assert imports(source) is None
    assert calls(source) is None
    assert assignments(source) is None


def only(source: str, callee: str, file: str | None = None) -> Call:
    (found,) = [call for call in calls(source, file) or () if call.callee == callee]
    return found


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("8080", 8080),
        ("-1", -1),
        ("None", None),
        ("True", True),
        ('"0.0.0.0"', "0.0.0.0"),
        ('os.getenv("PORT")', Env("PORT")),
        ('os.getenv("PORT", 8080)', Env("PORT", 8080)),
        ('os.environ.get("PORT", default="8080")', Env("PORT", "8080")),
        ('int(os.environ.get("PORT", "8080"))', Env("PORT", 8080)),
        ('int(os.environ["PORT"])', Env("PORT", required=True)),
        ('int(os.environ.get("PORT") or 8080)', Env("PORT", 8080)),
        ('environ.get("PORT")', Env("PORT")),
        ('config("PORT", default=8080, cast=int)', Env("PORT", 8080)),
        ('env.int("PORT", 8080)', Env("PORT", 8080)),
        ('f"0.0.0.0:{PORT}"', Joined(("0.0.0.0:", Env("PORT", 8000)))),
        ('"0.0.0.0:" + str(PORT)', Joined(("0.0.0.0:", Env("PORT", 8000)))),
        ('"%s:%d" % ("::", PORT)', Joined((":::", Env("PORT", 8000)))),
        ('"{}:{}".format(HOST, 80)', "127.0.0.1:80"),
        ('f"{HOST}:80"', "127.0.0.1:80"),
        ("[HOST, PORT]", ("127.0.0.1", Env("PORT", 8000))),
        ('{"port": PORT, 1: 2}', {"port": Env("PORT", 8000)}),
        ('OPTIONS["port"]', 80),
        ('os.path.join(os.path.dirname(__file__), "logs")', "/srv/app/logs"),
        ('Path(__file__).resolve().parent.parent / "logs"', "/srv/logs"),
        ('Path("logs")', "logs"),
        ("TWICE", UNKNOWN),
        ("COUNTER", UNKNOWN),
        ("argument", UNKNOWN),
        ("settings.port", UNKNOWN),
        ("compute()", UNKNOWN),
        ("1 + 2", UNKNOWN),
        ("f'{HOST:>20}'", Joined((UNKNOWN,))),
        ("x if y else z", UNKNOWN),
    ],
)
def test_values(expression: str, value: Value) -> None:
    source = f"""
import os
from os import environ
from pathlib import Path
from decouple import config
from environ import Env
env = Env()
PORT = int(os.getenv("PORT", "8000"))
HOST = "127.0.0.1"
OPTIONS = {{"port": 80}}
TWICE = 1
TWICE = 2
COUNTER = 0
COUNTER += 1
def run(argument):
    take({expression})
"""
    assert only(source, "take", "/srv/app/main.py").arguments == (value,)


def test_deep_values_end() -> None:
    (value,) = only("take(" + "[" * 40 + "]" * 40 + ")", "take").arguments
    while isinstance(value, tuple):
        (value,) = value
    assert value is UNKNOWN


def test_a_local_name_hides_that_of_the_module() -> None:
    source = "port = 1\ndef f():\n    port = 2\n    take(port)\ndef g(port):\n    take(port)\n"
    assert [call.arguments for call in calls(source) or ()] == [(2,), (UNKNOWN,)]


def test_a_class_does_not_lend_its_names_to_its_methods() -> None:
    source = "port = 1\nclass A:\n    port = 2\n    def f(self):\n        take(port)\n"
    assert only(source, "take").arguments == (1,)


def test_a_global_that_a_function_sets_is_no_constant() -> None:
    source = "port = 1\ndef f():\n    global port\n    port = 2\ntake(port)\n"
    assert only(source, "take").arguments == (UNKNOWN,)


def test_callees() -> None:
    source = """
import uvicorn as u
from flask import Flask
from pathlib import Path
app = Flask(__name__)
u.run("main:app", host="127.0.0.1", **more)
if __name__ == "__main__":
    app.run(port=5000)
Path("logs").mkdir()
LOGS = Path("logs")
LOGS.mkdir(*x)
"""
    run = only(source, "uvicorn.run")
    assert run.arguments == ("main:app",)
    assert run.keywords == {"host": "127.0.0.1", "**": UNKNOWN}
    assert (run.line, run.column) == (6, 1)
    flask = only(source, "app.run")
    assert (flask.receiver, flask.guards) == ("flask.Flask", ("main",))
    assert only(source, ".mkdir").owner == "logs"
    assert only(source, "LOGS.mkdir").owner == "logs"
    assert only(source, "LOGS.mkdir").arguments == (UNKNOWN,)


def test_assignments_of_a_module() -> None:
    source = 'import os\nbind = ":" + os.environ["PORT"]\nworkers = 2\nworkers = 3\ndef f(): x = 1'
    assert assignments(source) == {
        "bind": (Joined((":", Env("PORT", required=True))), 2),
        "workers": (UNKNOWN, 4),
    }


def test_values_settle_in_an_environment() -> None:
    port = Env("PORT", 8000)
    assert settled(port, {}) == 8000
    assert settled(port, {"PORT": "80"}) == "80"
    assert settled(Joined((":", port)), {"PORT": "80"}) == ":80"
    assert settled(Env("PORT", required=True), {}) is UNKNOWN
    assert settled(Joined((":", UNKNOWN)), {}) is UNKNOWN


def test_text_does_not_grow_without_bound() -> None:
    doubled = "\n".join(f"a{n + 1} = a{n} + a{n}" for n in range(20))
    source = f'a0 = "{"x" * 9_000}"\n{doubled}\ntake(a20)'
    assert only(source, "take").arguments == (UNKNOWN,)


def test_modules_of_a_context() -> None:
    context = BuildContext.of(
        {
            "src/app/__init__.py": "",
            "src/app/main.py": "",
            "src/names/deep/x.py": "",
            "src/single.py": "",
            "src/data/x.json": "",
            "src/not-a-module.py": "",
        }
    )
    assert local_modules(context, "src") == {
        "app": "src/app",
        "names": "src/names",
        "single": "src/single.py",
    }
