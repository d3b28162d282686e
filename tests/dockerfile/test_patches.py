"""Certain changes: applied as asked, everything else kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.patches import apply, compatible
from pipeline.dockerfile.place import Edit, Patch


def patch(first: int, last: int, *lines: str, file: str = "Dockerfile") -> Patch:
    return Patch(file, (Edit(first, last, lines),))


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("a\nb\nc\n", (2, 2, "B"), "a\nB\nc\n"),
        ("a\nb\nc\n", (2, 1, "new"), "a\nnew\nb\nc\n"),
        ("a\nb\nc\n", (4, 3, "new"), "a\nb\nc\nnew\n"),
        ("a\nb\nc\n", (2, 3), "a\n"),
        ("a\r\nb\r\n", (1, 1, "x", "y"), "x\r\ny\r\nb\r\n"),
        ("a\r\nb\nc\n", (2, 2, "B"), "a\r\nB\nc\n"),  # each line has its own end
        ("\ufeffa\nb\n", (1, 1, "A"), "\ufeffA\nb\n"),
        ("a\nb", (2, 2, "B"), "a\nB"),
        ("a\nb", (3, 2, "c"), "a\nb\nc"),
        ("a\r\nb", (3, 2, "c"), "a\r\nb\r\nc"),
        ("a\r\nb", (2, 2, "c"), "a\r\nc"),
        ("", (1, 0, "node_modules"), "node_modules\n"),
        ("a\n\fb\x85c\n", (2, 2, "d"), "a\nd\n"),  # only a line feed ends a line
    ],
)
def test_an_edit(text: str, edit: tuple[int, int, *tuple[str, ...]], after: str) -> None:
    assert apply(text, [patch(*edit)]) == after


def test_several_patches_keep_the_lines_they_name() -> None:
    patches = [patch(4, 4, "D", "D2"), patch(2, 1, "new"), patch(2, 3, "BC")]

    assert apply("a\nb\nc\nd\ne\n", [patches[0], patches[2]]) == "a\nBC\nD\nD2\ne\n"
    assert apply("a\nb\nc\nd\ne\n", patches[:2]) == "a\nnew\nb\nc\nD\nD2\ne\n"


@pytest.mark.parametrize("edit", [(0, 0, "x"), (3, 3, "x"), (4, 3, "x"), (2, 0, "x")])
def test_a_patch_for_another_text_is_refused(edit: tuple[int, int, str]) -> None:
    with pytest.raises(ValueError, match="no lines"):
        apply("a\nb\n", [patch(*edit)])


def test_the_first_of_overlapping_patches_wins() -> None:
    first, inside, beside = patch(2, 4, "x"), patch(3, 3, "y"), patch(5, 5, "z")
    elsewhere, insertion = patch(3, 3, "y", file="entrypoint.sh"), patch(2, 1, "new")

    taken, left = compatible([first, inside, beside, elsewhere, insertion, first])

    assert taken == [first, beside, elsewhere]
    assert left == [inside, insertion]


def test_two_insertions_at_one_place_are_not_both_made() -> None:
    one, other = patch(2, 1, "a"), patch(2, 1, "b")

    assert compatible([one, other]) == ([one], [other])
    assert compatible([one, one]) == ([one], [])


lines = st.lists(st.text(alphabet="abc #\\", min_size=1, max_size=5), min_size=2, max_size=8)


@given(lines, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_what_is_not_named_stays_as_it_is(
    before: list[str], end: str, closed: bool, data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, len(before) + 1))
    last = data.draw(st.integers(first - 1, len(before)))
    after = [*before[: first - 1], "NEW", *before[last:]]

    def text(lines: list[str]) -> str:
        return end.join(lines) + (end if closed else "")

    assert apply(text(before), [patch(first, last, "NEW")]) == text(after)


@given(lines, st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=6))
def test_what_is_compatible_can_be_applied_in_any_order(
    before: list[str], spans: list[tuple[int, int]]
) -> None:
    text = "\n".join([*before, *"123456789", ""])
    patches = [patch(first, first + more - 1, f"n{at}") for at, (first, more) in enumerate(spans)]
    taken, left = compatible(patches)

    assert len(taken) + len(left) == len(patches)
    assert apply(text, taken) == apply(text, reversed(taken))
