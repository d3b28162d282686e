"""A failure in Markdown, for the summary of a CI run: nothing in it is read as markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from pipeline.errors import PipelineError
from pipeline.model import Diagnosis
from pipeline.report.harmless import harmless, harmless_lines
from pipeline.report.known import IN_FULL, Known, last_of, nothing_known
from pipeline.report.masking import NO_SECRETS, Secrets
from pipeline.report.rollout import cells
from pipeline.watched import Watched

_MOST_LINES = 60
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|~^-]")
_LINK = re.compile(r"(?<=\w)(:)(?=//)|(?<=www)(\.)")
_STEPS = "\n| traffic | revision | requests | errors | median | p95 |\n|--:|---|--:|--:|--:|--:|\n"
_GAP = "\N{ZERO WIDTH SPACE}"


def failure_summary(error: PipelineError, known: Known, secrets: Secrets = NO_SECRETS) -> str:
    """What happened, where, what it was recognised as, the evidence and the remedy."""

    def plain(text: str) -> str:
        return markdown(text, secrets)

    parts = [f"### ✗ {plain(error.title)}", plain(error.what)]
    parts += [f"at {plain(error.where)}"] if error.where else []
    for one in known.found[:IN_FULL]:
        parts += _recognised(one, secrets)
    parts += [plain(known.left_out)] if known.left_out else []
    rest = known.found[IN_FULL:]
    parts += [f"Also {plain(', '.join(f'{one.id} {one.title}' for one in rest))}"] if rest else []
    if known.searched and not known.found:
        parts += [f"{nothing_known(known.searched).capitalize()}. It wrote last:"]
        parts += [fenced(last_of(error.lines, secrets), secrets)]
    elif error.lines:
        parts += [fenced(error.lines, secrets)]
    parts += [f"**Remedy:** {plain(error.remedy)}"] if error.remedy else []
    return "\n\n".join(parts) + "\n\n"


def step_summary(seen: Watched, secrets: Secrets = NO_SECRETS, *, is_first: bool = True) -> str:
    """What a step of a shift came to, as rows of a table that the first one begins."""
    percent = seen.split.get(seen.candidate, 0)
    rows = [(percent, markdown(seen.candidate, secrets), seen.new)]
    rows += [(100 - percent, "old", seen.before)] if seen.before is not None else []
    lines = (f"| {share} % | {name} | {' | '.join(cells(got))} |\n" for share, name, got in rows)
    return f"{_STEPS if is_first else ''}{''.join(lines)}"


def _recognised(one: Diagnosis, secrets: Secrets) -> list[str]:
    rows = (("Cause", one.cause), ("Fix", one.fix), ("Prevention", one.prevention))
    return [
        f"#### {markdown(one.id, secrets)} {markdown(one.title, secrets)}",
        fenced(one.evidence, secrets),
        "\n".join(f"- **{name}:** {markdown(text, secrets)}" for name, text in rows),
    ]


def append(path: str, text: str) -> str:
    """Add to the summary's file; why not, where that fails."""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def markdown(text: str, secrets: Secrets = NO_SECRETS) -> str:
    """One line of text that Markdown shows as it is: no markup, HTML, link or mention."""
    line = harmless(" ".join(text.split()), secrets)
    line = _MARKUP.sub(r"\\\g<0>", line.replace("&", "&amp;"))
    line = line.replace("<", "&lt;").replace(">", "&gt;").replace("@", f"@{_GAP}")
    line = _LINK.sub(rf"\g<0>{_GAP}", line)
    return re.sub(r"^(\d{1,9})([.)])", r"\1\\\2", line)


def fenced(lines: Sequence[str], secrets: Secrets = NO_SECRETS) -> str:
    """Lines as code, in a fence that is longer than any run of backticks in them."""
    safe = harmless_lines(lines, _MOST_LINES, secrets)
    runs = (len(list(run)) for line in safe for one, run in groupby(line) if one == "`")
    fence = "`" * max(3, max(runs, default=0) + 1)
    return "\n".join([f"{fence}text", *safe, fence])
