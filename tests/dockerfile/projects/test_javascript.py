"""What JavaScript and TypeScript sources import and call."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.projects.javascript import language_of
from pipeline.dockerfile.projects.javascript_facts import calls, modules
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Env, Joined, Value


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/index.ts", "typescript"),
        ("a.mts", "typescript"),
        ("App.tsx", "tsx"),
        ("a.cjs", "javascript"),
        ("a.jsx", "javascript"),
        ("a.json", None),
        ("Makefile", None),
    ],
)
def test_languages(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("source", "specifier", "names", "type_only", "guards"),
    [
        ('import "reflect-metadata"', "reflect-metadata", (), False, ()),
        ('import d, * as n from "m"', "m", ("default", "*"), False, ()),
        ('import { a, b as c } from "./m"', "./m", ("a", "b"), False, ()),
        ('import type { A } from "m"', "m", ("A",), True, ()),
        ('import { type A } from "m"', "m", ("A",), True, ()),
        ('import { type A, b } from "m"', "m", ("b", "A"), False, ()),
        ('import x = require("m")', "m", ("*",), False, ()),
        ('export * from "m"', "m", ("*",), False, ()),
        ('export * as n from "m"', "m", ("*",), False, ()),
        ('export { a as b } from "m"', "m", ("a",), False, ()),
        ('export type { A } from "m"', "m", ("A",), True, ()),
        ('const { a, b: c, d = 1 } = require("m")', "m", ("a", "b", "d"), False, ()),
        ('const x = require("m")', "m", ("*",), False, ()),
        ('require("m")', "m", (), False, ()),
        ('require("m").config()', "m", ("config",), False, ()),
        ('const { a } = await import("m")', "m", ("a",), False, ()),
        ('try { require("m") } catch {}', "m", (), False, ("tried",)),
        ('try { x() } catch { require("m") }', "m", (), False, ("fallback",)),
        ('function f() { require("m") }', "m", (), False, ("function",)),
        ('const f = () => import("m")', "m", ("*",), False, ("function",)),
        ('if (dev) { require("m") }', "m", (), False, ("conditional",)),
        ('if (require.main === module) { require("m") }', "m", (), False, ("main",)),
        ('dev && require("m")', "m", ("*",), False, ("conditional",)),
        ('(async () => { require("m") })()', "m", (), False, ()),
    ],
)
def test_modules(
    source: str, specifier: str, names: tuple[str, ...], type_only: bool, guards: tuple[str, ...]
) -> None:
    (found,) = modules(source, "typescript") or ()
    assert (found.specifier, found.names, found.type_only) == (specifier, names, type_only)
    assert found.guards == guards
    assert found.guarded == bool(guards)


@pytest.mark.parametrize(
    ("specifier", "package"),
    [
        ("express", "express"),
        ("@prisma/client/edge", "@prisma/client"),
        ("lodash/get", "lodash"),
        ("./local", ""),
        ("..", ""),
        ("/abs", ""),
        ("node:fs", ""),
        ("#internal", ""),
    ],
)
def test_packages(specifier: str, package: str) -> None:
    (found,) = modules(f'import "{specifier}"', "javascript") or ()
    assert found.package == package


def test_places_count_characters() -> None:
    found = modules("/* é */ import 'a';\r\n  import 'b';\n", "javascript") or ()
    assert [(one.line, one.column) for one in found] == [(1, 9), (2, 3)]


def test_what_only_looks_like_an_import() -> None:
    source = "// import 'a'\nconst s = \"require('b')\"; export const x = 1; require(name); f('c')"
    assert modules(source, "typescript") == ()


def only(source: str, callee: str, file: str | None = None) -> Call:
    (found,) = [one for one in calls(source, "typescript", file) or () if one.callee == callee]
    return found


PORT = Env("PORT", 3000)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("3000", 3000),
        ("0x10", 16),
        ("1_000", 1000),
        ("'a\\n\\'b'", "a\n'b"),
        ("`a`", "a"),
        ("undefined", None),
        ("null", None),
        ("true", True),
        ("-1", -1),
        ("process.env.PORT", Env("PORT")),
        ('process.env["PORT"]', Env("PORT")),
        ("process.env.PORT || 3000", PORT),
        ("process.env.PORT ?? 3000", PORT),
        ("Number(process.env.PORT) || 3000", PORT),
        ("Number(process.env.PORT ?? '3000')", PORT),
        ("parseInt(process.env.PORT || '3000', 10)", PORT),
        ("+(process.env.PORT || 3000)", PORT),
        ("process.env.PORT ? Number(process.env.PORT) : 3000", PORT),
        ("(process.env.PORT as string)!", Env("PORT")),
        ("env.PORT", Env("PORT")),
        ("picked", Env("PICKED", 7)),
        ("renamed", Env("HOST")),
        ("config.port", PORT),
        ("config.deep.host", "127.0.0.1"),
        (
            "{ port: config.port, host, ...rest }",
            {"port": PORT, "host": "127.0.0.1", "...": UNKNOWN},
        ),
        ("[host, 1]", ("127.0.0.1", 1)),
        ("`http://${host}:${config.port}`", Joined(("http://127.0.0.1:", PORT))),
        ("'http://' + host", "http://127.0.0.1"),
        ("path.join(__dirname, '..', 'logs')", "/app/logs"),
        ("path.resolve('logs', `a.log`)", "logs/a.log"),
        ("Deno.env.get('PORT')", Env("PORT")),
        ("changed", UNKNOWN),
        ("counted", UNKNOWN),
        ("unheard", UNKNOWN),
        ("compute()", UNKNOWN),
        ("() => 1", UNKNOWN),
        ("1 + 1", UNKNOWN),
        ("x ? 1 : 2", UNKNOWN),
        ("config.absent", UNKNOWN),
    ],
)
def test_values(expression: str, value: Value) -> None:
    source = f"""
    import path from "node:path";
    const env = process.env;
    const {{ PICKED: picked = 7, HOST: renamed }} = process.env;
    const host = "127.0.0.1";
    const config = {{ port: Number(process.env.PORT) || 3000, deep: {{ host }} }};
    let changed = 1; changed = 2;
    let counted = 0; counted++;
    take({expression});
    """
    assert only(source, "take", "/app/dist/index.js").arguments == (value,)


def test_a_parameter_hides_a_constant() -> None:
    source = "const port = 1; function f(port) { take(port) }"
    assert only(source, "take").arguments == (UNKNOWN,)


def test_callees() -> None:
    source = """
    import express from "express";
    import { createServer as make } from "node:http";
    const winston = require("winston");
    const { NestFactory } = require("@nestjs/core");
    const app = express();
    app.listen(3000, "127.0.0.1", () => {});
    make(app).listen({ port: 80, host: "::" });
    new winston.transports.File({ filename: "logs/error.log" });
    (async () => { const nest = await NestFactory.create(M); await nest.listen(1, ...more); })();
    function later() { require("fs").mkdirSync("logs"); }
    """
    listen = only(source, "app.listen")
    assert (listen.receiver, listen.guards) == ("express", ())
    assert listen.arguments == (3000, "127.0.0.1", UNKNOWN)
    assert (listen.line, listen.column) == (7, 5)
    chained = only(source, ".listen")
    assert chained.receiver == "http.createServer"
    assert chained.keywords == {"port": 80, "host": "::"}
    file = only(source, "new winston.transports.File")
    assert file.keywords == {"filename": "logs/error.log"}
    nest = only(source, "nest.listen")
    assert (nest.receiver, nest.guards) == ("@nestjs/core.NestFactory.create", ())
    assert nest.arguments == (1, UNKNOWN)
    assert only(source, "fs.mkdirSync").guards == ("function",)


def test_large_sources_are_unknown() -> None:
    assert calls("x();" * 200_000, "javascript") is None
    assert modules("x()" + ".y()" * 60_000, "javascript") is None


def test_deep_sources_end() -> None:
    assert calls("f(" * 3_000 + ")" * 3_000, "javascript") is not None
    assert calls("(" * 20_000, "typescript") == ()
