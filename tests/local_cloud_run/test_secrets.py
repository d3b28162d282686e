"""Secret Manager, as far as asking whether a secret is there and may be read."""

from __future__ import annotations

import pytest

from tests.local_cloud_run.conftest import CloudRun

SECRETS = "/v1/projects/p/secrets"


@pytest.mark.parametrize("version", ["1", "latest"])
def test_a_secret_and_its_version(cloud_run: CloudRun, version: str) -> None:
    name = "projects/p/secrets/password"
    secret = cloud_run.call("GET", f"{SECRETS}/password").json()
    assert (secret["name"], secret["replication"]) == (name, {"automatic": {}})
    held = cloud_run.call("GET", f"{SECRETS}/password/versions/{version}").json()
    assert (held["name"], held["state"]) == (f"{name}/versions/1", "ENABLED")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("other", "Secret [projects/p/secrets/other] not found."),
        ("other:getIamPolicy", "Secret [projects/p/secrets/other] not found."),
        (
            "other/versions/1",
            "Secret [projects/p/secrets/other] not found or has no versions.",
        ),
        (
            "password/versions/2",
            "Secret Version [projects/p/secrets/password/versions/2] not found.",
        ),
    ],
)
def test_what_is_absent(cloud_run: CloudRun, path: str, message: str) -> None:
    answer = cloud_run.call("GET", f"{SECRETS}/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"] == {"code": 404, "message": message, "status": "NOT_FOUND"}


def test_every_account_may_read(cloud_run: CloudRun) -> None:
    policy = cloud_run.call("GET", f"{SECRETS}/password:getIamPolicy").json()
    (binding,) = policy["bindings"]
    assert binding == {
        "role": "roles/secretmanager.secretAccessor", "members": ["allAuthenticatedUsers"]
    }  # fmt: skip


@pytest.mark.parametrize(("secret", "granted"), [("password", True), ("other", False)])
def test_permissions(cloud_run: CloudRun, secret: str, granted: bool) -> None:
    body = {"permissions": ["secretmanager.versions.access"]}
    answer = cloud_run.call("POST", f"{SECRETS}/{secret}:testIamPermissions", json=body)
    assert answer.json() == (body if granted else {})


def test_a_value_is_never_answered(cloud_run: CloudRun) -> None:
    for path in ("", "/versions/1", "/versions/latest:access", ":getIamPolicy"):
        assert "sesame" not in cloud_run.call("GET", f"{SECRETS}/password{path}").text
