"""Whatever a caller sends is accepted or refused; nothing else (API facts §1.3, §13.2)."""

from __future__ import annotations

from google.cloud import run_v2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.local_cloud_run.api import protos, views
from pipeline.local_cloud_run.state.rpc import ApiError
from tests.local_cloud_run.model import Model, spec, uri

DESCRIPTOR = run_v2.Service.pb().DESCRIPTOR
SCALARS = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-2, 300),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-2, 300).map(str),
    FieldDescriptor.CPPTYPE_STRING: st.sampled_from(["", "a", "PORT", "s-a", "1", "512Mi", "ä"]),
}


def bodies(kind: Descriptor, depth: int = 0) -> st.SearchStrategy:
    """Messages of a type, not all of them sensible."""
    if kind.full_name == "google.protobuf.Duration":
        return st.sampled_from(["0s", "5s", "300s", "1.5s", "4000s", "-1s"])
    if kind.full_name == "google.protobuf.Timestamp":
        return st.just("2026-01-01T00:00:00Z")
    if depth > 6:
        return st.just({})
    fields = {field.json_name: values(field, depth) for field in kind.fields}
    return st.fixed_dictionaries({}, optional=fields).filter(one_of_each)


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy:
    if field.message_type and field.message_type.GetOptions().map_entry:
        keys = st.sampled_from(["cpu", "memory", "run.googleapis.com/x", "team"])
        return st.dictionaries(keys, st.sampled_from(["1", "0.5", "1Gi", "x", ""]), max_size=2)
    if field.message_type:
        one = st.deferred(lambda: bodies(field.message_type, depth + 1))
    elif field.enum_type:
        one = st.sampled_from([value.number for value in field.enum_type.values])
    else:
        one = SCALARS.get(field.cpp_type, st.just(1))
    return st.lists(one, max_size=2) if field.is_repeated else one


def one_of_each(body: dict) -> bool:
    probes = ("httpGet", "tcpSocket", "grpc")
    return sum(name in body for name in probes) < 2


templates = bodies(DESCRIPTOR.fields_by_name["template"].message_type, 2)
traffic = st.lists(bodies(DESCRIPTOR.fields_by_name["traffic"].message_type, 5), max_size=2)


@settings(max_examples=150, deadline=None)
@given(templates, traffic, st.lists(bodies(run_v2.Container.pb().DESCRIPTOR, 3), max_size=1))
def test_any_template_is_accepted_or_refused(template: dict, split: list, extra: list) -> None:
    if extra:
        template["containers"] = [{**extra[0], "image": "app:1"}]
    send({"template": template, "traffic": split})


@settings(max_examples=50, deadline=None)
@given(bodies(DESCRIPTOR, 4))
def test_any_body_is_accepted_or_refused(body: dict) -> None:
    send({**body, **spec()})


def send(body: dict) -> None:
    """An accepted body comes back in a form that can be sent again and changes nothing."""
    model = Model()
    try:
        model.create(protos.service(body))
    except ApiError:
        return
    again = protos.service(views.service(model.service, uri))
    made = list(model.started)
    model.update(again)
    assert model.started == made
