"""Bundlers and others that build a Node project: which folder they fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.outputs import fill, somewhere
from pipeline.dockerfile.build.tools.node.packages import words
from pipeline.dockerfile.build.tools.options import Options, options

_OUT_DIR = re.compile(r"""\b(?:outDir|out_dir|distDir)\s*:\s*["'`]([^"'`$]+)["'`]""")
_ANY_OUT = re.compile(r"\b(?:outDir|outdir|distDir|root)\b")
_PLAIN_IMPORT = re.compile(
    r"""(?:from|require\()\s*["'](?:@vitejs/[\w-]+|vite|vitest/config|node:\w+|path|url|fs)["']"""
)
_IMPORT = re.compile(r"""(?:\bfrom\s*|\brequire\(\s*|\bimport\(\s*)["']""")
_ENDINGS = ("js", "mjs", "cjs", "ts", "mts", "cts")


def _config(call: Call, stem: str) -> str | None:
    """The text of a tool's settings file: empty where there is none, None where unknown."""
    for ending in _ENDINGS:
        path = f"{call.cwd}/{stem}.config.{ending}"
        if not call.machine.files.lookup(path).absent:
            origin = read(call.machine, path)
            return origin.text if origin else None
    return ""


def next_build(call: Call) -> None:
    """``next build``: ``.next``, and in it ``standalone`` where the settings ask for it."""
    given = options(call.words, frozenset())
    if given.operands[:1] != ("build",) or call.cwd is None:
        return
    text = _config(call, "next")
    folder = call.path(given.operands[1]) if len(given.operands) > 1 else call.cwd
    if text is None or folder is None or _ANY_OUT.search(text):
        somewhere(call)
        return
    fill(call, f"{folder}/.next", "next")
    standalone = f"{folder}/.next/standalone"
    output = re.search(r"""\boutput\s*:\s*["'](\w+)["']""", text)
    if output and output[1] == "standalone":
        fill(call, standalone, "next")
    elif output and output[1] == "export":
        fill(call, f"{folder}/out", "next")
    elif not re.search(r"\boutput\b|standalone|\.\.\.", text) and call.executed.certain:
        call.machine.files.remove(standalone)


def vite(call: Call) -> None:
    """``vite build``: ``dist``, unless settings or plugins that are not known say otherwise."""
    given = options(call.words, frozenset({"--outDir", "--mode", "-m", "--config", "-c", "--base"}))
    if given.operands[:1] != ("build",) or call.cwd is None:
        return
    told = given.last("--outDir")
    text = _config(call, "vite") if not given.has("-c", "--config") else None
    folder = call.path(told or "dist")
    plain = text is not None and len(_IMPORT.findall(text)) == len(_PLAIN_IMPORT.findall(text))
    if not plain or (text and _ANY_OUT.search(text)) or len(given.operands) > 1:
        somewhere(call)
    elif folder:
        fill(call, folder, "vite")


def tsup(call: Call) -> None:
    """``tsup``: ``dist``, or the folder of its options or settings."""
    given = options(call.words, frozenset({"-d", "--out-dir", "--format", "--target", "--config"}))
    told = given.last("-d", "--out-dir")
    text = _config(call, "tsup") if call.cwd else None
    found = _OUT_DIR.search(text or "")
    if told is None and (text is None or (_ANY_OUT.search(text) and not found)):
        somewhere(call)
        return
    fill(call, call.path(told or (found[1] if found else "dist")), "tsup")


def esbuild(call: Call) -> None:
    """``esbuild``: what ``--outfile`` or ``--outdir`` names."""
    given = options(call.words, frozenset())
    sources = [path for word in given.operands if (path := call.path(word))]
    for word in given.all("--outdir"):
        fill(call, call.path(word), "esbuild")
    for word in given.all("--outfile"):
        path = call.path(word)
        if path is None:
            somewhere(call)
        else:
            call.make(path, "esbuild", details=sources[0] if len(sources) == 1 else "")


def _to_folder(call: Call, *, names: tuple[str, ...], default: str, maker: str) -> None:
    """A tool that writes into the folder of one option."""
    given: Options = options(call.words, frozenset(names))
    told = given.last(*names) or default
    if told:
        fill(call, call.path(told), maker)
    else:
        somewhere(call)


def _builds(call: Call, *, folder: str, maker: str) -> None:
    """A tool whose ``build`` fills the one folder."""
    if call.words[:1] == ("build",):
        fill(call, call.path(folder), maker)


def _quiet(_call: Call) -> None:
    """It checks or prints, and leaves nothing that matters here."""


def rimraf(call: Call) -> None:
    """``rimraf``, ``del-cli``: what is certainly gone."""
    for word in options(call.words, frozenset()).operands if call.executed.certain else ():
        path = call.path(word)
        if path and not set("*?[{") & set(word):
            call.machine.files.remove(path)


_OUT = ("-d", "--out-dir")
_IN_PROJECT = words(
    "webpack webpack-cli rollup parcel ng astro nuxt nuxi remix react-router svelte-kit gatsby "
    "vue-cli-service turbo nx lerna gulp grunt copyfiles cpx cpy ncp shx graphql-codegen tsoa "
    "openapi-generator-cli tsc-alias resolve-tspaths ts-patch patch-package rspack farm unbuild "
    "pkgroll microbundle tailwindcss postcss sass node-gyp expo medusa strapi zenstack typechain"
)
_QUIET = words(
    "eslint prettier jest vitest mocha husky lint-staged biome oxlint tslint stylelint nyc c8 ava "
    "is-ci only-allow syncpack knip commitlint"
)
TOOLS: Mapping[str, Callable[[Call], None]] = {
    **dict.fromkeys(_IN_PROJECT, somewhere),
    **dict.fromkeys(_QUIET, _quiet),
    "next": next_build, "vite": vite, "tsup": tsup, "esbuild": esbuild,
    "rimraf": rimraf, "del": rimraf, "del-cli": rimraf,
    "babel": partial(_to_folder, names=_OUT, default="", maker="babel"),
    "swc": partial(_to_folder, names=_OUT, default="", maker="swc"),
    "ncc": partial(_to_folder, names=("-o", "--out"), default="dist", maker="ncc"),
    "react-scripts": partial(_builds, folder="build", maker="react-scripts"),
}  # fmt: skip
