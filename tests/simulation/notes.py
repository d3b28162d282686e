"""The pipeline's notes on a service of the state model."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import cast

from pipeline.local_cloud_run.state.resources import Service
from pipeline.model import Service as Read
from pipeline.release.candidate import CANDIDATE, Candidate, candidate_of
from pipeline.release.history import RELEASES, Release, releases_of
from pipeline.release.lease import LEASE, Lease, lease_of
from pipeline.release.rejected import REJECTED, Rejected, rejected_of


def candidate_on(service: Service | None) -> Candidate | None:
    return _candidate(_note(service, CANDIDATE))


def lease_on(service: Service | None) -> Lease | None:
    return _lease(_note(service, LEASE))


def rejected_on(service: Service | None) -> tuple[Rejected, ...]:
    return _rejected(_note(service, REJECTED))


def releases_on(service: Service | None) -> tuple[Release, ...]:
    return _releases(_note(service, RELEASES))


def _note(service: Service | None, name: str) -> str:
    notes = service.spec.get("annotations", {}) if service else {}
    return str(notes.get(name, ""))


def _read(name: str, text: str) -> Read:
    return cast(Read, SimpleNamespace(annotations={name: text}))


@lru_cache(maxsize=64)
def _candidate(text: str) -> Candidate | None:
    return candidate_of(_read(CANDIDATE, text))


@lru_cache(maxsize=64)
def _lease(text: str) -> Lease | None:
    return lease_of(_read(LEASE, text))


@lru_cache(maxsize=64)
def _rejected(text: str) -> tuple[Rejected, ...]:
    return rejected_of(_read(REJECTED, text))


@lru_cache(maxsize=64)
def _releases(text: str) -> tuple[Release, ...]:
    return releases_of(_read(RELEASES, text))
