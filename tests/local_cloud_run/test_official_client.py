"""Google's own client against the real server with real containers (API facts §1 to §5, §13.2)."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2, policy_pb2

from tests.local_cloud_run.conftest import EACH_TRANSPORT, PARENT, POLLING, CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND, CRASHES, NEVER_LISTENS

pytestmark = EACH_TRANSPORT
BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
SUCCEEDED, FAILED = (
    run_v2.Condition.State.CONDITION_SUCCEEDED, run_v2.Condition.State.CONDITION_FAILED
)  # fmt: skip


def healthy() -> str:
    return image("all-round", ALL_ROUND)


def short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def answered_by(uri: str) -> str:
    """The revision that answered, by its own environment."""
    return requests.get(uri, timeout=10).json()["env"]["K_REVISION"]


def target(revision: str, percent: int = 0, tag: str = "") -> run_v2.TrafficTarget:
    return run_v2.TrafficTarget(type_=BY_NAME, revision=revision, percent=percent, tag=tag)


def split(service: run_v2.Service) -> list[tuple[str, int, str]]:
    return [(each.revision, each.percent, each.tag) for each in service.traffic_statuses]


def env(**variables: str) -> list[run_v2.EnvVar]:
    return [run_v2.EnvVar(name=name, value=value) for name, value in variables.items()]


def deploy_dark(cloud_run: CloudRun, service: run_v2.Service, revision: str) -> run_v2.Service:
    """The recipe of §3.4: pinned traffic, a new name, a tag."""
    serving = short(service.latest_ready_revision)
    service.template.revision = revision
    service.template.containers[0].env = env(COLOUR=revision)
    service.traffic = [target(serving, 100), target(revision, tag="candidate")]
    return cloud_run.update(service, "template", "traffic")


def test_create_and_call(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    assert service.name == f"{PARENT}/services/{name}"
    assert service.terminal_condition.state == SUCCEEDED
    assert not service.reconciling
    assert service.uri == service.urls[0]
    assert [(each.type_, each.percent) for each in service.traffic_statuses] == [(LATEST, 100)]
    assert answered_by(service.uri) == short(service.latest_ready_revision)
    assert cloud_run.get(name) == service
    with pytest.raises(exceptions.Conflict, match=r"Resource already exists\."):
        cloud_run.create(name, healthy())


def test_revisions_newest_first(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    service.template.containers[0].env = env(A="b")
    service = cloud_run.update(service, "template")
    held = list(cloud_run.revisions.list_revisions(parent=service.name))
    assert held[0].name == service.latest_ready_revision
    assert len(held) == 2
    assert "@sha256:" in held[0].containers[0].image
    assert service.template.containers[0].image == healthy()
    pages = cloud_run.revisions.list_revisions({"parent": service.name, "page_size": 1})
    assert [each.name for each in pages] == [each.name for each in held]
    old = cloud_run.revisions.get_revision(name=held[1].name)
    assert {each.type_: each.state for each in old.conditions}["Ready"] == SUCCEEDED
    cloud_run.revisions.delete_revision(name=old.name).result(polling=POLLING, timeout=10)
    with pytest.raises(exceptions.NotFound, match="of kind 'REVISION'"):
        cloud_run.revisions.get_revision(name=old.name)


def test_dark_deploy_then_shift_then_back(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    old, new = short(service.latest_ready_revision), f"{name}-new"
    service = deploy_dark(cloud_run, service, new)
    assert split(service) == [(old, 100, ""), (new, 0, "candidate")]
    assert {answered_by(service.uri) for _ in range(10)} == {old}
    assert answered_by(service.traffic_statuses[1].uri) == new
    for percent in (50, 100):
        wanted = [target(new, percent), *([target(old, 50)] if percent == 50 else [])]
        service.traffic = wanted
        asked = cloud_run.services.update_service(
            service=service, update_mask={"paths": ["traffic"]}
        )
        assert asked.done()
        service = asked.result()
        assert len(split(service)) == len(wanted)
    assert answered_by(service.uri) == new
    service.traffic = [target(old, 100)]
    service = cloud_run.update(service, "traffic")
    assert answered_by(service.uri) == old
    assert short(service.latest_ready_revision) == new


@pytest.mark.parametrize("fault", [CRASHES, NEVER_LISTENS], ids=["crashes", "never-listens"])
def test_a_failed_update_leaves_the_old_one_serving(
    cloud_run: CloudRun, name: str, fault: str, request: pytest.FixtureRequest
) -> None:
    name = f"{name[:20]}-{request.node.callspec.id}"
    service = cloud_run.create(name, healthy())
    old = short(service.latest_ready_revision)
    service.template.containers[0].image = image(request.node.callspec.id, fault)
    with pytest.raises(exceptions.BadRequest, match="failed to start and listen on the port"):
        cloud_run.update(service, "template")
    after = cloud_run.get(name)
    assert after.terminal_condition.state == FAILED
    assert short(after.latest_ready_revision) == old
    assert short(after.latest_created_revision) != old
    assert answered_by(after.uri) == old
    failed = short(after.latest_created_revision)
    lines = cloud_run.entries(f'resource.labels.revision_name="{failed}" AND logName:"stdout"')
    assert lines
    after.traffic = [target(failed, 100)]
    with pytest.raises(exceptions.BadRequest, match="is not ready and cannot serve traffic"):
        cloud_run.update(after, "traffic")


def test_a_failed_first_deploy_leaves_a_service(cloud_run: CloudRun, name: str) -> None:
    with pytest.raises(exceptions.BadRequest, match="failed to start"):
        cloud_run.create(name, image("crashes", CRASHES))
    service = cloud_run.get(name)
    assert (service.uri, list(service.traffic_statuses)) == ("", [])
    service.template.containers[0].image = healthy()
    assert answered_by(cloud_run.update(service, "template").uri)


def test_an_image_that_is_missing(cloud_run: CloudRun, name: str) -> None:
    with pytest.raises(exceptions.NotFound, match="Image 'no/such:image' not found"):
        cloud_run.create(name, "no/such:image")


def test_what_no_program_can_be_given(cloud_run: CloudRun, name: str) -> None:
    for number, container in enumerate([
        run_v2.Container(image="a\0b"),
        run_v2.Container(image=healthy(), args=["a\0b"]),
    ]):  # fmt: skip
        template = run_v2.RevisionTemplate(containers=[container])
        with pytest.raises(exceptions.GoogleAPICallError, match="null byte"):
            cloud_run.create(f"{name}-{number}", "", template=template)


def test_etag(cloud_run: CloudRun, name: str) -> None:
    stale = cloud_run.create(name, healthy())
    fresh = cloud_run.get(name)
    fresh.labels = {"a": "b"}
    cloud_run.update(fresh, "labels")
    with pytest.raises(exceptions.Conflict, match=f"Conflict for resource '{name}': version"):
        cloud_run.update(stale, "labels")


def test_secrets_are_filled_in_or_missed(cloud_run: CloudRun, name: str) -> None:
    def secret(of: str) -> run_v2.RevisionTemplate:
        source = run_v2.EnvVarSource(secret_key_ref={"secret": of, "version": "latest"})
        variable = run_v2.EnvVar(name="PASSWORD", value_source=source)
        return run_v2.RevisionTemplate(containers=[{"image": healthy(), "env": [variable]}])

    service = cloud_run.create(name, healthy(), template=secret("password"))
    seen = requests.get(service.uri, timeout=10).json()["env"]
    assert seen["PASSWORD"] == "open sesame"
    service.template = secret("other")
    with pytest.raises(exceptions.BadRequest, match="secrets/other/versions/latest was not found"):
        cloud_run.update(service, "template")


def test_iam(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy(), invoker_iam_disabled=False)
    assert requests.get(service.uri, timeout=10).status_code == 403
    body = {"audience": service.uri, "includeEmail": True}
    path = "/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateIdToken"
    token = cloud_run.call("POST", path, json=body).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(service.uri, headers=bearer, timeout=10).status_code == 200
    policy = cloud_run.services.get_iam_policy(
        iam_policy_pb2.GetIamPolicyRequest(resource=service.name)
    )
    policy.bindings.append(policy_pb2.Binding(role="roles/run.invoker", members=["allUsers"]))
    wanted = iam_policy_pb2.SetIamPolicyRequest(resource=service.name, policy=policy)
    cloud_run.services.set_iam_policy(wanted)
    assert requests.get(service.uri, timeout=10).status_code == 200
    with pytest.raises(exceptions.Conflict, match="concurrent policy changes"):
        cloud_run.services.set_iam_policy(wanted)
    asked = iam_policy_pb2.TestIamPermissionsRequest(
        resource=service.name, permissions=["run.services.get"]
    )
    assert list(cloud_run.services.test_iam_permissions(asked).permissions) == ["run.services.get"]


def test_log_entries(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    revision = short(service.latest_ready_revision)
    trace = "0af7651916cd43dd8448eb211c80319c"
    header = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    requests.get(f"{service.uri}/status?418", headers=header, timeout=10)
    wanted = f'resource.labels.service_name="{name}" AND trace="projects/p/traces/{trace}"'
    (entry,) = cloud_run.entries(wanted + " AND httpRequest.status=418")
    assert entry["resource"]["labels"]["revision_name"] == revision
    assert entry["severity"] == "WARNING"
    assert entry["httpRequest"]["latency"].endswith("s")
    mine = f'resource.type="cloud_run_revision" AND resource.labels.revision_name="{revision}"'
    texts = [each.get("textPayload", "") for each in cloud_run.entries(mine)]
    assert any(text.startswith("Starting new instance. Reason: DEPLOYMENT") for text in texts)
    assert "listening" in texts
    assert f"Ready condition status changed to True for Service {name}." in texts
    assert any(
        text.startswith(f"Ready condition status changed to True for Revision {revision} with "
                        "message: Deploying revision succeeded in ")
        for text in texts
    )  # fmt: skip


def test_list_and_delete(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    assert service.name in [each.name for each in cloud_run.services.list_services(parent=PARENT)]
    elsewhere = "projects/p/locations/europe-west1"
    assert list(cloud_run.services.list_services(parent=elsewhere)) == []
    with pytest.raises(exceptions.BadRequest, match="wildcard"):
        list(cloud_run.services.list_services(parent="projects/p/locations/-"))
    deleted = cloud_run.services.delete_service(name=service.name)
    assert deleted.result(polling=POLLING, timeout=10).uid == service.uid
    with pytest.raises(exceptions.NotFound, match=f"Resource '{name}' of kind 'SERVICE'"):
        cloud_run.get(name)
    again = cloud_run.create(name, healthy())
    assert again.uid != service.uid


def test_validate_only_and_allow_missing(cloud_run: CloudRun, name: str) -> None:
    service = run_v2.Service(
        name=f"{PARENT}/services/{name}", template={"containers": [{"image": healthy()}]}
    )
    request = run_v2.UpdateServiceRequest(service=service, validate_only=True, allow_missing=True)
    tried = cloud_run.services.update_service(request).result()
    assert tried.template.max_instance_request_concurrency == 80
    with pytest.raises(exceptions.NotFound):
        cloud_run.get(name)
    request.validate_only = False
    made = cloud_run.services.update_service(request).result(polling=POLLING, timeout=60)
    assert made.generation == 1


def test_operations(cloud_run: CloudRun, name: str) -> None:
    body = {"template": {"containers": [{"image": healthy()}]}}
    path = f"/v2/{PARENT}/services?serviceId={name}"
    operation = cloud_run.call("POST", path, json=body).json()
    assert operation["metadata"]["@type"] == "type.googleapis.com/google.cloud.run.v2.Service"
    assert operation["metadata"]["latestCreatedRevision"]
    assert not operation["done"]
    where = f"/v2/{operation['name']}"
    waited = cloud_run.call("POST", f"{where}:wait", json={"timeout": "20s"}).json()
    assert waited["done"]
    assert waited["response"]["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    held = cloud_run.services.get_operation({"name": operation["name"]})
    assert held.response.TypeName() == "google.cloud.run.v2.Service"
    listed = cloud_run.services.list_operations({"name": PARENT, "page_size": 1000}).operations
    assert held in listed
    cloud_run.services.delete_operation({"name": operation["name"]})
    assert cloud_run.call("GET", where).status_code == 404


def test_what_get_returns_can_be_sent_back(cloud_run: CloudRun, name: str) -> None:
    service = cloud_run.create(name, healthy())
    again = cloud_run.update(service)
    assert again.latest_created_revision == service.latest_created_revision
    assert again.template == service.template
    assert again.generation == service.generation + 1
