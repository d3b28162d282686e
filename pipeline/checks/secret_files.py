"""Files that are credentials: by what is in them, and by name where the name says it all.

Pure, and linear in the size of what is looked at.
"""

from __future__ import annotations

import json
import re

LOOKED_AT = 1_000_000
"""Bytes of the largest file that is looked into; no key is as large."""

_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY-----(?:\\[rn]|\s){1,4}"
    rb"(?:[A-Za-z-]{1,20}: [^\r\n]{0,200}\s{1,4}){0,4}[A-Za-z0-9+/=]{20}"
)
_GOOGLES = {
    "service_account": ("private_key", "a service account's key"),
    "authorized_user": ("refresh_token", "a person's Google credentials"),
    "external_account": ("credential_source", "credentials of a workload identity federation"),
    "impersonated_service_account": ("source_credentials", "Google credentials"),
}
_OPEN = re.compile(r"\.(?:example|sample|template|dist|defaults)$|^(?:example|sample|template)\.")
_SET = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*[^\s#]", re.MULTILINE)
_PUBLISHED = re.compile(
    r"(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|REACT_APP|VITE|VUE_APP|GATSBY)_"
    r"|(?:NODE_ENV|PORT|HOST|LOG_LEVEL|TZ)$"
)
_IN_A_URL = r"https?://[^\s/:@]{1,128}:[^\s/@${]{1,256}@"
_TOKENS = {
    ".npmrc": rf"(?:_authToken|_auth|_password)[ \t]*=[ \t]*[^\s$]|{_IN_A_URL}",
    ".yarnrc.yml": r"npmAuth(?:Token|Ident):[ \t]*[\"']?[^\s$\"']",
    ".pypirc": r"^[ \t]*password[ \t]*[=:][ \t]*\S",
    ".netrc": r"\bpassword[ \t]+\S",
    "_netrc": r"\bpassword[ \t]+\S",
    ".git-credentials": r"://\S",
    ".dockercfg": r"\"auth\"[ \t]*:[ \t]*\"[^\"]",
    ".dockerconfigjson": r"\"auth\"[ \t]*:[ \t]*\"[^\"]",
    "pip.conf": _IN_A_URL,
    "pip.ini": _IN_A_URL,
}
_BY_FOLDER = {".docker/config.json": _TOKENS[".dockercfg"], ".pip/pip.conf": _IN_A_URL}


def secret_in(path: str, content: bytes) -> str:
    """What a file is that must not leave this machine, or nothing; ``path`` is with slashes."""
    looks = (_variables, _token, _googles, _private_key)
    return next(filter(None, (look(path, content) for look in looks)), "")


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()


def _variables(path: str, content: bytes) -> str:
    name = _name(path)
    is_one = name == ".env" or name.startswith(".env.") or name.endswith(".env")
    if not is_one or _OPEN.search(name):
        return ""
    named = _SET.findall(content.decode("utf-8", "replace"))
    hidden = [one for one in named if not _PUBLISHED.match(one)]
    return f"variables that may be secret, such as {hidden[0]}" if hidden else ""


def _token(path: str, content: bytes) -> str:
    by_folder = (one for end, one in _BY_FOLDER.items() if f"/{path}".endswith(f"/{end}"))
    pattern = _TOKENS.get(_name(path)) or next(by_folder, "")
    if pattern and re.search(pattern, content.decode("utf-8", "replace"), re.MULTILINE):
        return "a token or a password"
    return ""


def _googles(path: str, content: bytes) -> str:
    if _name(path) == "application_default_credentials.json":
        return "Google credentials"
    if b'"type"' not in content or not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    needs, what = _GOOGLES.get(str(found.get("type")), ("", ""))
    return what if needs and found.get(needs) else ""


def _private_key(_path: str, content: bytes) -> str:
    return "a private key" if _KEY.search(content) else ""
