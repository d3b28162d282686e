"""The two ways through ``a && b || c``: what was run has succeeded, or has failed."""

from __future__ import annotations

from dataclasses import replace

from pipeline.dockerfile.shell import nodes
from pipeline.dockerfile.shell.changes import MOVING
from pipeline.dockerfile.shell.flow import Outcome, Path, merge

_QUERIES = frozenset({
    "[", "test", "command", "which", "type", "hash", "grep", "egrep", "fgrep", "pgrep", "id",
    "getent", "diff", "cmp", "expr", "false",
})  # fmt: skip


class Ways:
    """The paths after what was run so far; None: that way is impossible."""

    def __init__(self, path: Path) -> None:
        self.path = path  # the one that the next member is run on
        self.success: Path | None = path
        self.failure: Path | None = None
        self.asked = False  # failure is an answer here, not a fault

    def take(self, *, rescues: bool) -> bool:
        """Go the way that the next member is on; False where nothing gets there."""
        taken = self.failure if rescues else self.success
        if taken is None or taken.ended:
            return False
        self.path = taken
        return True

    def certain(self, *, rescues: bool) -> bool:
        return self.success is None if rescues else not self.asked

    def went(self, after: Path, outcome: Outcome, *, rescues: bool, node: nodes.Node) -> None:
        """What came of a member."""
        success = None if outcome is False else after
        failure = None if outcome is True else after
        if outcome is None and not after.ended:
            failure = self.path if _only_moves(node) else merge([self.path, after])
        if rescues:
            self.success, self.failure = _either(self.success, success), failure
            self.asked = False
        else:
            self.success, self.failure = success, _either(self.failure, failure)
        self.asked = self.asked or (outcome is None and _asks(node))

    def end(self) -> tuple[Path, Outcome]:
        """The path that goes on: nothing has failed, as far as that can be."""
        success, failure = self.success, self.failure
        if success is None or failure is None:
            return success or failure or self.path, success is not None
        if success.ended and not failure.ended:
            return replace(failure, doubt=max(failure.doubt, success.ended)), None
        return merge([success, failure]) if self.asked else success, None


def _either(one: Path | None, other: Path | None) -> Path | None:
    paths = [path for path in (one, other) if path is not None]
    return merge(paths) if paths else None


def _only_moves(node: nodes.Node) -> bool:
    """Whether a failure leaves everything as it was: ``cd``."""
    return isinstance(node, nodes.Simple) and bool(node.words) and node.words[0].raw in MOVING


def _asks(node: nodes.Node) -> bool:
    """Whether a failure is an answer here rather than a fault."""
    match node:
        case nodes.Pipeline(members, negated):
            return negated or _asks(members[-1])
        case nodes.Sequence(members):
            return bool(members) and _asks(members[-1].node)
        case nodes.Subshell(body) | nodes.Redirected(body):
            return _asks(body)
        case nodes.Simple(words):
            return bool(words) and words[0].raw in _QUERIES
        case nodes.Opaque(broken=broken):
            return not broken
    return False
