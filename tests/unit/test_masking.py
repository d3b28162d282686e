"""What is secret is not shown, and what is not stays readable."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.errors import BuildFailed
from pipeline.report.harmless import clean_lines, harmless, harmless_lines
from pipeline.report.keys import MASK, keyless
from pipeline.report.known import evidence_of, last_of
from pipeline.report.masking import (
    SHORTEST,
    Secrets,
    masked,
    masked_lines,
    secret_values,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=SHORTEST, max_size=40
)
WORDS = st.text(LETTERS + " .:,=-\n", max_size=80)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("postgresql://app:s3cr3t@db:5432/app", "postgresql://app:***@db:5432/app"),
        ("redis://:s3cr3t@cache:6379", "redis://:***@cache:6379"),
        ("postgresql://app:p@ss@db/app", "postgresql://app:***@db/app"),
        ("Authorization: Bearer abc123def456", "Authorization: Bearer ***"),
        ("authorization: basic dXNlcjpwYXNz1", "authorization: basic ***"),
        ("token eyJhbGciOi.eyJzdWIiOi.SflKxwRJ end", "token *** end"),
        ("key AIza" + "x" * 35, "key ***"),
        ("ya29." + "x" * 30, "***"),
        ("AKIA" + "A1" * 8, "***"),
        ("aws_secret_access_key = abc/def+ghi", "aws_secret_access_key = ***"),
        ("ghp_" + "a1" * 18, "***"),
        ("github_pat_" + "a1" * 20, "***"),
        ("xoxb-" + "123456789-abcdef", "***"),
        ("https://hooks.slack.com/services/T000/B000/XXXX", "https://***"),
        ("sk_live_" + "a1" * 12, "***"),
        ("whsec_" + "a1" * 12, "***"),
        ("password=hunter2", "password=***"),
        ("DB_PASSWORD: hunter2, next", "DB_PASSWORD: ***, next"),
        ("token: abcdef", "token: ***"),
        ('{"password": "my pass", "user": "app"}', '{"password": "***", "user": "app"}'),
        (r"{\"api_key\": \"abc\"}", r"{\"api_key\": \"***\"}"),
        ("{'client_secret': 'a b'}", "{'client_secret': '***'}"),
        ("x -----BEGIN RSA PRIVATE KEY-----MIIE", "x -----BEGIN RSA PRIVATE KEY-----***"),
        ("postgres://api:abc/S3cr3t#1@h", "postgres://api:***@h"),
        ("postgres://api:p@ss/word@h/db", "postgres://api:***@h/db"),
        ("https://a:b@h/x?email=u@e.com", "https://a:***@h/x?email=u@e.com"),
        ("https://S3cr3tTok0123456@github.com/a", "https://***@github.com/a"),
        ("mysql --password S3cr3t -h x", "mysql --password *** -h x"),
        ("mysql -u root -pS3cr3t db", "mysql -u root -p*** db"),
        ("mkdir -p a && mongosh -p S3cr3t", "mkdir -p a && mongosh -p ***"),
        ("redis-cli -a S3cr3t ping", "redis-cli -a *** ping"),
        ("glpat-" + "a1" * 8, "***"),
        ("hf_" + "a1" * 15, "***"),
        ("npm_" + "a1" * 18, "***"),
        ("AccountName=a;AccountKey=ab1/+==;x", "AccountName=a;AccountKey=***;x"),
        ("https://s/b?X-Goog-Signature=ab12&x=1", "https://s/b?X-Goog-Signature=***&x=1"),
        ("https://s/b?X-Amz-Signature=ab12", "https://s/b?X-Amz-Signature=***"),
        ("Set-Cookie: sid=S3cr3t; Path=/; HttpOnly", "Set-Cookie: ***; HttpOnly"),
        ('{"cookie":"sid=S3cr3t; a=b","x":1}', '{"cookie":"***","x":1}'),
        ("CREDENTIALS=eyJ0eXBlIjoic2VydmljZV9hY2NvdW50IiwicHJp", "CREDENTIALS=***"),
        ("base64 eyJ0eXBlIjoic2VydmljZV9hY2NvdW50IiwicHJp", "base64 ***"),
        (r'{\\"password\\": \\"it\'s\\"}', r'{\\"password\\": \\"***\\"}'),
        ("MIIEabc\\ndef\\n-----END PRIVATE KEY----- x", "***-----END PRIVATE KEY----- x"),
        (
            '"private_key": "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\\n"',
            '"private_key": "***"',
        ),
    ],
)
def test_whatever_has_the_shape_of_a_credential_is_masked(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "commit a452a193a5f326bfb5d9d8f71c19afecfae41a7c",
        "id 123e4567-e89b-12d3-a456-426614174000",
        "agents-api-0123456-abcd answered, not agents-api-00007-old",
        "http://127.0.0.1:8080/health and https://api-abc123-uc.a.run.app",
        "image us-docker.pkg.dev/p/s/api@sha256:0123",
        "git@github.com:owner/name.git",
        'password authentication failed for user "app"',
        "KeyError: 'DATABASE_URL'",
        "SyntaxError: Unexpected token } in JSON at position 5",
        "password: undefined; token=null; secret: None",
        "Permission denied on secret: projects/1/secrets/database-url/versions/latest",
        "RUN --mount=type=secret,id=npm npm ci",
        "bearer authentication is required",
        "max_tokens=512 tokens: 5 token_count: 12",
        "PWD=/app/src primary_key=True",
        "task-management-service-0123456789-abcdef",
        "std::vector<int> a::b",
        "https://registry.npmjs.org/@babel/core and http://localhost:4873/@scope/pkg",
        "https://user@bitbucket.org/x http://127.0.0.1:8080/users/me@example.com",
        "postgresql://[::1]:5432/db?user=x@y",
        "psql -p 5432 && mkdir -p /app && mysql -h db -P 3306",
        "--password is required; the --password option; mysql -p --all-databases",
        "Cookie policy: none, cookie: not set",
        "npm_config_registry hf_hub_download",
    ],
)
def test_ordinary_text_stays(line: str) -> None:
    assert masked(line) == line


@given(WORDS, SECRETS, WORDS)
def test_a_configured_secret_never_shows(before: str, secret: str, after: str) -> None:
    values = list(secret_values([("API_KEY", secret)]))
    secrets = Secrets.of(values)
    assume(secrets.pattern is not None)
    assume(secret not in before + after and secret not in MASK)
    shown = harmless_lines([f"{before}{secret}{after}"], secrets=secrets)

    assert secret not in "\n".join(shown)


@given(SECRETS, st.lists(st.integers(0, 60), max_size=6), WORDS, WORDS)
def test_nor_do_its_parts_however_lines_are_cut(
    secret: str, cuts: list[int], before: str, after: str
) -> None:
    """In the lines put together again there is no more of it than the mask lets through."""
    text = before.replace("\n", " ") + secret + after.replace("\n", " ")
    places = [0, *sorted(cuts), len(text)]
    lines = [text[a:b] for a, b in pairwise(places)]
    secrets = Secrets.of([secret])
    assume(secrets.pattern is not None and text.count(secret) == 1)
    assume("PRIVATE KEY" not in secret and MASK not in secret)
    shown = "".join(masked_lines(lines, secrets))

    assert secret not in shown
    assert len(shown.replace(MASK, "")) <= len(text) - len(secret)


@given(SECRETS)
def test_a_secret_at_the_end_of_what_is_shown_of_a_line_is_masked(secret: str) -> None:
    secrets = Secrets.of([secret])
    assume(secrets.pattern is not None and "x" not in secret)
    for at in (1990, 1999, 2000, 2001):
        shown = harmless("x" * at + secret + "y" * 9000, secrets)

        assert secret[:SHORTEST] not in shown


def test_escapes_inside_a_secret_do_not_save_it() -> None:
    secrets = Secrets.of(["hunter2-hunter2"])

    assert harmless("hunter2\x1b[0m-hunter2", secrets) == MASK


def test_a_private_key_of_many_lines_says_nothing_even_when_its_begin_is_left_out() -> None:
    key = ["-----BEGIN PRIVATE KEY-----", *["MIIEvQIBADANBgkqhkiG9w0"] * 60,
           "-----END PRIVATE KEY-----", "after"]  # fmt: skip
    shown = harmless_lines(key, most=10)

    assert "MIIE" not in "".join(shown)
    assert shown[-1] == "after"
    assert list(keyless(["a", "b"])) == ["a", "b"]


BODY = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu", "QmFzZQ=="]  # fmt: skip
WRAPPED = ["{}", "2026-01-12 09:14:02 INFO api {}", '{{"message": "{}", "severity": "ERROR"}}',
           "api-1  | {}"]  # fmt: skip


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("missing", [slice(0), slice(0, 1), slice(0, 2), slice(-1, None)])
def test_a_key_is_hidden_with_either_end_missing(wrapped: str, missing: slice) -> None:
    key = ["-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----"]
    del key[missing]
    lines = [wrapped.format(line) for line in ["it starts up now", *key]]
    shown = "\n".join(keyless(lines))

    assert "it starts up now" in shown
    assert not [line for line in BODY if line in shown]


def test_what_is_said_between_the_lines_of_a_key_stays() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", BODY[0], "No module named 'redis'", BODY[1]]

    assert keyless(lines) == [lines[0], MASK, lines[2], MASK]


def test_a_certificate_stays() -> None:
    lines = ["-----BEGIN CERTIFICATE-----", *BODY, "-----END CERTIFICATE-----"]

    assert keyless(lines) == lines


@pytest.mark.parametrize("escape", ["\x1b[0m", "\\u001b[1;31m", "\x1b]0;t\x07"])
def test_an_escape_in_a_key_word_does_not_save_its_value(escape: str) -> None:
    assert "hunter2" not in harmless(f"pass{escape}word=hunter2")
    assert "hunter2" not in clean_lines([f"pass{escape}word=hunter2"])[0]


def test_the_last_lines_are_cut_after_they_are_masked() -> None:
    key = ["-----BEGIN PRIVATE KEY-----", *BODY[:1] * 27, "-----END PRIVATE KEY-----", "failed"]

    assert last_of(key) == [MASK] * 8 + [f"{MASK}-----END PRIVATE KEY-----", "failed"]
    assert BODY[0] not in "".join(evidence_of(BuildFailed("x", lines=[*key, *["y"] * 38])))


def test_a_long_last_line_is_shown_by_its_ends() -> None:
    (shown,) = last_of(["\0" * 10_000 + "the end"])

    assert len(shown) < 600
    assert shown.endswith("the end")


def test_a_key_without_an_end_does_not_hide_the_rest() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", *["MIIE"] * 1000, "the cause"]

    assert list(keyless(lines))[-1] == "the cause"
    assert list(keyless([lines[0], "x -----END PRIVATE KEY----- y", "z"])) == [
        lines[0], f"{MASK}-----END PRIVATE KEY----- y", "z",
    ]  # fmt: skip


def test_secrets_are_known_by_their_names_and_passwords_by_their_urls() -> None:
    variables = [
        ("LOG_LEVEL", "information"), ("API_KEY", "abcdef"), ("JWT_SECRET", "ghijkl"),
        ("TOKEN_URL", "https://a.b"), ("PUBLIC_KEY", "mnopqr"), ("MONKEY", "banana"),
        ("DATABASE_URL", "postgresql://app:p%40ssword@db/app"), ("PASSWORD_FILE", "/run/x"),
        ("X", "ghp_" + "a1" * 18),
    ]  # fmt: skip

    assert list(secret_values(variables)) == [
        "abcdef", "ghijkl", "p%40ssword", "p@ssword", "ghp_" + "a1" * 18,
    ]  # fmt: skip


def test_short_values_and_common_words_are_left() -> None:
    assert Secrets.of(["app", "postgres", "password", ""]).pattern is None
    assert masked("as a URL p%40ssw0rd", Secrets.of(["p@ssw0rd"])) == f"as a URL {MASK}"
    assert masked("line-two", Secrets.of(["line-one\nline-two"])) == MASK


@given(st.dictionaries(st.text(LETTERS + "_-", max_size=12), st.text(max_size=30), max_size=4))
def test_a_document_stays_one(document: dict[str, str]) -> None:
    document |= {"password": 'a"b\\c d', "message": "token: x password=y"}

    assert json.loads(masked(json.dumps(document))).keys() == document.keys()


@pytest.mark.parametrize(
    "piece",
    ["://a:", "password", "password: ", "-----BEGIN PRIVATE KEY-----", "eyJabcdef.", "Bearer ",
     '\\"token\\": \\"', "token='", "xoxb-", "aaaaaaaaaa", "sk-", "=> : = ", "secret_access_key",
     "cookie: a=b; ", "cookie:a=\"", "mysql -p ", "--password a ", '\\\\"token\\\\": \\\\"', "\\\\",
     'password="\\\\', "https://a1", "://a:/", "-----END PRIVATE KEY-----", "://a:1@"],
)  # fmt: skip
def test_a_hostile_line_takes_no_longer_than_its_length(piece: str) -> None:
    line = piece * (100_000 // len(piece))
    began = time.perf_counter()
    masked(line)

    assert time.perf_counter() - began < 2.0
