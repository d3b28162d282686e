"""The reference of exit codes, made from pipeline/errors.py and the pages of the stages.

python -m tests.documents.exit_codes > docs/exit-codes.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pipeline import errors
from pipeline.errors import PipelineError

ROOT = Path(__file__).parents[2]
STAGES = ROOT / "docs/stages"

_HEAD = """\
# Exit codes

`python -m pipeline STAGE` ends with 0 when all is well, else with the code of the failure that
stopped it. The failure is printed with its place, the evidence and the remedy.

`nox` itself ends with 1 whatever stopped it; the line under the failure names the code:
`Session verify aborted: exit code 21.`

| code | what it says | explained in |
|---|---|---|
"""

_FOOT = """
## From any stage

- 3: `pipeline.yaml` or a `PIPELINE_…` variable is wrong. Every fault is named at once, with
  line and column ([configuration](configuration.md)).
- 64: an option or a stage that does not exist.
- 70: a bug in the pipeline. The text names a file with the details.
- 130 after Ctrl-C, 143 after SIGTERM. What was under way is undone first; `nox -s status` says what
  serves.

## From any stage that calls Google

- 12: no credentials, or they are no longer valid: `gcloud auth application-default login`.
- 13: a permission is missing. The remedy names the role and the command that grants it.
- 14: no service of that name in that project and region.
- 15: no answer. Check the network; with `CLOUD_RUN_EMULATOR_HOST` set, that `nox -s local` still
  runs.
- 16: Cloud Run refused, in its own words, or a change did not settle within 5 minutes.
- 18: somebody else changed the service in between. What is there is theirs and is left alone.
"""


def all_errors() -> dict[int, type[PipelineError]]:
    """Every failure by its code, in order."""
    found = [one for one in vars(errors).values() if isinstance(one, type)]
    kinds = (one for one in found if issubclass(one, PipelineError))
    return {one.exit_code: one for one in sorted(kinds, key=lambda one: one.exit_code)}


def codes_on(page: str) -> list[tuple[int, str]]:
    """The codes that tables of a page begin their rows with, each with the text beside it."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+?) \|", page, re.M)
    return [(int(code), text) for code, text in rows]


def reference() -> str:
    pages: dict[int, list[str]] = {}
    for page in sorted(STAGES.glob("*.md")):
        for code, _ in codes_on(page.read_text("utf-8")):
            pages.setdefault(code, []).append(f"[{page.stem}](stages/{page.name})")
    rows = (
        f"| {code} | {error.title} | {', '.join(pages.get(code, ['below']))} |\n"
        for code, error in all_errors().items()
    )
    return _HEAD + "".join(rows) + _FOOT


if __name__ == "__main__":
    sys.stdout.write(reference())
