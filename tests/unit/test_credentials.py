"""Which credentials are taken: all that Google's library finds, but for a key in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pipeline.adapters.google import Google
from pipeline.adapters.project import caller, kind
from pipeline.errors import KeyFileRefused, NoCredentials

EMAIL = "deployer@my-project.iam.gserviceaccount.com"
USER = {
    "type": "authorized_user", "client_id": "id", "client_secret": "-", "refresh_token": "-",
    "account": "ann@example.com", "quota_project_id": "my-project",
}  # fmt: skip
FEDERATED = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/"
    "providers/g",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://sts.googleapis.com/v1/token",
    "credential_source": {"file": "/nonexistent/token"},
    "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/"
    f"serviceAccounts/{EMAIL}:generateAccessToken",
}


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    """A key file of no account, made for this test."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account", "project_id": "my-project", "private_key_id": "1",
        "private_key": pem.decode(), "client_email": EMAIL, "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip


def given(document: object, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is the file of application default credentials."""
    file = folder / "credentials.json"
    file.write_text(json.dumps(document))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "my-project")


def impersonated(source: object) -> dict[str, object]:
    return {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": FEDERATED["service_account_impersonation_url"],
        "source_credentials": source,
    }


def test_a_key_file_is_refused_unless_it_is_allowed(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(key, tmp_path, monkeypatch)

    with pytest.raises(KeyFileRefused) as refused:
        _ = Google().credentials
    assert refused.value.where == EMAIL
    assert "allow_key_file: true" in refused.value.remedy
    assert "PRIVATE" not in f"{refused.value} {refused.value.lines}"

    allowed = Google(takes_key_file=True)
    assert allowed.credentials.service_account_email == EMAIL
    assert kind(allowed) == "a service account's key file"


def test_a_key_file_behind_an_impersonation_is_one_too(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(impersonated(key), tmp_path, monkeypatch)

    with pytest.raises(KeyFileRefused):
        _ = Google().credentials


@pytest.mark.parametrize(
    ("document", "said", "member"),
    [
        (USER, "a person's", "user:ann@example.com"),
        (FEDERATED, "Workload Identity Federation", f"serviceAccount:{EMAIL}"),
        (impersonated(USER), "an account that is impersonated", f"serviceAccount:{EMAIL}"),
    ],
)
def test_what_does_not_last_is_taken(
    document: object, said: str, member: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(document, tmp_path, monkeypatch)

    assert kind(Google()) == said
    assert caller(Google()) == member


def test_a_local_cloud_run_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert caller(Google("127.0.0.1:1")) == ""
    assert "none" in kind(Google("127.0.0.1:1"))


def test_a_file_that_is_no_credentials_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given({"type": "else"}, tmp_path, monkeypatch)

    with pytest.raises(NoCredentials):
        _ = Google().credentials


@pytest.mark.parametrize("odd", [[], "text", {"type": "gdch_service_account"}, None])
def test_a_file_that_is_none_is_no_bug_of_ours(
    odd: object, key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"format_version": "1", "project": "p", "name": "n", "ca_cert_path": ""}
    given({**key, **more, **odd} if isinstance(odd, dict) else odd, tmp_path, monkeypatch)

    with pytest.raises(NoCredentials) as refused:
        _ = Google().credentials
    assert "PRIVATE" not in f"{refused.value} {refused.value.where}"
