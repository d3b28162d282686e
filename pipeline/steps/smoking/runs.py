"""How the image is run: as Cloud Run would, and with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline import commands
from pipeline.commands import ContainerRun
from pipeline.context import Context


def as_cloud_run_would(context: Context, image: str, provided: Mapping[str, str]) -> ContainerRun:
    """``provided`` are the variables that lead to what stands beside it."""
    config = context.config
    revision = f"{config.service}-smoke"
    contract = commands.contract_env(config.service, revision, config.run.port)
    return _named(context, ContainerRun(
        image=image, name="", owner="", port=config.run.port,
        env={**config.run.env, **config.smoke.env, **provided, **contract},
        cpu=config.run.cpu, memory=config.run.memory, platform=config.platform,
    ))  # fmt: skip


def another(context: Context, run: ContainerRun, **changes: Any) -> ContainerRun:
    """One more container of its kind; ``changes`` are fields of ContainerRun."""
    return _named(context, replace(run, **changes))


def with_env(context: Context, run: ContainerRun, env: Mapping[str, str]) -> ContainerRun:
    return another(context, run, env={**run.env, **env})


def beside(context: Context, image: str, port: int, env: Mapping[str, str]) -> ContainerRun:
    """A container that the service needs; Cloud Run sets it no limits."""
    return _named(context, ContainerRun(
        image=image, name="", owner="", port=port, env=env, cpu=_MUCH_CPU, memory=_MUCH_MEMORY,
        platform=context.config.platform,
    ))  # fmt: skip


_MUCH_CPU = 2.0
_MUCH_MEMORY = 2 << 30  # bytes


def _named(context: Context, run: ContainerRun) -> ContainerRun:
    token = context.world.token(6)
    return replace(run, name=f"smoke-{context.config.service}-{token}", owner=f"smoke-{token}")
