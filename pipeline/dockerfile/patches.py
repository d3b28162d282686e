"""Applying certain changes to a text, everything else kept as it is."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.dockerfile.place import Edit, Patch

_BOM = "\ufeff"


def compatible(patches: Iterable[Patch]) -> tuple[list[Patch], list[Patch]]:
    """The patches that can be applied together, and those that overlap an earlier one."""
    taken: list[Patch] = []
    left: list[Patch] = []
    for patch in dict.fromkeys(patches):
        (left if any(_overlap(patch, other) for other in taken) else taken).append(patch)
    return taken, left


def apply(text: str, patches: Iterable[Patch]) -> str:
    """The text of one file after patches that are ``compatible``.

    Line ends, a byte order mark and a missing last line end stay. Raises ValueError for a patch
    that is made for another text.
    """
    bom, text = text[: text.startswith(_BOM)], text.removeprefix(_BOM)
    lines = text.split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
    closed = not lines or lines[-1].endswith("\n")
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if not closed:
        lines[-1] += end
    edits = [edit for patch in patches for edit in patch.edits]
    for edit in sorted(edits, key=lambda edit: edit.first, reverse=True):
        _replace(lines, edit, end)
    changed = "".join(lines)
    if not closed:
        changed = changed.removesuffix("\n").removesuffix(end[:-1])
    return bom + changed


def _replace(lines: list[str], edit: Edit, end: str) -> None:
    if not 1 <= edit.first <= edit.last + 1 <= len(lines) + 1:
        raise ValueError(f"no lines {edit.first} to {edit.last} among {len(lines)}")
    near = lines[edit.first - 1 : edit.last or edit.first] or lines[-1:]
    if near:
        end = "\r\n" if near[0].endswith("\r\n") else "\n"
    lines[edit.first - 1 : edit.last] = [f"{line}{end}" for line in edit.lines]


def _overlap(one: Patch, other: Patch) -> bool:
    if one.file != other.file:
        return False
    return any(_touch(edit, against) for edit in one.edits for against in other.edits)


def _touch(one: Edit, other: Edit) -> bool:
    """An insertion touches what it stands before, and another insertion at the same line."""
    return one.first <= max(other.last, other.first) and other.first <= max(one.last, one.first)
