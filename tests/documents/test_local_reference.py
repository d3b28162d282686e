"""The reference of the local Cloud Run is current, whole, and made by trials that can tell."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator

import pytest
from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2

import pipeline.local_cloud_run
from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.state import defaults, masks
from pipeline.local_cloud_run.values import InstanceSpec, Json, TaskSpec
from tests.documents.exit_codes import ROOT
from tests.documents.local_reference import trials, verdicts
from tests.documents.local_reference.fields import leaves
from tests.documents.local_reference.methods import methods
from tests.documents.local_reference.page import page

PAGE = (ROOT / "docs/local-cloud-run-reference.md").read_text("utf-8")
MADE = ("Revision", "Execution", "Task")


@pytest.fixture
def fresh() -> Iterator[None]:
    """No verdicts from before, and none left behind."""
    cached = [one for one in vars(verdicts).values() if hasattr(one, "cache_clear")]
    for one in cached:
        one.cache_clear()
    yield
    for one in cached:
        one.cache_clear()


def test_the_page_is_current() -> None:
    """If not: python -m tests.documents.local_reference > docs/local-cloud-run-reference.md"""
    assert page() == PAGE


def test_every_method_of_googles_client_is_on_the_page() -> None:
    clients = [kind for name, kind in vars(run_v2).items() if name.endswith("Client")]
    modules = (run_v2, iam_policy_pb2, operations_pb2)
    names = {
        name.title().replace("_", "")
        for client in clients
        for name, _ in inspect.getmembers(client, inspect.isfunction)
    }
    called = {name for name in names if any(hasattr(one, f"{name}Request") for one in modules)}

    assert len(called) > 35
    assert called == {each.name for each in methods()}
    assert called == set(re.findall(r"^\| (\w+) \| `[A-Z]+ /v2/", PAGE, re.M))


@pytest.mark.parametrize("name", [*trials.KINDS, *MADE])
def test_every_field_of_googles_types_is_on_the_page(name: str) -> None:
    (section,) = re.findall(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    rows = set(re.findall(r"^\| `([^`]+)` \|", section, re.M))
    kind = trials.KINDS[name].type if name in trials.KINDS else _type(name)
    paths = [leaf.path for leaf in leaves(kind)]

    assert paths
    for path in paths:
        assert {".".join(path[:depth]) for depth in range(1, len(path) + 1)} & rows, path


def _type(name: str) -> object:
    return getattr(run_v2, name).pb().DESCRIPTOR


@pytest.mark.parametrize("name", [*trials.KINDS, *MADE])
def test_every_verdict_is_explained(name: str) -> None:
    words = set(re.findall(r"^\| ([a-z0-9 ]+) \|", PAGE.partition("## Methods")[0], re.M))

    assert {each.partition(";")[0] for each in verdicts.verdicts(name).values()} <= words


def verdict_of(path: str) -> str:
    (leaf,) = (one for one in leaves(_type("Service")) if one.name == path)
    return verdicts.verdict("Service", leaf)


@pytest.mark.usefixtures("fresh")
def test_a_field_that_is_no_longer_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict_of("description") == verdicts.STORED
    verdicts._tried.cache_clear()
    monkeypatch.setattr(masks, "MUTABLE", masks.MUTABLE - {"description"})
    assert verdict_of("description") == verdicts.OMITTED


@pytest.mark.usefixtures("fresh")
def test_a_field_that_no_longer_matters_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = defaults.instance_spec
    forgetful = lambda *given: dataclasses.replace(spec(*given), command=())  # noqa: E731
    assert verdict_of("template.containers[].command") == verdicts.EMULATED
    verdicts._tried.cache_clear()
    monkeypatch.setattr(defaults, "instance_spec", forgetful)
    assert verdict_of("template.containers[].command") == verdicts.STORED


@pytest.mark.usefixtures("fresh")
def test_a_field_whose_values_are_all_refused_asks_for_a_better_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = protos.service

    def picky(body: Json) -> Json:
        if body.get("description"):
            raise protos.invalid("description: not this one.")
        return service(body)

    monkeypatch.setattr(protos, "service", picky)
    with pytest.raises(ValueError, match=r"Service\.description: every value was refused"):
        verdict_of("description")


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, each.name) for kind in (InstanceSpec, TaskSpec) for each in dataclasses.fields(kind)],
)
def test_what_a_start_is_told_is_read_by_those_who_start(kind: type, field: str) -> None:
    """Else "emulated" would mean no more than "handed on"."""
    (home,) = pipeline.local_cloud_run.__path__
    rooms = ("messages.py", "containers/*.py", "front_end/*.py")
    text = "".join(
        file.read_text("utf-8") for room in rooms for file in sorted(ROOT.joinpath(home).glob(room))
    )

    assert re.search(rf"\bspec\.{field}\b", text), kind.__name__
