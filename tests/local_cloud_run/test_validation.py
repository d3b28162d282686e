"""Every refusal before anything happens, word for word (API facts §1, §2, §3)."""

from __future__ import annotations

import base64

import pytest

from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.conditions import etag_of
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Json, ServiceKey
from tests.local_cloud_run.model import KEY, LATEST, Model, pinned, spec

SERVICE_ID = (
    "Violation in CreateServiceRequest.service_id: only lowercase, digits, and hyphens; must begin "
    "with letter, and cannot end with hyphen; must be less than 50 characters."
)
PREFIX = "The revision name must be prefixed by the name of the enclosing Service with a trailing -"
NAME = (
    "only lowercase, digits, and hyphens; must begin with letter, and may not end with hyphen; "
    "must be less than 64 characters."
)


def container(**fields: object) -> Json:
    return {"template": {"containers": [{"image": "app:1", **fields}]}}


def split(*percents: int) -> Json:
    return spec(traffic=[{**LATEST, "percent": percent} for percent in percents])


def refusal(asked: Json) -> ApiError:
    with pytest.raises(ApiError) as refused:
        Model().create(asked)
    return refused.value


@pytest.mark.parametrize("name", ["", "Ab", "1a", "a-", "a_b", "a" * 50, "ä"])
def test_service_id(name: str) -> None:
    with pytest.raises(ApiError) as refused:
        Model().send(events.CreateService(ServiceKey("p", "l", name), spec(), "n"))
    assert (refused.value.code, refused.value.message) == (Code.INVALID_ARGUMENT, SERVICE_ID)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (spec(revision="t-1"), PREFIX),
        (spec(revision="s-"), NAME),
        (spec(revision="s-A"), NAME),
        (spec(revision="s-" + "a" * 62), NAME),
        ({}, "spec.template.spec: Revision template was empty"),
        ({"template": {"containers": []}}, "spec.template.spec: Revision template was empty"),
        (
            container(env=[{"name": "PORT", "value": "1"}]),
            "spec.template.spec.containers[0].env: The following reserved env names were provided: "
            "PORT. These values are automatically set by the system.",
        ),
        (split(90), "Traffic targets sum to 90, want 100"),
        (split(60, 60), "Traffic targets sum to 120, want 100"),
        (
            spec(traffic=[{**LATEST, "percent": 100, "tag": "a"}, {**LATEST, "tag": "a"}]),
            "spec.traffic.tag: Multiple definitions for tag 'a'",
        ),
        (
            spec(traffic=[{**LATEST, "percent": 100, "tag": "t" * 46}]),
            f"traffic tag '{'t' * 46}' and service name 's' together are too long. Combined "
            "traffic tag and service name cannot exceed 46 characters.",
        ),
    ],
)
def test_texts(asked: Json, text: str) -> None:
    assert refusal(asked).message == text
    assert refusal(asked).code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["K_SERVICE", "K_REVISION", "K_CONFIGURATION"])
def test_reserved_variables(name: str) -> None:
    assert (
        f"reserved env names were provided: {name}."
        in refusal(container(env=[{"name": name, "value": ""}])).message
    )


@pytest.mark.parametrize("namespace", ["run.googleapis.com", "cloud.googleapis.com",
                                       "serving.knative.dev", "autoscaling.knative.dev",
                                       "client.knative.dev.run.googleapis.com"])  # fmt: skip
@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_reserved_namespaces(field: str, namespace: str) -> None:
    assert "reserves" in refusal(spec(**{field: {f"{namespace}/x": "y"}})).message


def test_other_namespaces_pass() -> None:
    Model().create(spec(labels={"client.knative.dev/nonce": "x", "team": "a"}))


@pytest.mark.parametrize(
    "asked",
    [
        container(resources={"limits": {"memory": "much"}}),
        container(resources={"limits": {"cpu": "-1"}}),
        container(resources={"limits": {"cpu": "NaN"}}),
        container(ports=[{"containerPort": 70000}]),
        container(ports=[{"containerPort": 1}, {"containerPort": 2}]),
        container(ports=[{"name": "grpc"}]),
        container(startupProbe={"httpGet": {"path": "@elsewhere/"}}),
        container(startupProbe={"timeoutSeconds": 20, "periodSeconds": 10}),
        container(env=[{"name": "A=B"}]),
        container(env=[{"name": "A", "value": "x" * 32769}]),
        spec(description="x" * 513),
        spec(traffic=[pinned("", 100)]),
        spec(traffic=[{**LATEST, "percent": 100, "tag": "Bad"}]),
        {"template": {"containers": [{"image": "a"}], "timeout": "3601s"}},
        {"template": {"containers": [{"image": "a"}], "maxInstanceRequestConcurrency": 1001}},
        {"template": {"containers": [{"image": "a"}],
                      "scaling": {"minInstanceCount": 3, "maxInstanceCount": 2}}},
    ],
)  # fmt: skip
def test_limits(asked: Json) -> None:
    assert refusal(asked).code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "asked",
    [
        {"template": {"containers": [{"image": "a"}, {"image": "b"}]}},
        container(startupProbe={"grpc": {"port": 1}}),
        container(startupProbe={"tcpSocket": {"port": 9}}),
        container(ports=[{"name": "h2c"}]),
        spec(iapEnabled=True),
        spec(buildConfig={"sourceLocation": "x"}),
    ],
)
def test_what_is_not_emulated_says_so(asked: Json) -> None:
    assert refusal(asked).code is Code.UNIMPLEMENTED
    assert "does not emulate" in refusal(asked).message


def test_a_refused_update_changes_nothing() -> None:
    model = Model().serving()
    before = model.state
    with pytest.raises(ApiError):
        model.update({"traffic": [pinned("s-a", 90)]}, "traffic")
    assert model.state == before


def test_a_stale_etag_is_aborted() -> None:
    model = Model().serving()
    stale, old = model.shown["etag"], model.service.version
    model.update({"labels": {"a": "b"}}, "labels", etag=stale)
    with pytest.raises(ApiError) as refused:
        model.update({"labels": {"a": "c"}}, "labels", etag=stale)
    assert refused.value.code is Code.ABORTED
    assert refused.value.message == (
        f"Conflict for resource 's': version '{old}' was specified but current version is "
        f"'{model.service.version}'."
    )
    assert len(str(old)) == 16
    model.update({"labels": {"a": "c"}}, "labels")


@pytest.mark.parametrize("etag", ["x", '"eA=="', "🌊"])
def test_an_etag_that_is_none_of_ours_is_stale(etag: str) -> None:
    model = Model().serving()
    with pytest.raises(ApiError, match="Conflict for resource"):
        model.send(events.DeleteService(KEY, "n", etag))


def test_an_etag_is_a_quoted_opaque_string() -> None:
    assert etag_of(17).strip('"') == base64.b64encode(b"17").decode()


def delete(model: Model, revision: str) -> None:
    model.send(events.DeleteRevision(model.key(revision), model.nonce()))


def test_a_serving_revision_cannot_be_deleted() -> None:
    model = Model().serving()
    with pytest.raises(ApiError) as refused:
        delete(model, "s-a")
    assert refused.value.code is Code.FAILED_PRECONDITION
    assert refused.value.message == (
        'Revision "s-a" cannot be directly deleted because it is actively serving.'
    )


def test_the_latest_created_revision_cannot_be_deleted() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"))
    model.fail("s-b")
    with pytest.raises(ApiError) as refused:
        delete(model, "s-b")
    assert refused.value.code is Code.FAILED_PRECONDITION


def test_a_revision_with_only_a_tag_goes_and_its_tag_with_it() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b", traffic=[{**LATEST, "percent": 100}, pinned("s-a", tag="t")]))
    model.ready("s-b")
    assert ("s-a", 0, "t") in model.split
    delete(model, "s-a")
    assert model.split == [("s-b", 100, "")]
    assert list(model.service.revisions) == ["s-b"]
    with pytest.raises(ApiError) as refused:
        delete(model, "s-a")
    assert refused.value.message == (
        "Resource 's-a' of kind 'REVISION' in region 'us-central1' in project 'p' does not exist."
    )


def test_deleting_a_revision_that_is_starting_ends_its_operation() -> None:
    model = Model().serving()
    started = model.update(spec("app:2", "s-b"))
    model.update(spec("app:3", "s-c"))
    delete(model, "s-b")
    assert model.operation(started).error is not None
    model.ready("s-b")
    assert "s-b" not in model.service.revisions


def test_a_stale_policy_is_aborted() -> None:
    model = Model().serving()
    model.send(events.SetPolicy(KEY, ()))
    with pytest.raises(ApiError) as refused:
        model.send(events.SetPolicy(KEY, (), etag_of(1)))
    assert refused.value.code is Code.ABORTED
