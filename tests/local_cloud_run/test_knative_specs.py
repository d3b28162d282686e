"""v2 to v1 and back: every field of Google's own types comes through (API facts §13.3)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from google.cloud import run_v2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.api.knative import containers, tables
from pipeline.local_cloud_run.api.knative.template import (
    API_VERSION,
    service_to_v2,
    spec_to_v1,
)
from pipeline.local_cloud_run.state.defaults import with_defaults
from pipeline.local_cloud_run.state.masks import MUTABLE
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.state.traffic import LATEST

words = st.text("abcxyz019", min_size=1, max_size=5)
names = st.one_of(words, words.map(lambda word: f"example.com/{word}"))
FIXED = {
    "secret": st.one_of(words, words.map(lambda word: f"projects/{word}/secrets/{word}")),
    "timeout": st.integers(1, 3600).map("{}s".format),
    "encryptionKeyShutdownDuration": st.integers(1, 48).map(lambda hours: f"{hours * 3600}s"),
    "generation": st.integers(1, 2**40).map(str),
}
ALWAYS = {
    "bucket",
    "cloudStorageSource",
    "containers",
    "instances",
    "name",
    "object",
    "template",
    "type",
}
PRESENT = {"emptyDir", "grpc", "httpGet", "nfs", "secret", "tcpSocket"}
NOT_OWNED = {"buildInfo"}  # output only
NOT_EMULATED = {"buildConfig", "multiRegionSettings"}


def values(field: FieldDescriptor) -> st.SearchStrategy:
    if (field.json_name in FIXED and field.type != field.TYPE_MESSAGE) or "Duration" in str(
        field.message_type and field.message_type.name
    ):
        return FIXED[field.json_name]
    if field.type == field.TYPE_MESSAGE:
        return messages(field.message_type)
    if field.type == field.TYPE_ENUM:
        return st.sampled_from([each.name for each in field.enum_type.values if each.number])
    if field.type == field.TYPE_BOOL:
        return st.just(True)
    return words if field.type == field.TYPE_STRING else st.integers(1, 999)


def messages(kind: Descriptor) -> st.SearchStrategy:
    """JSON of a message: any of its fields, at most one of those that exclude each other."""
    fields = [each for each in kind.fields if each.json_name not in NOT_OWNED]
    if kind.name == "Service":
        fields = [each for each in fields if each.json_name in MUTABLE - NOT_EMULATED]
    options: dict[str, st.SearchStrategy] = {}
    for field in fields:
        key = field.message_type and field.message_type.GetOptions().map_entry
        if key:
            options[field.json_name] = st.dictionaries(names, words, min_size=1, max_size=2)
        elif field.is_repeated:
            most = 1 if field.json_name in ("containers", "volumes") else 2
            least = int(field.json_name in ("containers", "instances"))
            lists = st.lists(values(field), min_size=least, max_size=most)
            options[field.json_name] = lists
        else:
            options[field.json_name] = values(field)
    exclusive = [{each.json_name for each in one.fields} for one in kind.oneofs]
    needed = {name: options.pop(name) for name in sorted(ALWAYS & options.keys())}
    made = st.fixed_dictionaries(needed, optional=options)
    return made.map(lambda fields: _one_of(fields, exclusive))


def _one_of(made: dict, exclusive: list[set[str]]) -> dict:
    for group in exclusive:
        for surplus in sorted(group & made.keys())[1:]:
            made = {name: value for name, value in made.items() if name != surplus}
    return made


def held(spec: dict) -> dict:
    """The specification as the state holds it."""
    spec = protos.service(spec)
    for target in spec.get("traffic", ()):
        if target["type"] == LATEST:
            target.pop("revision", None)
    template = spec.get("template", {})
    for volume in template.get("volumes", ()):
        if "cloudSqlInstance" in volume:
            mount = {"name": volume["name"], "mountPath": "/cloudsql"}
            template["containers"][0]["volumeMounts"] = [mount]
    return with_defaults(spec)


def pruned(value: object) -> object:
    """Without messages that say nothing, save those of which it matters that they are there."""
    if isinstance(value, list):
        return [pruned(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {name: pruned(each) for name, each in value.items()}
    return {name: each for name, each in inner.items() if each != {} or name in PRESENT}


def as_v1(spec: dict) -> dict:
    said, shown = spec_to_v1(spec)
    metadata = {"name": "s", "labels": spec.get("labels", {}), "annotations": said}
    body = {"apiVersion": API_VERSION, "kind": "Service", "metadata": metadata, "spec": shown}
    return json.loads(json.dumps(body))


@settings(max_examples=150, deadline=None)
@given(messages(run_v2.Service.pb().DESCRIPTOR))
def test_a_round_trip_loses_nothing(sent: dict) -> None:
    before = held(sent)
    name, version, spec = service_to_v2(as_v1(before))
    assert (name, version) == ("s", "")
    assert pruned(held(spec)) == pruned(before)


def body(**spec: object) -> dict:
    container = {"image": "i", **spec.pop("container", {})}
    template = {"metadata": spec.pop("metadata", {}), "spec": {"containers": [container], **spec}}
    return {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"template": template},
    }


def annotated(name: str, value: str) -> dict:
    return body(metadata={"annotations": {name: value}})


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], "Invalid value at 'service', a list does not fit this field."),
        ({}, "apiVersion: must be 'serving.knative.dev/v1'."),
        ({**body(), "kind": "Job"}, "kind: must be 'Service'."),
        (
            body(bogus=1),
            "Invalid JSON payload received. Unknown name \"bogus\" at 'service.spec.template.spec'"
            ": Cannot find field.",
        ),
        (
            body(container={"ports": [{"containerPort": "x"}]}),
            "Invalid value at 'service.spec.template.spec.containers[0].ports[0].containerPort', "
            "a str does not fit this field.",
        ),
        (
            body(container={"envFrom": [{"prefix": "A"}]}),
            "spec.template.spec.containers[0].envFrom: this field is not supported by Cloud Run.",
        ),
        (
            annotated("autoscaling.knative.dev/minScale", "many"),
            "metadata.annotations[autoscaling.knative.dev/minScale]: 'many' is not a valid value.",
        ),
        (
            annotated("run.googleapis.com/network-interfaces", "[" * 100_000),
            "metadata.annotations[run.googleapis.com/network-interfaces]: '",
        ),
        (
            annotated("run.googleapis.com/ingress", "all"),
            "spec.template.metadata.annotations: 'run.googleapis.com/ingress' is not supported",
        ),
        (
            annotated("run.googleapis.com/secrets", "a:b"),
            "metadata.annotations[run.googleapis.com/secrets]: needs NAME:projects/PROJECT/secr",
        ),
        (
            annotated("run.googleapis.com/sources", "7"),
            "metadata.annotations[run.googleapis.com/sources]: not a valid value.",
        ),
        (
            body(volumes=[{"name": "v", "csi": {"driver": "x"}}]),
            "volumes.csi.driver: 'x' is not gcsfuse.run.googleapis.com.",
        ),
        (
            body(volumes=[{"name": "v", "emptyDir": {"medium": "Disk"}}]),
            "volumes.emptyDir.medium: 'Disk' is not Memory.",
        ),
        (
            {**body(), "metadata": {"labels": {"serving.knative.dev/visibility": "x"}}},
            "metadata.labels: 'serving.knative.dev/visibility' is not supported here.",
        ),
    ],
)
def test_what_is_refused(sent: object, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        service_to_v2(sent)
    assert refused.value.message.startswith(message)


def test_v1_has_no_throttling_unless_it_says_so() -> None:
    *_, plain = service_to_v2(body())
    assert plain["template"]["containers"][0]["resources"] == {"cpuIdle": True}
    *_, always = service_to_v2(annotated("run.googleapis.com/cpu-throttling", "false"))
    kept = with_defaults(always)["template"]["containers"][0]["resources"]
    assert kept == {"limits": {"cpu": "1000m", "memory": "512Mi"}}


def test_what_says_nothing_is_left_out() -> None:
    sent = body(enableServiceLinks=False, imagePullSecrets=None)
    sent["status"] = {"anything": 1}
    sent["spec"]["template"]["metadata"] = {"annotations": {"run.googleapis.com/client-name": "me"}}
    assert service_to_v2(sent)[2] == service_to_v2(body())[2]


FIELDS = [
    "annotations", "containers", "csi", "emptyDir", "env", "httpGet", "image", "labels", "limits",
    "metadata", "name", "nodeSelector", "ports", "resources", "secret", "spec", "startupProbe",
    "template", "timeoutSeconds", "traffic", "valueFrom", "volumes",
]  # fmt: skip
ANNOTATIONS = [row.name for row in (*tables.SERVICE, *tables.TEMPLATE)] + [*containers.ANNOTATIONS]
hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "1", "[]", "{"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(hostile, st.sampled_from(FIELDS), st.sampled_from(ANNOTATIONS), hostile)
def test_whatever_is_sent_is_taken_or_refused(
    value: object, field: str, annotation: str, said: object
) -> None:
    sent = body(container={field: value})
    spec = sent["spec"]
    spec["template"]["spec"][field] = spec["template"]["spec"].get(field, value)
    spec["template"]["metadata"] = {"annotations": {annotation: said}}
    for each in (sent, {**sent, "spec": value}, {**sent, "spec": {"template": value}}):
        with suppress(ApiError):
            service_to_v2(each)
