"""Which RPC is which REST call, as the HTTP rules of Google's protocol files have it.

What stands here is served over gRPC, with the very answers of REST. Nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """``answer`` is a message type.

    ``path`` has fields of the request in braces, by their JSON names, each with the pattern that
    it must fit. ``body`` is the field that is the body, or ``*`` for all that the path leaves;
    what is left then is the query. A call that ``waits`` ends in time for its deadline.
    """

    verb: str
    path: str
    answer: str
    body: str = ""
    waits: bool = False


Rules = Mapping[str, tuple[Rule, ...]]
"""By method. Of several rules counts the first that fits and finds what it asks for."""

_PLACE = "projects/*/locations/*"
_SERVICE = f"{_PLACE}/services/*"
_REVISION = f"{_SERVICE}/revisions/*"
_JOB = f"{_PLACE}/jobs/*"
_EXECUTION = f"{_JOB}/executions/*"
_BUILD = f"{_PLACE}/builds/*"
_SECRET = "projects/*/secrets/*"  # noqa: S105 -- the name of a resource
_LRO = f"{_PLACE}/operations/*"

_RUN = "google.cloud.run.v2."
_CLOUD_BUILD = "google.devtools.cloudbuild.v1."
_LOGGING = "google.logging.v2."
_SECRETS = "google.cloud.secretmanager.v1."
_OPERATIONS = "google.longrunning."
_IAM = "google.iam.v1."
_OPERATION = f"{_OPERATIONS}Operation"


def _policies(path: str) -> Rules:
    tested = f"{_IAM}TestIamPermissionsResponse"
    return {
        "GetIamPolicy": (Rule("GET", f"{path}:getIamPolicy", f"{_IAM}Policy"),),
        "TestIamPermissions": (Rule("POST", f"{path}:testIamPermissions", tested, "*"),),
    }


def _own_policies(path: str) -> Rules:
    """The same, for policies that can be set."""
    written = Rule("POST", f"{path}:setIamPolicy", f"{_IAM}Policy", "*")
    return {**_policies(path), "SetIamPolicy": (written,)}


_SERVICES: Mapping[str, Rules] = {
    f"{_RUN}Services": {
        "CreateService": (
            Rule("POST", f"/v2/{{parent={_PLACE}}}/services", _OPERATION, "service"),
        ),
        "GetService": (Rule("GET", f"/v2/{{name={_SERVICE}}}", f"{_RUN}Service"),),
        "ListServices": (
            Rule("GET", f"/v2/{{parent={_PLACE}}}/services", f"{_RUN}ListServicesResponse"),
        ),
        "UpdateService": (
            Rule("PATCH", f"/v2/{{service.name={_SERVICE}}}", _OPERATION, "service"),
        ),
        "DeleteService": (Rule("DELETE", f"/v2/{{name={_SERVICE}}}", _OPERATION),),
        **_own_policies(f"/v2/{{resource={_SERVICE}}}"),
    },
    f"{_RUN}Revisions": {
        "GetRevision": (Rule("GET", f"/v2/{{name={_REVISION}}}", f"{_RUN}Revision"),),
        "ListRevisions": (
            Rule("GET", f"/v2/{{parent={_SERVICE}}}/revisions", f"{_RUN}ListRevisionsResponse"),
        ),
        "DeleteRevision": (Rule("DELETE", f"/v2/{{name={_REVISION}}}", _OPERATION),),
    },
    f"{_RUN}Jobs": {
        "CreateJob": (Rule("POST", f"/v2/{{parent={_PLACE}}}/jobs", _OPERATION, "job"),),
        "GetJob": (Rule("GET", f"/v2/{{name={_JOB}}}", f"{_RUN}Job"),),
        "ListJobs": (Rule("GET", f"/v2/{{parent={_PLACE}}}/jobs", f"{_RUN}ListJobsResponse"),),
        "UpdateJob": (Rule("PATCH", f"/v2/{{job.name={_JOB}}}", _OPERATION, "job"),),
        "DeleteJob": (Rule("DELETE", f"/v2/{{name={_JOB}}}", _OPERATION),),
        "RunJob": (Rule("POST", f"/v2/{{name={_JOB}}}:run", _OPERATION, "*"),),
        **_own_policies(f"/v2/{{resource={_JOB}}}"),
    },
    f"{_RUN}Executions": {
        "GetExecution": (Rule("GET", f"/v2/{{name={_EXECUTION}}}", f"{_RUN}Execution"),),
        "ListExecutions": (
            Rule("GET", f"/v2/{{parent={_JOB}}}/executions", f"{_RUN}ListExecutionsResponse"),
        ),
        "DeleteExecution": (Rule("DELETE", f"/v2/{{name={_EXECUTION}}}", _OPERATION),),
        "CancelExecution": (Rule("POST", f"/v2/{{name={_EXECUTION}}}:cancel", _OPERATION, "*"),),
    },
    f"{_RUN}Tasks": {
        "GetTask": (Rule("GET", f"/v2/{{name={_EXECUTION}/tasks/*}}", f"{_RUN}Task"),),
        "ListTasks": (
            Rule("GET", f"/v2/{{parent={_EXECUTION}}}/tasks", f"{_RUN}ListTasksResponse"),
        ),
    },
    f"{_OPERATIONS}Operations": {
        "GetOperation": (
            Rule("GET", f"/v2/{{name={_LRO}}}", _OPERATION),
            Rule("GET", f"/v1/{{name={_LRO}}}", _OPERATION),  # of Cloud Build
        ),
        "ListOperations": (
            Rule("GET", f"/v2/{{name={_PLACE}}}/operations",
                 f"{_OPERATIONS}ListOperationsResponse"),
        ),
        "DeleteOperation": (Rule("DELETE", f"/v2/{{name={_LRO}}}", "google.protobuf.Empty"),),
        "WaitOperation": (
            Rule("POST", f"/v2/{{name={_LRO}}}:wait", _OPERATION, "*", waits=True),
        ),
    },
    f"{_CLOUD_BUILD}CloudBuild": {
        "CreateBuild": (
            Rule("POST", f"/v1/{{parent={_PLACE}}}/builds", _OPERATION, "build"),
            Rule("POST", "/v1/projects/{projectId=*}/builds", _OPERATION, "build"),
        ),
        "GetBuild": (
            Rule("GET", f"/v1/{{name={_BUILD}}}", f"{_CLOUD_BUILD}Build"),
            Rule("GET", "/v1/projects/{projectId=*}/builds/{id=*}", f"{_CLOUD_BUILD}Build"),
        ),
        "ListBuilds": (
            Rule("GET", f"/v1/{{parent={_PLACE}}}/builds", f"{_CLOUD_BUILD}ListBuildsResponse"),
            Rule("GET", "/v1/projects/{projectId=*}/builds", f"{_CLOUD_BUILD}ListBuildsResponse"),
        ),
        "CancelBuild": (
            Rule("POST", f"/v1/{{name={_BUILD}}}:cancel", f"{_CLOUD_BUILD}Build", "*"),
            Rule("POST", "/v1/projects/{projectId=*}/builds/{id=*}:cancel",
                 f"{_CLOUD_BUILD}Build", "*"),
        ),
    },
    f"{_LOGGING}LoggingServiceV2": {
        "ListLogEntries": (
            Rule("POST", "/v2/entries:list", f"{_LOGGING}ListLogEntriesResponse", "*"),
        ),
        "ListLogs": (Rule("GET", "/v2/{parent=projects/*}/logs", f"{_LOGGING}ListLogsResponse"),),
    },
    f"{_SECRETS}SecretManagerService": {
        "GetSecret": (Rule("GET", f"/v1/{{name={_SECRET}}}", f"{_SECRETS}Secret"),),
        "GetSecretVersion": (
            Rule("GET", f"/v1/{{name={_SECRET}/versions/*}}", f"{_SECRETS}SecretVersion"),
        ),
        **_policies(f"/v1/{{resource={_SECRET}}}"),
    },
}  # fmt: skip

RULES: Rules = MappingProxyType({
    f"{service}/{method}": rules
    for service, methods in _SERVICES.items()
    for method, rules in methods.items()
})  # fmt: skip
"""By SERVICE/METHOD, as it is on the wire."""


def request_type(rpc: str) -> str:
    """The message that SERVICE/METHOD takes."""
    service, _, method = rpc.partition("/")
    package = _IAM if "Iam" in method else f"{service.rpartition('.')[0]}."
    return f"{package}{method}Request"
