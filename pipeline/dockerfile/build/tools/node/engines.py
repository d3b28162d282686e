"""What prisma makes a client for: the system, OpenSSL, the kind of engine, the version."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.openssl import has_openssl
from pipeline.dockerfile.build.values import Installed
from pipeline.dockerfile.projects.node import package_lock
from pipeline.dockerfile.projects.prisma import Generator

_BARE_BY = ("PRISMA_GENERATE_NO_ENGINE", "PRISMA_GENERATE_DATAPROXY")
_VERSION = re.compile(r"[\^~>=v\s]*(\d{1,4}(?:\.\d{1,6}){0,2})(?:\Z|[-.])")
_DETAIL = re.compile(r"(\w+)=(\S*)")


def details_of(call: Call, generator: Generator | None = None, *, bare: bool = False) -> str:
    """What a rule needs of the place of making, in words; ``bare``: no engine was asked for."""
    base = call.machine.base
    openssl = {True: "yes", False: "no", None: "unknown"}[has_openssl(call.machine)]
    parts = [f"openssl={openssl}", f"libc={base.libc}"]
    parts += [f"system={base.distribution}", f"release={base.version}"]
    if generator is not None:
        engine = "none" if bare else _engine(call, generator)
        targets = generator.binary_targets or ("native",)
        if "env(" in generator.settings.get("binaryTargets", ""):
            targets = ("unknown",)
        parts += [f"targets={','.join(targets)}", f"engine={engine}", f"version={_version(call)}"]
        parts.append(f"provider={generator.provider}")
    return " ".join(parts)


def details(text: str) -> Mapping[str, str]:
    """The words of ``details_of`` by their names."""
    return dict(_DETAIL.findall(text))


def _engine(call: Call, generator: Generator) -> str:
    """``client`` and ``none`` for a client that needs no engine; empty for the usual one."""
    if any(call.variable(name) for name in _BARE_BY):
        return "none"
    if "queryCompiler" in generator.settings.get("previewFeatures", ""):
        return "client"
    return generator.engine_type or call.variable("PRISMA_CLIENT_ENGINE_TYPE") or ""


def _version(call: Call) -> str:
    """Prisma's version as far as the command, package.json and its lock file tell; or empty."""
    word = call.executed.argv[0].raw if call.executed.argv else ""
    versions = [word.rpartition("@")[2]] if "prisma@" in word else []
    for one in reversed(call.machine.installed):
        if one.manager == "npm" and one.name in {"prisma", "@prisma/client"} and not versions:
            versions = [one.version, _locked(call, one)]
    return next((found[1] for one in versions if (found := _VERSION.match(one))), "")


def _locked(call: Call, package: Installed) -> str:
    origin = read(call.machine, f"{posixpath.dirname(package.where)}/package-lock.json")
    versions = package_lock(origin.text) if origin else None
    return (versions or {}).get(package.name, "")
