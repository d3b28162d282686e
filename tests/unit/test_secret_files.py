"""Which files are credentials; ordinary ones are not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.secret_files import LOOKED_AT, secret_in

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
KUBECONFIG = "apiVersion: v1\nkind: Config\nusers:\n- name: x\n"
SERVICE_ACCOUNT = {"type": "service_account", "private_key": "x", "client_email": "a@b"}


@pytest.mark.parametrize(
    ("path", "content", "what"),
    [
        ("a/sa.json", json.dumps(SERVICE_ACCOUNT), "service account"),
        ("a/sa.json", "\ufeff \n" + json.dumps(SERVICE_ACCOUNT, indent=2), "service account"),
        ("adc", '{"type": "authorized_user", "refresh_token": "x"}', "person"),
        ("gha-creds-1.json", '{"type": "external_account", "credential_source": {"u": 1}}', "fed"),
        ("k", f"-----BEGIN PRIVATE KEY-----\n{BODY}\n", "private key"),
        ("k", f"-----BEGIN RSA PRIVATE KEY-----\r\n{BODY}\r\n", "private key"),
        ("k", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BODY}\n", "private key"),
        ("k", f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{BODY}\n", "private key"),
        ("k", f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}", "private key"),
        ("k.js", f'const key = "-----BEGIN PRIVATE KEY-----\\n{BODY}\\n"', "private key"),
        (".env", "export A_TOKEN='x'", "A_TOKEN"),
        ("deep/.env.production", "NEXT_PUBLIC_A=1\nSECRET=x", "SECRET"),
        ("prod.env", "DB=postgres://u:p@h/d", "DB"),
        (".npmrc", "//r/:_authToken=abc", "token"),
        (".pypirc", "[pypi]\nusername = a\npassword = b", "token"),
        (".netrc", "machine a login b password c", "token"),
        (".docker/config.json", '{"auths": {"r": {"auth": "abc"}}}', "token"),
        ("pip.conf", "[global]\nindex-url = https://u:secret@host/simple", "token"),
        (".git-credentials", "https://u:p@github.com", "token"),
        (".envrc", "export TOKEN=x", "TOKEN"),
        (".env~", "TOKEN: x", "TOKEN"),
        (".env", "a.password = x", "a.password"),
        (".pgpass", "# of all\nhost:5432:db:user:pw", "token"),
        ("home/.aws/credentials", "[default]\naws_secret_access_key = x", "token"),
        (".docker/config.json", '{"auths": {"r": {"identitytoken": "abc"}}}', "token"),
        (".streamlit/secrets.toml", 'password = "x"', "token"),
        (".cargo/credentials.toml", '[registry]\ntoken = "x"', "token"),
        ("gh/hosts.yml", "github.com:\n    oauth_token: gho_x", "token"),
        ("k.yaml", f"key: |\n        -----BEGIN PRIVATE KEY-----\n        {BODY}\n", "private key"),
        ("k", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n{BODY}", "private key"),
        ("k.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\r\n", "private key"),
        ("c", f"{KUBECONFIG}  user:\n    client-key-data: LS0t\n", "Kubernetes"),
        ("c", f"{KUBECONFIG}  user: \r\n    token: x\r\n".replace("\n", "\r\n"), "Kubernetes"),
        (".config/gcloud/credentials.db", "SQLite format 3", "Google credentials"),
    ],
)
def test_a_credential_is_known(path: str, content: str, what: str) -> None:
    assert what in secret_in(path, content.encode())
    assert what in secret_in(path, content.removeprefix("\ufeff").encode("utf-16"))


@pytest.mark.parametrize("name", ["a.p12", "A.PFX"])
def test_a_store_of_keys_is_known_by_its_name_and_its_first_byte(name: str) -> None:
    assert secret_in(name, b"\x30\x82\x09\x00") == "a store of keys"
    assert secret_in(name, b"version https://git-lfs.github.com/spec/v1") == ""


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package.json", '{"type": "module", "private_key": "x"}'),
        ("a.json", '{"type": "service_account"}'),
        ("a.json", '{"type": "external_account", "credential_source": {}}'),
        ("a.json", '{"type": ["service_account"], "private_key": 1}'),
        ("a.json", '{"type": "service_account", "private_key": '),
        ("a.json", '{"type":' + "[" * 100_000),
        ("check.py", 'if text.startswith("-----BEGIN PRIVATE KEY-----"): fail()'),
        ("cert.pem", f"-----BEGIN CERTIFICATE-----\n{BODY}\n"),
        ("public.pem", f"-----BEGIN PUBLIC KEY-----\n{BODY}\n"),
        (".env.example", "TOKEN=put-it-here"),
        ("example.env", "TOKEN=put-it-here"),
        (".env", "# nothing\n\nTOKEN=\n"),
        (".env.production", "NEXT_PUBLIC_API=https://a\nNODE_ENV=production"),
        (".npmrc", "//r/:_authToken=${NPM_TOKEN}\nregistry=https://r"),
        ("pip.conf", "index-url = https://host/simple"),
        ("pip.conf", "index-url = https://${USER}:${TOKEN}@host/simple"),
        ("config.json", '{"auth": "abc"}'),
        ("environment.py", "SECRET = 'x'"),
        ("app.env.ts", "SECRET = 'x'"),
        ("skaffold.yaml", "apiVersion: skaffold/v2\nkind: Config\ntoken: x\n"),
        ("c", f"{KUBECONFIG}  user:\n    exec: {{command: gke-gcloud-auth-plugin}}\n"),
        ("credentials", "aws_secret_access_key = x"),
    ],
)
def test_an_ordinary_file_is_none(path: str, content: str) -> None:
    assert secret_in(path, content.encode()) == ""


@given(st.sampled_from([".env", ".npmrc", "a.json", "k"]), st.binary(max_size=300))
def test_any_bytes_are_looked_at(path: str, content: bytes) -> None:
    secret_in(path, content)


@pytest.mark.parametrize(
    "path", [".env", ".npmrc", ".docker/config.json", "pip.conf", "k.json", ".pgpass"]
)
@pytest.mark.parametrize(
    "unit",
    [b"-----BEGIN PRIVATE KEY-----\n", b"https://a:", b" \t", b"A=", b'{"type":', b"a: ", b":"],
)
def test_the_largest_file_takes_no_time(path: str, unit: bytes) -> None:
    began = time.monotonic()
    secret_in(path, unit * (LOOKED_AT // len(unit)))

    assert time.monotonic() - began < 2
