"""Package repositories that a build adds to those of its distribution."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.images.programs import named
from pipeline.dockerfile.build.tools.fetch import FETCHERS
from pipeline.dockerfile.build.values import Copied, Step
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed

_DISTRIBUTIONS = (
    "debian.org", "ubuntu.com", "alpinelinux.org", "fedoraproject.org", "centos.org", "redhat.com",
    "rockylinux.org", "almalinux.org", "raspbian.org", "archlinux.org", "kernel.org",
)  # fmt: skip
_KNOWN = named(
    "deb.nodesource.com rpm.nodesource.com apt.postgresql.org download.postgresql.org "
    "packages.microsoft.com download.docker.com get.docker.com dl.yarnpkg.com packagecloud.io "
    "ppa.launchpadcontent.net ppa.launchpad.net packages.cloud.google.com dl-ssl.google.com "
    "apt.releases.hashicorp.com rpm.releases.hashicorp.com repo.mongodb.org pgp.mongodb.com "
    "packages.gitlab.com dl.cloudsmith.io packages.sury.org deb.sury.org packages.nginx.org "
    "repo.mysql.com repo.percona.com r.mariadb.com downloads.mariadb.com dlm.mariadb.com "
    "packages.redis.io cli.github.com packages.confluent.io apt.llvm.org apt.kitware.com "
    "apt.corretto.aws yum.corretto.aws packages.adoptium.net repos.azul.com apt.datadoghq.com "
    "yum.datadoghq.com keys.datadoghq.com apt.grafana.com packages.grafana.com rpm.grafana.com "
    "repos.influxdata.com pkgs.tailscale.com pkg.cloudflare.com pkg.cloudflareclient.com "
    "pkgs.k8s.io apt.kubernetes.io dl.winehq.org apt.fury.io apt.puppet.com apt.puppetlabs.com "
    "debian.neo4j.com packages.clickhouse.com setup.vector.dev packages.fluentbit.io "
    "nvidia.github.io cloud.r-project.org apt.syncthing.net install.citusdata.com "
    "repos.citusdata.com packages.erlang-solutions.com binaries2.erlang-solutions.com "
    "repo.zabbix.com pkg.jenkins.io deb.torproject.org packages.wazuh.com apt.envoyproxy.io "
    "packages.chef.io repo.clickhouse.com apt.dockerproject.org download.opensuse.org"
)
_PLACES = re.compile(
    r"(?:dl\.google\.com/linux/(?!direct/)|nginx\.org/(?:keys|packages)/"
    r"|artifacts\.elastic\.co/(?:packages/|GPG-KEY)|aka\.ms/InstallAzureCLI"
    r"|developer\.download\.nvidia\.com/compute/cuda/repos/|downloads\.1password\.com/linux/(?:keys|debian)"
    r"|unit\.nginx\.org/keys/|deb\.nodesource\.com|storage\.googleapis\.com/[\w-]*apt\b)"
)
_SETUP = re.compile(r"(?:script|setup)\.(?:deb|rpm|apt|alpine)\.sh$|repo_setup$|\.repo$")
_ARCHIVE = re.compile(
    r"\.(?:tar|tgz|tar\.\w+|zip|gz|xz|bz2|jar|war|whl|exe|bin|iso|run|AppImage|sha\d+|sig|deb|rpm"
    r"|msi|dmg|json|txt|so|phar)$"
)
_OF_REPOSITORY = re.compile(
    r"(?:release|repo|apt-config|-prod|keyring|erlang-solutions)[^/]*\.(?:deb|rpm)$"
)
_CODE_HOSTS = ("github.com", "githubusercontent.com", "gitlab.com", "sourceforge.net")
_URL = re.compile(r"https?://([\w.-]+)(?::\d+)?(/[^\s\"'|<>()\],;]*)?", re.ASCII)
_LINE = re.compile(
    r"\bdeb(?:-src)?[ \t]+(?:\[(?P<options>[^\]\n]{0,400})\][ \t]*)?(?P<url>https?://[^\s\"']+)"
    r"(?P<rest>[^\n\"'\\]*)"
)
_FIELD = re.compile(r"^[ \t]*(?:URIs[ \t]*:|baseurl[ \t]*=|mirrorlist[ \t]*=)[ \t]*(\S+)", re.M)
_OWN_FOLDER = re.compile(r"/(?:debian|ubuntu|debian-security|ubuntu-ports|raspbian)/?$")
_OWN_PARTS = named("main contrib non-free non-free-firmware universe multiverse restricted")
_MIRROR = re.compile(r"mirror|ftp|debian|ubuntu|archive|cdn")
_OWN_KEY = re.compile(r"signed-by=\S*(?:debian|ubuntu)-archive")
_OF_ALPINE = re.compile(
    r"/(?:alpine/)?(?:v3\.\d+|edge|latest-stable)/(?:main|community|testing)/?$"
)
_SOURCES = ("/etc/apt/sources.list", "/etc/yum.repos.d", "/etc/apk/repositories", "/etc/zypp/repos")
_KEYS = re.compile(r"keyrings|trusted\.gpg|apt-key|/etc/apt/|rpm-gpg|/etc/apk/keys")
_LONGEST, _LONGEST_WORD, _MOST_WORDS, _MOST_FILES = 20_000, 2_000, 200, 50


@dataclass(frozen=True)
class Repository:
    """``where`` is its host, or a PPA; ``place`` is where the build first turns to it."""

    where: str
    place: Place
    certain: bool = True


@dataclass(frozen=True)
class _Seen:
    where: str
    vendor: str
    place: Place
    certain: bool
    is_key: bool = False


def repositories(build: Build, stage: Stage) -> tuple[Repository, ...]:
    """The foreign repositories that a stage turns to, each once."""
    found: dict[str, _Seen] = {}
    pending: list[_Seen] = []
    seen = [one for step in stage.steps for one in _seen(build, step)]
    sources = {one.vendor: one.where for one in reversed(seen) if not one.is_key}
    for one in seen:
        if one.vendor in found:
            continue
        if one.is_key and one.vendor not in sources:
            pending.append(one)
        else:
            key = pending.pop(0) if pending and not one.is_key else one
            where = sources.get(one.vendor, one.where)
            found[one.vendor] = _Seen(where, one.vendor, key.place, one.certain)
    for one in pending:
        found.setdefault(one.vendor, one)
    return tuple(Repository(one.where, one.place, one.certain) for one in found.values())


def _seen(build: Build, step: Step) -> Iterator[_Seen]:
    certain = step.executed is None or step.executed.certain
    told = _of_command(step.executed) if step.executed else _of_copy(build, step)
    for where, is_key in told:
        yield _Seen(where, _vendor(where), step.place, certain, is_key)


def _vendor(where: str) -> str:
    """``apt.example.org`` and ``www.example.com`` are of one vendor."""
    parts = where.split(".")
    return parts[-2] if len(parts) > 1 and not where.startswith("ppa:") else where


def _of_copy(build: Build, step: Step) -> Iterator[tuple[str, bool]]:
    for one in step.copied:
        if one.image == "remote":
            yield from _of_url(one.source, f"{one.target}/")
        elif one.stage is None and not one.image and one.target.startswith(_SOURCES):
            for path in _files(build, one):
                yield from _of_text(build.context.text(path) or "", one.target)
    target = step.instruction.words[-1].value if step.instruction.words else ""
    for heredoc in step.instruction.heredocs:
        yield from _of_text(heredoc.body.value, target)


def _files(build: Build, one: Copied) -> Iterable[str]:
    if not one.directory:
        return (one.source,)
    return islice(build.context.under("" if one.source == "." else one.source), _MOST_FILES)


def _of_command(executed: Executed) -> Iterator[tuple[str, bool]]:
    words = _bounded(executed.words)
    name = executed.name
    text = f"{' '.join(words)}\n{executed.input or ''}"[:_LONGEST]
    if name == "apt.postgresql.org.sh":
        yield "apt.postgresql.org", False
    elif name == "extrepo" and "enable" in words:
        yield f"extrepo {words[-1]}", False
    elif "copr" in words and "enable" in words:
        yield f"copr {words[-1]}", False
    for word in words if name in {"add-apt-repository", "apt-add-repository"} else ():
        if word.startswith("ppa:"):
            yield word, False
    if "://" not in text:
        return
    target = _output(executed)
    if name in FETCHERS or name == "apt-key" or name == "apt-helper":
        around = f"{text} {target}"
        for word in words:
            yield from _of_url(word, around)
    else:
        yield from _of_manager(name, words)
        yield from _of_text(text, target)


def _bounded(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word[:_LONGEST_WORD] for word in words[:_MOST_WORDS])


def _output(executed: Executed) -> str:
    """Where the output of a pipeline goes, with the words of what it goes through."""
    told: list[str] = []
    last: Executed | None = executed
    while last is not None and len(told) < _MOST_WORDS:
        told += _bounded(last.words) if last is not executed else ()
        told += [last.output[0] or ""] if last.output else []
        last = last.feeds
    return " ".join(told)


def _of_url(word: str, around: str) -> Iterator[tuple[str, bool]]:
    """What is fetched, and for what: ``around`` is the command and where its output goes."""
    found = _URL.search(word)
    if found is None or found[1].endswith(_DISTRIBUTIONS):
        return
    host, path = found[1], (found[2] or "").partition("?")[0]
    of_repository = _OF_REPOSITORY.search(path) and not host.endswith(_CODE_HOSTS)
    known = host in _KNOWN or _PLACES.match(f"{host}{path}") is not None
    if of_repository or (known and not _ARCHIVE.search(path)) or _SETUP.search(path):
        yield host, _is_key(path)
    elif any(place in around for place in _SOURCES):
        yield host, False
    elif _KEYS.search(around) and not host.startswith(("keyserver.", "keys.openpgp")):
        yield host, True


def _is_key(path: str) -> bool:
    return path.endswith((".gpg", ".asc", ".key", ".pub", "/gpg")) or "key" in path.lower()


def _of_manager(name: str, words: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    if name == "apk":
        taken = [
            words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-X", "--repository"}
        ]
        taken += [word.partition("=")[2] for word in words if word.startswith("--repository=")]
        yield from ((host, False) for url in taken for host in _not_of_alpine(url))
    adds = {"--add-repo", "addrepo", "ar"} & set(words) or name == "yum-config-manager"
    for word in words[1:]:
        found = _URL.search(word)
        if found is None or found[1].endswith(_DISTRIBUTIONS) or name == "apk":
            continue
        if adds or name in {"add-apt-repository", "apt-add-repository"}:
            yield from () if "deb " in word else ((found[1], False),)
        elif name == "rpm" and "--import" in words:
            yield found[1], True
        elif name in {"rpm", "dnf", "yum", "microdnf"} and _OF_REPOSITORY.search(found[2] or ""):
            yield found[1], False


def _not_of_alpine(text: str) -> Iterator[str]:
    for found in _URL.finditer(text):
        host, path = found[1], found[2] or ""
        known = host in _KNOWN or _PLACES.match(f"{host}{path}")
        if known or not (host.endswith(_DISTRIBUTIONS) or _OF_ALPINE.search(path)):
            yield host


def _of_text(text: str, target: str) -> Iterator[tuple[str, bool]]:
    """What is written into lists of repositories."""
    text = text[:_LONGEST]
    for line in _LINE.finditer(text):
        if host := _foreign(line["url"], line["options"] or "", line["rest"]):
            yield host, False
    for field in _FIELD.finditer(text):
        if host := _foreign(field[1], "", ""):
            yield host, False
    if "/etc/apk/repositories" in target:
        yield from ((host, False) for host in _not_of_alpine(text))


def _foreign(url: str, options: str, rest: str) -> str:
    """The host of a repository that is no mirror of the distribution; empty for the others."""
    found = _URL.match(url)
    if found is None or found[1].endswith(_DISTRIBUTIONS):
        return ""
    host, path = found[1], found[2] or "/"
    if host in _KNOWN or _PLACES.match(f"{host}{path}"):
        return host
    signed = "signed-by=" in options and not _OWN_KEY.search(options)
    parts = {word for word in rest.split()[1:] if word.isascii() and word.isalpha()}
    mirrors = _OWN_FOLDER.search(posixpath.normpath(path)) and parts <= _OWN_PARTS
    vendors = rest.split()[:1] == ["stable"] and not _MIRROR.search(host)
    return "" if mirrors and not (signed or vendors) else host
