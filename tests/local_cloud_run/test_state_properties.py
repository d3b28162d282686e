"""What holds after any events in any order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.local_cloud_run.api.paging import page
from pipeline.local_cloud_run.state import defaults, events, masks, traffic
from pipeline.local_cloud_run.state.effects import (
    ApplyTraffic,
)
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.state.traffic import route
from pipeline.local_cloud_run.values import Json, RevisionKey, Site
from tests.local_cloud_run.model import FAILURE, KEY, LATEST, Model, pinned, spec

NAMES = ("s-a", "s-b", "s-c", "s-d")
names = st.sampled_from(NAMES)


def two(first: str, second: str, percent: int) -> list[Json]:
    return [pinned(first, percent), pinned(second, 100 - percent)]


def tagged(name: str, tag: str) -> list[Json]:
    return [{**LATEST, "percent": 100}, pinned(name, tag=tag)]


targets = st.one_of(
    st.builds(lambda name: [pinned(name, 100)], names),
    st.builds(two, names, names, st.integers(0, 100)),
    st.builds(tagged, names, st.sampled_from(["t", "u"])),
    st.just([{**LATEST, "percent": 100}]),
)
actions = st.one_of(
    st.tuples(st.just("deploy"), names, st.sampled_from(["app:1", "app:2", "app:3"])),
    st.tuples(st.just("dark"), names, targets),
    st.tuples(st.just("traffic"), names, targets),
    st.tuples(st.sampled_from(["ready", "fail", "delete", "applied", "unapplied"]), names),
)


def act(model: Model, action: tuple) -> None:
    match action:
        case ("deploy", name, image):
            model.update(spec(image, name), "template", allow_missing=True)
        case ("dark", name, split):
            model.update(spec(name, name, traffic=split), "template", "traffic")
        case ("traffic", _, split):
            model.update({"traffic": split}, "traffic")
        case ("ready", name):
            model.ready(name)
        case ("fail", name):
            model.fail(name)
        case ("delete", name):
            model.send(events.DeleteRevision(model.key(name), model.nonce()))
        case _:
            router(model, failing=action[0] == "unapplied")


def router(model: Model, *, failing: bool) -> None:
    asked = [each for each in model.effects if isinstance(each, ApplyTraffic)]
    for effect in asked[-2:]:
        if failing:
            model.send(events.TrafficFailed(effect.key, effect.generation, FAILURE))
        else:
            model.send(events.TrafficApplied(effect.key, effect.generation))


def holds(model: Model) -> None:
    """Percents sum to 100; traffic reaches ready revisions only; conditions and numbers agree."""
    service = model.service
    observed = service.observed
    assert sum(target.percent for target in traffic.targets(service.spec)) == 100
    assert not observed or sum(each.target.percent for each in observed) == 100
    assert all(service.revisions[each.revision].is_ready for each in observed)
    assert all(each.target.revision in (None, each.revision) for each in observed)
    assert service.latest_ready == "" or service.revisions[service.latest_ready].is_ready
    assert service.latest_created in service.revisions
    assert service.observed_generation <= service.generation
    if service.ready.state == "CONDITION_SUCCEEDED":
        assert service.observed_generation == service.generation
        assert [each.target for each in observed] == list(traffic.targets(service.spec))
        resolved = [each.revision for each in observed if each.target.revision is None]
        assert set(resolved) <= {service.latest_ready}
    if not service.reconciling and model.instant:
        open_ended = [each for each in model.state.operations.values() if not each.done]
        assert all(service.revisions[each.revision].pending for each in open_ended)


@settings(max_examples=200, deadline=None)
@given(st.lists(actions, max_size=25), st.booleans())
def test_invariants(script: list[tuple], instant: bool) -> None:
    model = Model(instant=instant)
    model.create(spec(revision="s-a"))
    for action in script:
        before = model.service
        held = model.state
        try:
            act(model, action)
        except ApiError:
            assert model.state is held
        assert model.service.generation >= before.generation
        assert model.state is held or model.service.version >= before.version
        holds(model)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 100)), min_size=1, max_size=6))
def test_two_versions_are_never_equal(changes: list[tuple[int, int]]) -> None:
    model = Model().serving()
    seen = {model.service.version}
    for value, _ in changes:
        model.update({"labels": {"a": str(value)}}, "labels")
        assert model.service.version not in seen
        seen.add(model.service.version)


@given(st.integers(0, 100), st.integers(0, 999))
def test_chance_decides_by_percent(percent: int, thousandths: int) -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"), "template")
    model.ready("s-b")
    model.update({"traffic": [pinned("s-a", percent), pinned("s-b", 100 - percent)]}, "traffic")
    roll = thousandths / 1000
    wanted = "s-a" if roll * 100 < percent else "s-b"
    assert route(model.state, Site(KEY), roll) == RevisionKey(*KEY, wanted)


def test_sites_that_nobody_may_reach() -> None:
    model = Model().serving()
    assert route(model.state, Site(KEY, "nowhere"), 0.0).status == 404
    for field, value in (
        ("ingress", "INGRESS_TRAFFIC_INTERNAL_ONLY"),
        ("defaultUriDisabled", True),
    ):
        model.update({field: value}, field)
        assert route(model.state, Site(KEY), 0.0).status == 404
        model.update({}, field)
    assert route(model.state, Site(KEY), 0.0) == RevisionKey(*KEY, "s-a")


json_values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
trees = st.dictionaries(
    st.sampled_from(["template", "labels", "scaling"]),
    st.dictionaries(st.sampled_from("abc"), json_values, max_size=3),
)


@given(trees, trees)
def test_a_mask_takes_its_paths_and_leaves_the_rest(old: dict, new: dict) -> None:
    merged = masks.merge(old, new, ["template.a", "labels"])
    assert merged.get("template", {}).get("a") == new.get("template", {}).get("a")
    assert merged.get("labels") == new.get("labels")
    assert merged.get("scaling") == old.get("scaling")
    rest = {name: value for name, value in old.get("template", {}).items() if name != "a"}
    assert {k: v for k, v in merged.get("template", {}).items() if k != "a"} == rest
    assert masks.merge(old, new, ["*"]) == masks.merge(old, new, None) == new


@pytest.mark.parametrize("ports", [None, [{"containerPort": 9000}]])
@pytest.mark.parametrize("limits", [None, {"cpu": "0.5"}, {"memory": "1Gi"}])
@pytest.mark.parametrize("probe", [None, {"httpGet": {"path": "/x"}}, {"tcpSocket": {}}])
def test_defaults_are_filled_in_once(ports: object, limits: object, probe: object) -> None:
    container = {"image": "a"}
    container |= {"ports": ports} if ports else {}
    container |= {"resources": {"limits": limits}} if limits else {}
    container |= {"startupProbe": probe} if probe else {}
    once = defaults.with_defaults({"template": {"containers": [container]}})
    assert defaults.with_defaults(once) == once
    filled = defaults.instance_spec(RevisionKey(*KEY, "s-a"), once["template"], {})
    assert filled.port == filled.probe.port == (9000 if ports else 8080)
    assert filled.concurrency == (1 if limits == {"cpu": "0.5"} else 80)
    assert filled.memory == (1024 if limits == {"memory": "1Gi"} else 512) * 1024**2
    assert (filled.probe.timeout, filled.probe.default) == ((1, False) if probe else (240, True))
    assert filled.request_timeout == 300.0


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_pages_put_together_are_the_list(items: list[int], size: int) -> None:
    gathered, token = page(items, size, "")
    while token:
        more, token = page(items, size, token)
        gathered += more
    assert gathered == items


@pytest.mark.parametrize("token", ["x", "ä", "ZnJvbSAtMQ==", "Zm9vIDE="])
def test_a_foreign_page_token_is_refused(token: str) -> None:
    with pytest.raises(ApiError):
        page([1], 1, token)
