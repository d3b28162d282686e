"""Images of Ruby, PHP, Perl, Java, Bun and Deno, by their tags."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.dockerfile.build.images.base import Base
from pipeline.dockerfile.build.images.languages import add, is_full, moves, variant
from pipeline.dockerfile.build.images.programs import named
from pipeline.dockerfile.build.images.reference import Tag
from pipeline.dockerfile.build.images.systems import (
    PATH,
    alpine,
    debian,
    full,
    named_system,
    ubuntu,
    unnamed,
    with_certificates,
)

_PHP = named(
    "php phar docker-php-ext-install docker-php-ext-enable docker-php-ext-configure "
    "docker-php-source docker-php-entrypoint pecl pear phpize php-config"
)
_JAVA_BUILD = re.compile(r"8u\d+|b\d+|\d[\d._]*", re.ASCII)


def ruby(tag: Tag) -> Base | None:
    found = variant(tag, newest_debian=moves(tag, (3, 2)))
    if found is None:
        return None
    system = full(found[0]) if is_full(tag, found[0]) else with_certificates(found[0])
    return add(
        system, named("ruby gem bundle bundler irb rake erb"), cmd=("irb",),
        paths=system.paths | {"/usr/local/bundle"}, partial=system.minimal,
        env={**system.env, "LANG": "C.UTF-8", "RUBY_VERSION": None,
             "GEM_HOME": "/usr/local/bundle", "PATH": f"/usr/local/bundle/bin:{PATH}"},
    )  # fmt: skip


def php(tag: Tag) -> Base | None:
    recent = moves(tag, (8, 1))
    found = variant(tag, "apache", "fpm", "cli", "zts", newest_debian=recent)
    if found is None:
        return None
    system, words = found
    server = "apache2-foreground" if "apache" in words else "php-fpm" if "fpm" in words else ""
    # What its extensions are compiled with stays in, and is not all named here.
    return add(
        with_certificates(system), _PHP | ({server} if server else set()), partial=True,
        minimal=False, workdir="/var/www/html" if server else "/",
        paths=system.paths | {"/var/www/html"}, entrypoint=("docker-php-entrypoint",),
        cmd=(server,) if server else ("php", "-a"),
    )  # fmt: skip


def perl(tag: Tag) -> Base | None:
    found = variant(tag.but("stable"), "threaded", newest_debian=False)
    return replace(full(found[0]), partial=True) if found else None


def java(tag: Tag) -> Base | None:
    """``openjdk`` and ``eclipse-temurin``: which system they stand on without a word differs."""
    kinds = tag.words & {"jdk", "jre", "ea", "headless", "rc"}
    builds = {word for word in tag.words if _JAVA_BUILD.fullmatch(word)}
    if "alpine" in tag.words:
        builds -= {word for word in builds if word.startswith("3.")}
    system, rest = named_system(tag.but("slim", *kinds, *builds), unnamed(), "")
    if rest:
        return None
    programs = named("java") if "jre" in kinds else named("java javac jar")
    env = {**system.env, "JAVA_HOME": None, "PATH": None}
    return add(system, programs, partial=True, openssl=None, cmd=("jshell",), env=env)


def corretto(_tag: Tag) -> Base | None:
    """Amazon Linux, Debian or Alpine: the tag's words are too many to tell."""
    return add(unnamed(), named("java"), libc="", env={"PATH": None, "JAVA_HOME": None})


def jvm_builder(_tag: Tag) -> Base | None:
    """``maven`` and ``gradle`` on any of Java's images."""
    return add(unnamed(), named("java"), libc="", env={"PATH": None, "JAVA_HOME": None})


def bun(tag: Tag) -> Base | None:
    if "distroless" in tag.words:
        return None
    found = variant(tag.but("debian", "canary"), newest_debian=False)
    if found is None:
        return None
    system = found[0]
    return add(
        system, named("bun bunx"), partial=True, openssl=None, workdir="/home/bun/app",
        homes={**system.homes, "bun": "/home/bun", "1000": "/home/bun"},
        folders=system.folders | {"/home/bun", "/home/bun/app"},
        paths=system.paths | {"/usr/local/bun-node-fallback-bin/node"},
        entrypoint=("/usr/local/bin/docker-entrypoint.sh",), cmd=("/usr/local/bin/bun",),
        env={**system.env, "BUN_INSTALL_BIN": "/usr/local/bin",
             "BUN_RUNTIME_TRANSPILER_CACHE_PATH": "0",
             "PATH": f"{PATH}:/usr/local/bun-node-fallback-bin"},
    )  # fmt: skip


def deno(tag: Tag) -> Base | None:
    words = tag.words
    if words - {"alpine", "debian", "ubuntu"} or len(words) > 1:
        return None
    system = alpine("") if "alpine" in words else ubuntu("") if "ubuntu" in words else debian("")
    return add(
        system, frozenset({"deno"}), partial=True, openssl=None,
        env={**system.env, "DENO_DIR": "/deno-dir/", "DENO_INSTALL_ROOT": "/usr/local",
             "DENO_VERSION": None},
        homes={**system.homes, "deno": "/home/deno"}, folders=system.folders | {"/deno-dir"},
        entrypoint=("/tini", "--", "docker-entrypoint.sh"),
    )  # fmt: skip


FAMILIES = {
    "ruby": ruby, "php": php, "perl": perl, "oven/bun": bun, "denoland/deno": deno,
    "openjdk": java, "eclipse-temurin": java, "amazoncorretto": corretto, "maven": jvm_builder,
    "gradle": jvm_builder,
}  # fmt: skip
