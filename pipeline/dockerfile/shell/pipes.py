"""Counts the members of the pipelines of a script as it is read."""

from __future__ import annotations

MOST_MEMBERS = 100
"""tree-sitter-bash takes memory with the square of a pipeline's length."""

_CLOSES = {
    "(": ")",
    "{": "}",
    "if": "fi",
    "case": "esac",
    **dict.fromkeys(("for", "select", "while", "until"), "done"),
}


class Pipes:
    """A count for each compound command that is open."""

    def __init__(self) -> None:
        self.levels: list[tuple[str, int]] = [("", 1)]

    def see(self, sign: str) -> bool:
        """Take an operator or reserved word into account; False: a pipeline is too long."""
        closer, count = self.levels[-1]
        if sign in {"|", "|&"}:
            self.levels[-1] = (closer, count + 1)
        elif sign in _CLOSES:
            self.levels.append((_CLOSES[sign], 1))
        elif sign == closer:
            self.levels.pop()
        elif sign != ")":
            self.levels[-1] = (closer, 1)
        return count < MOST_MEMBERS
