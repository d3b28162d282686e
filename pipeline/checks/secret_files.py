"""Files that are credentials: by what is in them, and by name where the name says it all.

Pure, and linear in the size of what is looked at.
"""

from __future__ import annotations

import codecs
import json
import re

LOOKED_AT = 1_000_000
"""Bytes of the largest file that is looked into; no key is as large."""

_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s){1,40}"
    r"(?:[A-Za-z-]{1,20}: [^\r\n]{0,200}\s{1,4}){0,4}[A-Za-z0-9+/=]{20}"
    r"|^PuTTY-User-Key-File-\d: "
)
_GOOGLES = {
    "service_account": ("private_key", "a service account's key"),
    "authorized_user": ("refresh_token", "a person's Google credentials"),
    "external_account": ("credential_source", "credentials of a workload identity federation"),
    "impersonated_service_account": ("source_credentials", "Google credentials"),
}
_OF_GCLOUD = {"application_default_credentials.json", "access_tokens.db", "credentials.db"}
_VARIABLES = re.compile(r"^\.env(?:rc|[.~].*)?$|\.env$", re.DOTALL)
_OPEN = re.compile(r"\.(?:example|sample|template|dist|defaults)$|^(?:example|sample|template)\.")
_SET = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*[^\s#]", re.MULTILINE)
_PUBLISHED = re.compile(
    r"(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|REACT_APP|VITE|VUE_APP|GATSBY)_"
    r"|(?:NODE_ENV|PORT|HOST|LOG_LEVEL|TZ)$"
)
_IN_A_URL = r"https?://[^\s/:@]{1,128}:[^\s/@${]{1,256}@"
_AFTER_A_NAME = r"^[ \t]*password[ \t]*[=:][ \t]*\S"
_OF_DOCKER = r"\"(?:auth|identitytoken)\"[ \t]*:[ \t]*\"[^\"]"
_OF_AWS = r"^[ \t]*aws_secret_access_key[ \t]*=[ \t]*\S"
_IN_TOML = r"^[ \t]*[\w.\"-]{1,64}[ \t]*=[ \t]*[\"'][^\"'\s]"
_TOKENS = {
    ".npmrc": rf"(?:_authToken|_auth|_password)[ \t]*=[ \t]*[^\s$]|{_IN_A_URL}",
    ".yarnrc": r"_authToken\"?[ \t]+\"?[^\s$\"]",
    ".yarnrc.yml": r"npmAuth(?:Token|Ident):[ \t]*[\"']?[^\s$\"']",
    ".pypirc": _AFTER_A_NAME,
    ".netrc": r"\bpassword[ \t]+\S",
    "_netrc": r"\bpassword[ \t]+\S",
    ".pgpass": r"^[^#:\n]+:[^:\n]*:[^:\n]*:[^:\n]*:\S",
    ".my.cnf": _AFTER_A_NAME,
    ".git-credentials": r"://\S",
    ".vault-token": r"\S",
    ".terraformrc": r"^[ \t]*token[ \t]*=[ \t]*\S",
    ".dockercfg": _OF_DOCKER,
    ".dockerconfigjson": _OF_DOCKER,
    ".docker/config.json": _OF_DOCKER,
    ".aws/credentials": _OF_AWS,
    ".cargo/credentials.toml": _IN_TOML,
    ".streamlit/secrets.toml": _IN_TOML,
    "gh/hosts.yml": r"\boauth_token:[ \t]*\S",
    "pip.conf": _IN_A_URL,
    "pip.ini": _IN_A_URL,
}
_KUBECONFIG = tuple(
    re.compile(rf"^{line}\s", re.MULTILINE) for line in ("apiVersion: v1", "kind: Config")
)
_ACCESS = re.compile(
    r"^(?:[ \t]*- )?[ \t]*(?:client-key-data|token|password|refresh-token):[ \t]*\S", re.MULTILINE
)


def secret_in(path: str, content: bytes) -> str:
    """What a file is that must not leave this machine, or nothing; ``path`` is with slashes."""
    folder, _, name = path.lower().rpartition("/")
    if name in _OF_GCLOUD:
        return "Google credentials"
    if name.endswith((".p12", ".pfx")) and content.startswith(b"\x30"):
        return "a store of keys"
    text = _decoded(content)
    found = (
        _variables(name, text),
        _token(f"{folder.rpartition('/')[2]}/{name}", text),
        _googles(text),
        _of_kubernetes(text),
        "a private key" if _KEY.search(text) else "",
    )
    return next(filter(None, found), "")


def _decoded(content: bytes) -> str:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8-sig", "replace")


def _variables(name: str, text: str) -> str:
    if not _VARIABLES.search(name) or _OPEN.search(name):
        return ""
    hidden = (one[1] for one in _SET.finditer(text) if not _PUBLISHED.match(one[1]))
    first = next(hidden, "")
    return f"variables that may be secret, such as {first}" if first else ""


def _token(path: str, text: str) -> str:
    """``path`` is a folder's name and a file's: some are known by both."""
    pattern = _TOKENS.get(path) or _TOKENS.get(path.rpartition("/")[2])
    return "a token or a password" if pattern and re.search(pattern, text, re.MULTILINE) else ""


def _googles(text: str) -> str:
    if "type" not in text or not text.lstrip().startswith("{"):
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    needs, what = _GOOGLES.get(str(found.get("type")), ("", ""))
    return what if needs and found.get(needs) else ""


def _of_kubernetes(text: str) -> str:
    """A kubeconfig, whatever its name."""
    is_one = all(line.search(text) for line in (*_KUBECONFIG, _ACCESS))
    return "access to a Kubernetes cluster" if is_one else ""
