"""What the stages talk about: images, revisions, traffic, verdicts. Frozen values, pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 -- an outcome, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """What one check found: its outcome, the evidence in a sentence, and from how many samples."""

    check: str
    outcome: Outcome
    evidence: str
    sample: int = 1
    lines: tuple[str, ...] = ()


def overall(verdicts: Iterable[Verdict]) -> Outcome:
    """Fail if any failed, else inconclusive if any is or there is none, else pass."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.PASS if outcomes == {Outcome.PASS} else Outcome.INCONCLUSIVE


def concluded(verdict: Verdict) -> Verdict:
    """The verdict when no more can come: what is still not there, is not there."""
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return replace(verdict, outcome=Outcome.FAIL)
    return verdict


def borne(verdict: Verdict, why: str) -> Verdict:
    """The verdict where what is bad need not be what was judged: ``why`` says whose it may be."""
    if verdict.outcome is Outcome.FAIL:
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, evidence=f"{verdict.evidence}; {why}")
    return verdict


@dataclass(frozen=True)
class Finding:
    """One thing lint found. Lines and columns count from 1."""

    rule: str
    severity: str  # error, warning, info, style
    file: str
    line: int
    end_line: int
    column: int
    message: str
    fix: str = ""
    end_column: int = 0  # of the last character; 0 where it is not known
    why: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """A known failure that was recognised: the lines that show it, why, and what to change.

    ``stage`` is the one that should have caught it.
    """

    id: str
    title: str
    stage: str
    cause: str
    fix: str
    prevention: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A line of a file, counted from 1, to show a failure at, and what is wrong there."""

    file: str
    line: int
    text: str = ""


@dataclass(frozen=True)
class RuleHelp:
    """What a rule says of itself. ``page`` is Markdown, ``link`` where more is told."""

    id: str
    title: str
    page: str = ""
    link: str = ""


@dataclass(frozen=True)
class Source:
    """What goes into a build: ``digest`` names it, ``commit`` is git's name for it, where known."""

    digest: str
    commit: str = ""
    dirty: bool = False
    repository: str = ""  # where it is kept, without credentials

    @property
    def version(self) -> str:
        """The commit, marked where the source differs from it, or else the digest."""
        return f"{self.commit}-dirty" if self.dirty else self.commit or self.digest


@dataclass(frozen=True)
class Image:
    """A built image. ``id`` is the engine's; ``digests`` are those that registries gave it."""

    reference: str  # NAME:TAG
    id: str
    architecture: str
    labels: Mapping[str, str] = field(default_factory=dict)
    digests: tuple[str, ...] = ()  # NAME@sha256:…


def digest_of(image: str) -> str:
    """What is behind the @: one image under two names is one image."""
    return image.rpartition("@")[2]


Configured = Mapping[str, str]
"""What is really set, by the key of pipeline.yaml that sets it: ``run.memory``, ``run.env.NAME``.

Values are spelt as there. Those of variables may be secrets: they are compared, never printed.
"""


@dataclass(frozen=True)
class Target:
    """A traffic target. ``revision`` None means the latest ready one; ``percent`` is 0 to 100."""

    revision: str | None = None
    percent: int = 0
    tag: str | None = None
    uri: str = ""


@dataclass(frozen=True)
class Service:
    """A service as it was read: what it asks for, what it serves, and our notes on it."""

    name: str
    uri: str
    etag: str
    reconciling: bool
    ready: bool
    message: str
    latest_created: str
    latest_ready: str
    image: str
    traffic: tuple[Target, ...]
    serving: tuple[Target, ...]
    annotations: Mapping[str, str]
    invoker_iam_disabled: bool = False
    generation: int = 0  # counts the changes of what it asks for
    account: str = ""  # what it runs as
    template_revision: str = ""  # the revision that its template names, if it does
    configured: Configured = field(default_factory=dict, repr=False)
    raw: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Revision:
    """A revision as it was read. ``image`` is pinned by digest."""

    name: str
    image: str
    created: datetime
    ready: bool
    message: str
    labels: Mapping[str, str] = field(default_factory=dict)
    configured: Configured = field(default_factory=dict, repr=False)


Split = Mapping[str, int]
"""Percent of traffic by revision name; sums to 100, or is empty when nothing serves."""


def live_split(service: Service) -> dict[str, int]:
    """What serves now, by name. Observed targets only; LATEST is resolved to the latest ready."""
    return _percents(service.serving, service.latest_ready)


def asked_split(service: Service) -> dict[str, int]:
    """What the service asks for, by name."""
    return _percents(service.traffic, service.latest_ready)


def unsettled(service: Service) -> str:
    """Why this is no moment to start a release; empty when it is.

    A half-failed shift leaves a service that asks for one split and serves another: deploying on
    top of that makes it worse, so it is named first.
    """
    if service.reconciling:
        return "the service is reconciling: another change is still under way"
    if not service.latest_ready:
        return ""  # a first deploy that failed: nothing serves, nothing can be harmed
    asked, live = asked_split(service), live_split(service)
    if asked != live:
        return f"the service asks for {show_split(asked)} but serves {show_split(live)}"
    return ""


def pinned(split: Split, keep: Sequence[Target] = ()) -> tuple[Target, ...]:
    """Traffic targets that hold a split by revision name, tags kept as 0 % targets of their own."""
    holding = tuple(Target(name, percent) for name, percent in split.items() if percent)
    tagged = tuple(Target(target.revision, 0, target.tag) for target in keep if target.tag)
    return holding + tagged


def tag_uri(service: Service, tag: str) -> str:
    """The URL under which only the tagged revision answers; empty when there is none."""
    return next((one.uri for one in service.serving if one.tag == tag), "")


def tagged(targets: Iterable[Target], tag: str, latest: str) -> str:
    """The revision that a tag points at; ``latest`` where it names none, empty without the tag."""
    return next((one.revision or latest for one in targets if one.tag == tag), "")


def without_tag(targets: Iterable[Target], tag: str) -> tuple[Target, ...]:
    return tuple(target for target in targets if target.tag != tag)


def step(before: Split, candidate: str, percent: int) -> dict[str, int]:
    """Give the candidate ``percent`` and scale what served before into the rest.

    Whole points go by largest remainder, so that the sum is always 100.
    """
    others = {name: share for name, share in before.items() if name != candidate and share}
    rest, total = 100 - percent, sum(others.values())
    if not total:
        return {candidate: 100}
    exact = {name: share * rest / total for name, share in others.items()}
    whole = {name: int(share) for name, share in exact.items()}
    by_loss = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_loss[: rest - sum(whole.values())]:
        whole[name] += 1
    split = {candidate: percent, **whole}
    return {name: share for name, share in split.items() if share}


def show_split(split: Split) -> str:
    ordered = sorted(split.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {percent} %" for name, percent in ordered) or "nothing"


_NAME_ROOM = 63
_TAG_ROOM = 46


def release_names(service: str, label: str, token: str) -> tuple[str, str]:
    """A revision name and a tag that only this attempt has (API facts §1.4, §3.2).

    ``label`` says what was built (a commit, or the input's digest), ``token`` is random. Names stay
    below 64 characters; tag and service together stay within 46, the label giving way first.
    """
    short = re.sub(r"[^a-z0-9]", "", label.lower())[:7]
    unique = f"{short}-{token}" if short else token
    revision, tag = f"{service}-{unique}", f"c-{unique}"
    if len(tag) + len(service) > _TAG_ROOM:
        tag = f"c-{token}"
    if len(revision) > _NAME_ROOM or len(tag) + len(service) > _TAG_ROOM:
        raise ValueError(f"service name {service!r} leaves no room for a unique tag")
    return revision, tag


def _percents(targets: Iterable[Target], latest: str) -> dict[str, int]:
    split: dict[str, int] = {}
    for target in targets:
        name = target.revision or latest
        if target.percent and name:
            split[name] = split.get(name, 0) + target.percent
    return split
