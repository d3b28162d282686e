"""What becomes of the build when a step fails."""

from __future__ import annotations

from pipeline.dockerfile.build.build import Stage
from pipeline.dockerfile.build.values import Step


def ends_build(stage: Stage, step: Step) -> bool | None:
    """Whether the build ends when this step fails.

    None: the step certainly runs, and nobody takes notice of its failure (``;``, a heredoc without
    ``set -e``). False too where it may not run at all, or where something is there for the case
    (``||``, ``if``).
    """
    executed = step.executed
    if executed is None or not executed.certain:
        return False
    if not executed.tolerated:
        return True
    after = step.number - stage.steps[0].number + 1
    following = stage.steps[after] if after < len(stage.steps) else None
    if following is None or following.instruction is not step.instruction:
        return False
    return None if following.executed is not None and following.executed.certain else False
