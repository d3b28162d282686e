"""``PIPELINE_…`` variables: any key of the configuration, for CI.

``PIPELINE_RUN_MEMORY=1Gi`` is ``run.memory``: the path's parts in capitals, joined by ``_``. Each
value is read as YAML: ``PIPELINE_TRAFFIC_STEPS='[50, 100]'``.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pipeline.config.faults import Fault, Path, Place
from pipeline.config.keys import leaves
from pipeline.config.reading import Reading, UnreadableError, read

_PREFIX = "PIPELINE_"
_FOREIGN = {"PIPELINE_WORKSPACE"}
"""Set by Azure Pipelines in every job."""


def variable(path: Path) -> str:
    return _PREFIX + "_".join(str(part).upper() for part in path)


def apply(document: Reading, environ: Mapping[str, str]) -> None:
    """Put each variable's value in its place in ``document``, and its faults with the others."""
    known = {variable(path): path for path, _ in leaves()}
    for name in sorted(environ):
        if name in known:
            _put(document, known[name], name, environ[name])
        elif name.startswith(_PREFIX) and name not in _FOREIGN:
            fault = Fault(Place(name), (), "no key has this variable", _meant(name, known))
            document.faults.append(fault)


def _meant(name: str, known: Mapping[str, Path]) -> str:
    rests = [one.removeprefix(_PREFIX) for one in known]
    near = get_close_matches(name.removeprefix(_PREFIX), rests, 1)
    return f"Did you mean {_PREFIX}{near[0]}?" if near else "Unset it, or give it another name"


def _put(document: Reading, path: Path, name: str, text: str) -> None:
    if not text.strip():
        fault = Fault(Place(name), path, "the variable is empty", "Unset it, or write null")
        document.faults.append(fault)
        return
    try:
        reading = read(text, lambda _line, _column: Place(name))
    except UnreadableError as unreadable:
        document.faults.append(unreadable.fault)
        return
    parent = document.value
    for part in path[:-1]:
        parent = parent.setdefault(part, {}) if isinstance(parent, dict) else None
    if not isinstance(parent, dict):
        return  # the file has a value where this needs a section: that fault is told already
    parent[path[-1]] = reading.value
    _forget(document, path)
    document.faults += [
        Fault(fault.place, path + fault.path, fault.rule, fault.remedy) for fault in reading.faults
    ]
    document.spots |= {path + inner: spot for inner, spot in reading.spots.items()}


def _forget(document: Reading, path: Path) -> None:
    """What the file says of a key does not count once a variable has set it."""
    for known in [one for one in document.spots if one[: len(path)] == path]:
        del document.spots[known]
