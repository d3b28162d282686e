"""What a candidate is made with; the jobs that run for it are made with the same."""

from __future__ import annotations

from pipeline.adapters.template import Settings
from pipeline.checks.revision import RELEASE_LABEL
from pipeline.config import Config
from pipeline.context import Context
from pipeline.model import Service
from pipeline.release.candidate import Candidate
from pipeline.release.variables import variables_of


def settings_of(context: Context, service: Service | None, candidate: Candidate) -> Settings:
    """The configuration, and the label that tells what belongs to this release."""
    before = variables_of(service) if service else frozenset()
    return Settings(
        revision=candidate.revision, image=candidate.image, config=context.config,
        labels={RELEASE_LABEL: candidate.tag}, dropped=before - variable_names(context.config),
    )  # fmt: skip


def variable_names(config: Config) -> frozenset[str]:
    return frozenset(config.run.env) | frozenset(config.run.secrets)
