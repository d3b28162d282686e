"""The page: a table of methods, and a table of fields for each resource."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.local_cloud_run.api.knative import surface
from tests.documents.local_reference.methods import Method, is_emulated, methods, unheeded
from tests.documents.local_reference.trials import KINDS
from tests.documents.local_reference.verdicts import EMULATED, NOT_EMULATED, lists_of_one, verdicts

_HEAD = """\
# Reference of the local Cloud Run

Every method and every field of Run v2, as Google's Python client has them, and what
[the local Cloud Run](local-cloud-run.md) does with it. The page is made by trying: each field is
sent with other values, and what comes of it is compared. At the end are the paths of the v1 API.

| word | what it means |
|---|---|
| emulated | it changes what happens: what is started, who answers, what is refused |
| stored only | it is taken and given back, and changes nothing |
| filled in | the local Cloud Run says it; what a caller sends there is ignored |
| as asked for | in what is made of a template: what the template says |
| never set | it is not given back, whatever is sent |
| answers 501 | it is refused, with the words *does not emulate* |
| …; 501: … | some of its values are refused so |

A row stands for all fields below it. `[]` is a list: each of its entries.

## Methods

The last column has the fields of the request that make no difference.

| method | path | | without effect |
|---|---|---|---|
"""

_KNATIVE = """
## The v1 API

Emulated are these paths; gcloud uses them. What else there is of v1 is refused with 400, for gcloud
would send a 501 again. The message says the same.

| path | methods |
|---|---|
"""

_TITLES = {
    "Service": "The fields of a service, and of its template.",
    "Revision": "Made of a service's template; read only.",
    "Job": "The fields of a job, and of its templates.",
    "RunJobRequest.overrides": "What one run changes.",
    "Execution": "Made of a job's template and a run's overrides; read only.",
    "Task": "A part of an execution; read only.",
    "Policy": "The IAM policy of a service or a job.",
}


def page() -> str:
    resources = map(_section, _TITLES)
    return "".join((_HEAD, *map(_method, methods()), *resources, _KNATIVE, *_knative()))


def _method(method: Method) -> str:
    row = f"| {method.name} | `{method.verb} {method.shown_uri}` |"
    if not is_emulated(method):
        return f"{row} {NOT_EMULATED} | |\n"
    return f"{row} {EMULATED} | {', '.join(f'`{name}`' for name in unheeded(method))} |\n"


def _knative() -> Iterator[str]:
    """A row for each path of the v1 API, from its routes."""
    verbs: dict[str, list[str]] = {}
    for verb, pattern, _ in surface._ROUTES:
        path = re.sub(r"\(\?P<\w+>[^)]*\)", "*", pattern).replace("\\.", ".")
        verbs.setdefault(path, []).append(f"`{verb}`")
    return (f"| `/{path}` | {', '.join(found)} |\n" for path, found in verbs.items())


def _section(name: str) -> str:
    rows = [f"| `{path}` | {verdict} |\n" for path, verdict in _rows(name)]
    return f"\n## {name}\n\n{_TITLES[name]}\n\n| field | |\n|---|---|\n{''.join(rows)}"


def _rows(name: str) -> Iterator[tuple[str, str]]:
    """Each field with its verdict, one for all below it where they agree."""
    of_one = lists_of_one(name) if name in KINDS else {}
    for path, verdict in _folded(verdicts(name)).items():
        row = ".".join(path)
        for each in [one for one in of_one if row.startswith(one)]:
            yield each.removesuffix("[]"), of_one.pop(each)
        yield row, verdict


def _folded(found: dict[tuple[str, ...], str], depth: int = 1) -> dict[tuple[str, ...], str]:
    groups: dict[tuple[str, ...], dict[tuple[str, ...], str]] = {}
    for path, verdict in found.items():
        groups.setdefault(path[:depth], {})[path] = verdict
    rows: dict[tuple[str, ...], str] = {}
    for prefix, below in groups.items():
        if len(set(below.values())) == 1:
            rows[prefix] = next(iter(below.values()))
        else:
            rows |= _folded(below, depth + 1)
    return rows
