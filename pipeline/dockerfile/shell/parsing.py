"""Parses a shell script into structure. Loads tree-sitter: import it where it is needed."""

from __future__ import annotations

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from pipeline.dockerfile.shell.masking import mask
from pipeline.dockerfile.shell.nodes import Listed, Opaque, Sequence
from pipeline.dockerfile.shell.reading import Reader

LONGEST = 250_000
_CHUNK = 128
_READS_PER_CHUNK = 24  # a healthy script needs one or two; error recovery takes quadratic time
_LANGUAGE = Language(tree_sitter_bash.language())


def parse(script: str) -> Sequence:
    """The structure of ``script``. What cannot be read is an ``Opaque``, as small as possible."""
    if len(script) <= LONGEST:
        masked = mask(script)
        root = _tree(masked.text.encode("ascii"))
        if root is not None and root.type == "program":
            return Reader(script, masked).sequence(root.children, 0)
    return Sequence((Listed("", Opaque(script, broken=True)),))


def _tree(source: bytes) -> Node | None:
    """The syntax tree; None where reading it would take too long."""
    left = 100 + _READS_PER_CHUNK * (len(source) // _CHUNK)

    def read(offset: int, _point: object) -> bytes:
        nonlocal left
        left -= 1
        return source[offset : offset + _CHUNK] if left > 0 else b""

    tree = Parser(_LANGUAGE).parse(read)
    return tree.root_node if left > 0 else None
