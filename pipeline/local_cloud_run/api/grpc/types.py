"""The message types of the rules, by name.

Those of Logging and Secret Manager are declared here, as far as they are answered: their libraries
are no dependency. On the wire only the numbers count, so the package is our own, and nothing
collides where somebody has the libraries installed.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

_OWN = "pipeline.local_cloud_run."
_DECLARED_HERE = ("google.logging.v2.", "google.cloud.secretmanager.v1.")
_MODULES = {
    "google.cloud.run.v2.": "google.cloud.run_v2",
    "google.devtools.cloudbuild.v1.": "google.cloud.devtools.cloudbuild_v1",
    "google.iam.v1.": "google.iam.v1.iam_policy_pb2",
    "google.longrunning.": "google.longrunning.operations_pb2",
    "google.protobuf.": "google.protobuf.empty_pb2",
}
"""Each is imported once a type of its package is asked for."""
_IMPORTED = (
    "google.api.monitored_resource",
    "google.logging.type.http_request",
    "google.logging.type.log_severity",
    "google.protobuf.empty",
    "google.protobuf.struct",
    "google.protobuf.timestamp",
)
_SCALARS = {"string": "TYPE_STRING", "int32": "TYPE_INT32"}
_DECLARED = {
    "ListLogEntriesRequest": (
        "repeated string project_ids = 1", "string filter = 2", "string order_by = 3",
        "int32 page_size = 4", "string page_token = 5", "repeated string resource_names = 8",
    ),
    "ListLogEntriesResponse": (
        f"repeated {_OWN}LogEntry entries = 1", "string next_page_token = 2",
    ),
    "ListLogsRequest": (
        "string parent = 1", "int32 page_size = 2", "string page_token = 3",
        "repeated string resource_names = 8",
    ),
    "ListLogsResponse": ("string next_page_token = 2", "repeated string log_names = 3"),
    "LogEntry": (
        "string text_payload = 3", "string insert_id = 4",
        "google.protobuf.Struct json_payload = 6",
        "google.logging.type.HttpRequest http_request = 7",
        "google.api.MonitoredResource resource = 8", "google.protobuf.Timestamp timestamp = 9",
        "google.logging.type.LogSeverity severity = 10",
        f"repeated {_OWN}LogEntry.LabelsEntry labels = 11", "string log_name = 12",
        "string trace = 22", "google.protobuf.Timestamp receive_timestamp = 24",
        "string span_id = 27",
    ),
    "GetSecretRequest": ("string name = 1",),
    "GetSecretVersionRequest": ("string name = 1",),
    "Replication": ("google.protobuf.Empty automatic = 1",),
    "Secret": (
        "string name = 1", f"{_OWN}Replication replication = 2",
        "google.protobuf.Timestamp create_time = 3", "string etag = 8",
    ),
    "SecretVersion": (
        "string name = 1", "google.protobuf.Timestamp create_time = 2", f"{_OWN}State state = 4",
        f"{_OWN}Replication replication_status = 5", "string etag = 6",
    ),
}  # fmt: skip
"""google.logging.v2 and google.cloud.secretmanager.v1, field by field."""
_STATES = {
    "name": "State",
    "value": [{"name": "STATE_UNSPECIFIED", "number": 0}, {"name": "ENABLED", "number": 1}],
}


@cache
def message_class(name: str) -> type[Message]:
    """The class of a message type, given by its full name. Raises KeyError for one unknown."""
    if name.startswith(_DECLARED_HERE):
        _declare()
        name = f"{_OWN}{name.rpartition('.')[2]}"
    for package, module in _MODULES.items():
        if name.startswith(package):
            import_module(module)
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))


@cache
def _declare() -> None:
    for module in _IMPORTED:
        import_module(f"{module}_pb2")
    file = {
        "name": f"{_OWN.replace('.', '/')}types.proto",
        "package": _OWN.rstrip("."),
        "syntax": "proto3",
        "dependency": [f"{module.replace('.', '/')}.proto" for module in _IMPORTED],
        "messageType": [_message(name, fields) for name, fields in _DECLARED.items()],
        "enumType": [_STATES],
    }
    parsed = json_format.ParseDict(file, descriptor_pb2.FileDescriptorProto())
    descriptor_pool.Default().AddSerializedFile(parsed.SerializeToString())


def _message(name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    declared = {"name": name, "field": [_field(line) for line in fields]}
    if name != "LogEntry":
        return declared
    labels = _message("LabelsEntry", ("string key = 1", "string value = 2"))
    return {**declared, "nestedType": [{**labels, "options": {"mapEntry": True}}]}


def _field(line: str) -> dict[str, Any]:
    """``[repeated] TYPE NAME = NUMBER``; the pool itself tells messages from enums."""
    *repeated, kind, name, _, number = line.split()
    typed = {"type": _SCALARS[kind]} if kind in _SCALARS else {"typeName": f".{kind}"}
    label = "LABEL_REPEATED" if repeated else "LABEL_OPTIONAL"
    return {"name": name, "number": int(number), "label": label, **typed}
