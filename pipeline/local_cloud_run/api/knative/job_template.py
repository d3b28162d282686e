"""The specification of a job and of a run, v1 to v2 and back (API facts §6, §13.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.api.knative import containers, spelling, tables
from pipeline.local_cloud_run.api.knative.fields import (
    FLAG,
    IGNORED,
    METADATA,
    NUMBER,
    TEXT,
    TEXTS,
    Kind,
    checked,
    resource,
)
from pipeline.local_cloud_run.api.knative.spelling import RUN, Annotation
from pipeline.local_cloud_run.state.defaults import seconds
from pipeline.local_cloud_run.values import Json

API_VERSION = "run.googleapis.com/v1"
UPDATED = f"{RUN}lastUpdatedTime"
"""The label of a v1 Job that says when it was updated."""
_ACCELERATOR = f"{RUN}accelerator"
_JOB_ROWS = (*tables.CLIENT, tables.LAUNCH_STAGE, *tables.BINARY_AUTHORIZATION)
_TASK_ROWS = (
    *spelling.VPC,
    spelling.EXECUTION_ENVIRONMENT,
    spelling.ENCRYPTION_KEY,
    Annotation(f"{RUN}gpu-zonal-redundancy-disabled", "gpuZonalRedundancyDisabled", spelling.FLAG),
)
_SET_BY_PLATFORM = tuple(f"{RUN}{name}" for name in ("creator", "lastModifier", "operation-id"))
_KNOWN_OF_JOB = (*(row.name for row in _JOB_ROWS), *_SET_BY_PLATFORM)
_KNOWN_OF_TEMPLATE = (
    *(row.name for row in (*_TASK_ROWS, *tables.CLIENT)), *containers.ANNOTATIONS,
)  # fmt: skip

_TASK: Mapping[str, Kind] = {
    **containers.FIELDS,
    "maxRetries": NUMBER,
    "timeoutSeconds": NUMBER,
    "serviceAccountName": TEXT,
    "nodeSelector": TEXTS,
}
_EXECUTION: Mapping[str, Kind] = {
    "parallelism": NUMBER,
    "taskCount": NUMBER,
    "template": {"spec": _TASK},
}
_NUMBERS = ("parallelism", "taskCount")
_TOKENS = ("startExecutionToken", "runExecutionToken")
_JOB: Mapping[str, Kind] = {
    "apiVersion": TEXT,
    "kind": TEXT,
    "metadata": METADATA,
    "spec": {
        **dict.fromkeys(_TOKENS, TEXT),
        "template": {"metadata": METADATA, "spec": _EXECUTION},
    },
    "status": IGNORED,
}
_RUN: Mapping[str, Kind] = {
    "overrides": {
        "taskCount": NUMBER,
        "timeoutSeconds": NUMBER,
        "containerOverrides": [
            {
                "name": TEXT,
                "args": (TEXT,),
                "clearArgs": FLAG,
                "env": containers.CONTAINER["env"],
            }
        ],
    }
}


def job_to_v2(body: Any) -> tuple[str, str, Json]:
    """The name, the resource version or "", and the v2 specification of a v1 Job.

    Raises INVALID_ARGUMENT.
    """
    sent = resource(body, _JOB, API_VERSION, "Job")
    metadata, spec = _metadata(sent), sent.get("spec", {})
    said = metadata.get("annotations", {})
    spelling.refuse_unknown(metadata, _KNOWN_OF_JOB, "metadata")
    shown = {
        **spelling.users(metadata),
        **{name: spec[name] for name in _TOKENS if name in spec},
        "template": _template_to_v2(spec.get("template", {})),
    }
    spelling.read(_JOB_ROWS, said, shown)
    return metadata.get("name", ""), metadata.get("resourceVersion", ""), protos.job(shown)


def _metadata(sent: Json) -> Json:
    """Without the label that says when the job was updated: it comes back as it was shown."""
    metadata: Json = sent.get("metadata", {})
    labels = {name: text for name, text in metadata.get("labels", {}).items() if name != UPDATED}
    return {**metadata, "labels": labels}


def _template_to_v2(template: Json) -> Json:
    """A v2 ExecutionTemplate, not yet canonical."""
    metadata, spec = template.get("metadata", {}), template.get("spec", {})
    said = metadata.get("annotations", {})
    spelling.refuse_unknown(metadata, _KNOWN_OF_TEMPLATE, "spec.template.metadata")
    return {
        **spelling.users(metadata),
        **{name: spec[name] for name in _NUMBERS if name in spec},
        "template": _task_to_v2(spec.get("template", {}).get("spec", {}), said),
    }


def _task_to_v2(spec: Json, said: Mapping[str, str]) -> Json:
    shown = containers.to_v2(spec, said)
    if "maxRetries" in spec:
        shown["maxRetries"] = spec["maxRetries"]
    if "timeoutSeconds" in spec:
        shown["timeout"] = f"{spec['timeoutSeconds']}s"
    if "serviceAccountName" in spec:
        shown["serviceAccount"] = spec["serviceAccountName"]
    if _ACCELERATOR in spec.get("nodeSelector", {}):
        shown["nodeSelector"] = {"accelerator": spec["nodeSelector"][_ACCELERATOR]}
    spelling.read(_TASK_ROWS, said, shown)
    return shown


def job_annotations(spec: Json) -> dict[str, str]:
    """Those of the metadata of a v1 Job."""
    return {**spec.get("annotations", {}), **spelling.write(_JOB_ROWS, spec)}


def execution_to_v1(template: Json, client: Json) -> tuple[Json, Json]:
    """The labels and annotations, and the ``spec``, of a v1 Execution or of a template for one.

    ``client`` has the names of the client that made the job, as v1 repeats them.
    """
    spec, said = task_to_v1(template["template"])
    metadata = {
        "labels": template.get("labels", {}),
        "annotations": {
            **template.get("annotations", {}),
            **spelling.write(tables.CLIENT, client),
            **said,
        },
    }
    numbers: Json = {name: template[name] for name in _NUMBERS if name in template}
    return metadata, {**numbers, "template": {"spec": spec}}


def task_to_v1(task: Json) -> tuple[Json, dict[str, str]]:
    """The spec of a v1 task for a v2 TaskTemplate, and the annotations that belong to it."""
    spec, said = containers.to_v1(task)
    spec |= {"maxRetries": task["maxRetries"], "timeoutSeconds": str(int(seconds(task["timeout"])))}
    if "serviceAccount" in task:
        spec["serviceAccountName"] = task["serviceAccount"]
    accelerator = task.get("nodeSelector", {}).get("accelerator")
    if accelerator:
        spec["nodeSelector"] = {_ACCELERATOR: accelerator}
    return spec, {**spelling.write(_TASK_ROWS, task), **said}


def run_to_v2(body: Any) -> Json:
    """The overrides of a v1 RunJobRequest. Raises INVALID_ARGUMENT."""
    sent: Json = checked(body or {}, _RUN, "", "request").get("overrides", {})
    shown = {
        "containerOverrides": [
            {**each, "env": containers.to_v2({"containers": [each]}, {})["containers"][0]["env"]}
            for each in sent.get("containerOverrides", ())
        ],
        "taskCount": sent.get("taskCount", 0),
    }
    if "timeoutSeconds" in sent:
        shown["timeout"] = f"{sent['timeoutSeconds']}s"
    overrides: Json = protos.run_request({"overrides": shown}).get("overrides", {})
    return overrides
