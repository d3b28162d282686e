"""The v1 API by hand: what gcloud does not do, or not every time (API facts §13.3)."""

from __future__ import annotations

import pytest
import requests

from tests.local_cloud_run.conftest import CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND

HOST = {"Host": "us-central1-run.localhost"}
SERVING = "/apis/serving.knative.dev/v1/namespaces/p"


def call(cloud_run: CloudRun, method: str, path: str, **more: object) -> requests.Response:
    return cloud_run.call(method, f"{SERVING}{path}", **{"headers": HOST, **more})


def a_service(name: str) -> dict:
    containers = [{"image": image("all-round", ALL_ROUND)}]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"team": "a"}},
        "spec": {"template": {"spec": {"containers": containers}}},
    }


def refused(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def shop(over_rest: CloudRun) -> dict:
    """A service that is there, as it was when it was made."""
    made = call(over_rest, "POST", "/services", json=a_service("knative-shop")).json()
    operation = made["metadata"]["annotations"]["run.googleapis.com/operation-id"]
    where = f"/v1/projects/p/locations/us-central1/operations/{operation}"
    waited = over_rest.call("POST", f"{where}:wait", json={"timeout": "30s"}).json()
    assert waited["response"]["@type"] == "type.googleapis.com/google.cloud.run.v1.Service"
    assert over_rest.call("GET", where).json() == waited
    assert {each["status"] for each in made["status"]["conditions"]} == {"Unknown"}
    assert {each["status"] for each in waited["response"]["status"]["conditions"]} == {"True"}
    return waited["response"]


def test_a_service_of_two_regions_is_not_guessed(cloud_run: CloudRun) -> None:
    hosts = [{"Host": f"{region}-run.localhost"} for region in ("us-east1", "us-west1")]
    body = a_service("twin")
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "no/such:image"
    for headers in hosts:
        assert call(cloud_run, "POST", "/services", json=body, headers=headers).status_code == 200
    anywhere = {"Host": "run.localhost"}
    message = refused(call(cloud_run, "DELETE", "/services/twin", headers=anywhere), 400)
    assert "us-east1 and us-west1" in message
    for headers in (hosts[1], anywhere):
        assert call(cloud_run, "DELETE", "/services/twin", headers=headers).status_code == 200


def test_a_change_needs_the_present_version(cloud_run: CloudRun, shop: dict) -> None:
    path = "/services/knative-shop"
    held = call(cloud_run, "GET", path).json()
    held["metadata"]["labels"]["changed"] = "yes"
    assert call(cloud_run, "PUT", path, json=held).status_code == 200
    message = refused(call(cloud_run, "PUT", path, json=held), 409)
    assert message.startswith("Conflict for resource 'knative-shop': version '")
    del held["metadata"]["resourceVersion"]
    assert call(cloud_run, "PUT", path, json=held).status_code == 200
    assert "in the path" in refused(call(cloud_run, "PUT", "/services/other", json=held), 400)


def test_what_is_not_there(cloud_run: CloudRun, shop: dict) -> None:
    elsewhere = {"Host": "europe-west1-run.localhost"}
    for path in ("/services/knative-shop", "/routes/knative-shop", "/configurations/knative-shop"):
        assert call(cloud_run, "GET", path).status_code == 200
        message = refused(call(cloud_run, "GET", path, headers=elsewhere), 404)
        assert message.startswith("Resource 'knative-shop' of kind 'SERVICE' in region 'europe-w")
    message = refused(call(cloud_run, "DELETE", "/revisions/nothing"), 404)
    assert message.startswith("Resource 'nothing' of kind 'REVISION' in region 'us-central1'")
    message = refused(call(cloud_run, "POST", "/services", json=a_service("knative-shop")), 409)
    assert message == "Resource already exists."
    message = refused(call(cloud_run, "POST", "/services", json=a_service("x"), headers={}), 400)
    assert "names no region" in message
    for path in ("/services?watch=true", "/services?fieldSelector=a=b", "/domainmappings"):
        assert "does not emulate" in refused(call(cloud_run, "GET", path), 400)
    path = "/v1/projects/p/locations/us-central1/defaultServiceAccount"  # of deploy --source
    assert "does not emulate" in refused(cloud_run.call("GET", path), 400)


def test_lists(cloud_run: CloudRun, shop: dict) -> None:
    def names(query: str, kind: str = "services", **more: object) -> list[str]:
        listed = call(cloud_run, "GET", f"/{kind}?{query}", **more).json()
        return [each["metadata"]["name"] for each in listed["items"]]

    assert "knative-shop" in names("labelSelector=team=a", headers={})
    assert names("labelSelector=team=a", headers={"Host": "europe-west1-run.localhost"}) == []
    revision = shop["status"]["latestReadyRevisionName"]
    assert names("labelSelector=serving.knative.dev/service+=+knative-shop", "revisions") == [
        revision
    ]
    dry = call(cloud_run, "DELETE", "/services/knative-shop?dryRun=all")
    assert dry.json()["status"] == "Success"
    call(cloud_run, "POST", "/services", json=a_service("knative-stall"))
    gathered, token = [], ""
    while not gathered or token:
        listed = call(cloud_run, "GET", f"/services?limit=1&continue={token}").json()
        gathered += [each["metadata"]["name"] for each in listed["items"]]
        token = listed["metadata"].get("continue", "")
    assert {"knative-shop", "knative-stall"} <= set(gathered)
    assert gathered == sorted(gathered)
    call(cloud_run, "DELETE", "/services/knative-stall")


def test_locations_and_permissions(cloud_run: CloudRun) -> None:
    listed = cloud_run.call("GET", "/v1/projects/p/locations").json()["locations"]
    assert {"us-central1", "europe-west1"} <= {each["locationId"] for each in listed}
    body = {"permissions": ["run.services.setIamPolicy"]}
    path = "/v1/projects/p/locations/us-central1/services/not-yet:testIamPermissions"
    assert cloud_run.call("POST", path, json=body).json() == body
