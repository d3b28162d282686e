"""Images of other makers: distroless, Chainguard, uv, nginx, conda, Microsoft, Red Hat."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.dockerfile.build.images import languages
from pipeline.dockerfile.build.images.base import Base
from pipeline.dockerfile.build.images.languages import add, moves, variant
from pipeline.dockerfile.build.images.programs import BUSYBOX, named
from pipeline.dockerfile.build.images.reference import Tag
from pipeline.dockerfile.build.images.systems import (
    DEBIAN_NEWEST,
    PATH,
    debian,
    full,
    named_system,
    redhat,
    scratch,
    unnamed,
    with_certificates,
)

_DISTROLESS = re.compile(
    r"(static|base-nossl|base|cc|python3|nodejs(\d*)|java-base|java\d*)(?:-debian(\d\d))?", re.ASCII
)
_DISTROLESS_PYTHON = {"11": "3.9", "12": "3.11", "13": "3.13"}
_UBI_APP = re.compile(r"ubi(\d+)/(python|nodejs)-(\d+)(?:-minimal)?", re.ASCII)


def distroless(image: str, tag: Tag) -> Base | None:
    found = _DISTROLESS.fullmatch(image)
    if not found or tag.version or tag.words - {"nonroot", "debug"}:
        return None
    kind, node, version = found[1], found[2], found[3] or ""
    programs, path = frozenset[str](), PATH
    if "debug" in tag.words:
        programs, path = BUSYBOX, f"{PATH}:/busybox"
    base = Base(
        "", known=True, distribution="distroless", version=version, minimal=True, programs=programs,
        libc="" if kind == "static" else "glibc", openssl=kind not in {"static", "base-nossl"},
        env={"PATH": path, "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"},
        homes={"nonroot": "/home/nonroot", "65532": "/home/nonroot", "nobody": "/nonexistent"},
        folders=frozenset({"/root", "/home", "/home/nonroot"}),
    )  # fmt: skip
    if "nonroot" in tag.words:
        base = replace(base, user="65532", workdir="/home/nonroot")
    return _distroless_language(base, kind, node)


def _distroless_language(base: Base, kind: str, node: str | None) -> Base:
    if kind == "python3":
        version = _DISTROLESS_PYTHON.get(base.version, "3")
        minor = version if "." in version else "3"
        return add(
            base, frozenset({"python", "python3", f"python{minor}"}), python=version,
            python_prefix="/usr", entrypoint=(f"/usr/bin/python{minor}",),
            env={**base.env, "LANG": "C.UTF-8"},
        )  # fmt: skip
    if kind.startswith("nodejs"):
        return replace(base, node=node or "", entrypoint=("/nodejs/bin/node",),
                       paths=frozenset({"/nodejs", "/nodejs/bin/node"}))  # fmt: skip
    if kind.startswith("java") and kind != "java-base":
        return add(base, frozenset({"java"}), entrypoint=("/usr/bin/java", "-jar"))
    return base


def chainguard(image: str, tag: Tag) -> Base | None:
    """Wolfi's images: what is in them moves from day to day, but not the user."""
    if image not in {"python", "node", "static", "wolfi-base", "glibc-dynamic", "go", "busybox"}:
        return None
    base = replace(
        unnamed(), distribution="wolfi", manager="apk" if _has_apk(image, tag) else "",
        programs=frozenset(), openssl=None, minimal=True, user="65532", env={"PATH": None},
        homes={"nonroot": "/home/nonroot", "65532": "/home/nonroot"},
    )  # fmt: skip
    if image == "wolfi-base":
        return replace(base, user="root")
    if image == "python":
        return replace(base, python=tag.version, python_prefix="/usr", workdir="/home/nonroot",
                       entrypoint=("/usr/bin/python",))  # fmt: skip
    if image == "node":
        return replace(base, node=tag.version, workdir="/app", entrypoint=("/usr/bin/node",),
                       homes={**base.homes, "node": "/home/node"})  # fmt: skip
    return base


def _has_apk(image: str, tag: Tag) -> bool:
    return image == "wolfi-base" or "dev" in tag.words


def uv(tag: Tag) -> Base | None:
    """``ghcr.io/astral-sh/uv``: two programs alone, or on top of another image."""
    words = set(tag.words)
    if not words:
        return replace(scratch(), paths=frozenset({"/uv", "/uvx"}), entrypoint=("/uv",))
    pythons = {word for word in words if word.startswith("python")}
    if pythons:
        version = min(pythons).removeprefix("python")
        below = languages.python(Tag(version, frozenset(words - pythons)))
    else:
        system, rest = named_system(tag.but("slim", "debian"), debian(DEBIAN_NEWEST))
        slim = "slim" in words or system.manager != "apt"
        below = None if rest else system if slim else full(system)
    if below is None:
        return None
    env = {**below.env, "UV_TOOL_BIN_DIR": "/usr/local/bin"}
    return add(below, frozenset({"uv", "uvx"}), env=env, entrypoint=(), cmd=("/usr/local/bin/uv",))


def nginx(tag: Tag) -> Base | None:
    kinds = {"mainline", "stable", "perl", "otel"}
    if "alpine" in tag.words:
        kinds.add("slim")
    found = variant(tag.but(*kinds), newest_debian=moves(tag, (1, 29)))
    if found is None:
        return None
    system = with_certificates(languages.aged(found[0], tag, (1, 26)))
    curl = [] if {"alpine", "slim"} <= tag.words else ["curl"]
    home = "/var/cache/nginx" if system.manager == "apk" else "/nonexistent"
    return add(
        system, frozenset({"nginx", "envsubst", *curl}), homes={**system.homes, "nginx": home},
        paths=system.paths | {"/usr/share/nginx/html", "/var/cache/nginx"},
        env={**system.env, "NGINX_VERSION": None, "PKG_RELEASE": None, "DYNPKG_RELEASE": None,
             "NJS_VERSION": None, "NJS_RELEASE": None, "ACME_VERSION": None},
        entrypoint=("/docker-entrypoint.sh",), cmd=("nginx", "-g", "daemon off;"),
    )  # fmt: skip


def nginx_unprivileged(tag: Tag) -> Base | None:
    base = nginx(tag)
    return (
        replace(base, user="101", homes={**base.homes, "101": base.homes["nginx"]})
        if base
        else None
    )


def conda(_tag: Tag) -> Base | None:
    base = replace(debian(""), partial=True, openssl=None, minimal=False)
    return add(
        base, named("bash"), python="", python_prefix="/opt/conda",
        paths=base.paths | {"/opt/conda", "/opt/conda/bin/conda", "/opt/conda/bin/python",
                            "/opt/conda/bin/python3", "/opt/conda/bin/pip"},
        env={**base.env, "PATH": f"/opt/conda/bin:{PATH}"},
    )  # fmt: skip


def micromamba(_tag: Tag) -> Base | None:
    base = replace(unnamed(), user="mambauser", workdir="/tmp")  # noqa: S108 - the image's own
    homes = {"mambauser": "/home/mambauser", "57439": "/home/mambauser"}
    return add(
        base, named("bash micromamba"), python_prefix="/opt/conda", homes=homes,
        paths=frozenset({"/opt/conda"}), folders=base.folders | {"/home/mambauser"},
        env={**base.env, "MAMBA_ROOT_PREFIX": "/opt/conda", "MAMBA_USER": "mambauser",
             "PATH": f"/opt/conda/bin:{PATH}"},
        entrypoint=("/usr/local/bin/_entrypoint.sh",), cmd=("/bin/bash",),
    )  # fmt: skip


def dotnet(image: str, _tag: Tag) -> Base | None:
    if image not in {"sdk", "aspnet", "runtime", "runtime-deps"}:
        return None
    base = replace(unnamed(), libc="", programs=frozenset(), env={"PATH": None},
                   homes={"app": "/home/app", "1654": "/home/app"})  # fmt: skip
    programs = frozenset[str]() if image == "runtime-deps" else frozenset({"dotnet"})
    return replace(base, programs=programs, paths=frozenset({"/home/app"}))


def playwright(image: str, tag: Tag) -> Base | None:
    kinds = {"", "python", "java", "dotnet"}
    system, words = named_system(tag, unnamed())
    if image not in kinds or words:
        return None
    programs = named("bash curl wget git") | (named("node npm npx") if image != "dotnet" else set())
    return add(
        system, programs, partial=True, openssl=None, minimal=False,
        node=None if image == "dotnet" else "", python="" if image == "python" else None,
        python_prefix="/usr" if image == "python" else "",
        homes={"pwuser": "/home/pwuser"}, paths=frozenset({"/ms-playwright", "/home/pwuser"}),
        env={**system.env, "PLAYWRIGHT_BROWSERS_PATH": "/ms-playwright", "LANG": "C.UTF-8"},
        cmd=("/bin/bash",),
    )  # fmt: skip


def ubi(image: str, _tag: Tag) -> Base | None:
    """Red Hat's universal base images; those with a language run as user 1001."""
    plain = re.fullmatch(
        r"ubi(\d+)(?:/ubi)?(-minimal|-micro|-init)?|ubi(\d+)/ubi-(minimal|micro)", image
    )
    if plain:
        return redhat("rhel", plain[1] or plain[3])
    app = _UBI_APP.fullmatch(image)
    if app is None:
        return None
    base = replace(redhat("rhel", app[1]), user="1001", workdir="/opt/app-root/src", cmd=())
    version = f"3.{app[3][1:]}" if app[2] == "python" else app[3]
    base = replace(
        base, homes={"1001": "/opt/app-root/src", "default": "/opt/app-root/src"},
        env={"PATH": None, "HOME": "/opt/app-root/src", "APP_ROOT": "/opt/app-root"},
        paths=frozenset({"/opt/app-root"}),
    )  # fmt: skip
    if app[2] == "python":
        return replace(base, python=version, python_prefix="/opt/app-root")
    return replace(base, node=version)
