"""Programs that run another program, taken off."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.shell.running import run
from pipeline.dockerfile.shell.wrappers import unwrapped
from tests.dockerfile.shell.showing import SHELL, shown

TAKEN_OFF = [
    ("a b", "a b", ()),
    ("sudo a b", "a b", ("sudo",)),
    ("sudo -E -u me a", "a", ("sudo",)),
    ("sudo -Eu me -- a -x", "a -x", ("sudo",)),
    ("/usr/bin/sudo X=1 a", "a", ("sudo",)),
    ("env a", "a", ("env",)),
    ("env -i A=b C=d a e=f", "a e=f", ("env",)),
    ("/usr/bin/env -u X a", "a", ("env",)),
    ("env - a", "a", ("env",)),
    ("nice -n 5 a", "a", ("nice",)),
    ("nice -n5 a", "a", ("nice",)),
    ("time -p a", "a", ("time",)),
    ("timeout 10 a", "a", ("timeout",)),
    ("timeout -s KILL -k 5 10 a -k", "a -k", ("timeout",)),
    ("timeout --signal=KILL 10s -- a", "a", ("timeout",)),
    ("nohup a", "a", ("nohup",)),
    ("command a", "a", ("command",)),
    ("gosu me:us a", "a", ("gosu",)),
    ("gosu $SECRET a", "a", ("gosu",)),
    ("su-exec me a", "a", ("su-exec",)),
    ("setpriv --reuid=1 --regid 2 --init-groups a", "a", ("setpriv",)),
    ("stdbuf -oL -e 0 a", "a", ("stdbuf",)),
    ("tini -- a", "a", ("tini",)),
    ("/sbin/tini -s -g -- a", "a", ("tini",)),
    ("/usr/bin/dumb-init -- a -- b", "a -- b", ("dumb-init",)),
    ("dumb-init a", "a", ("dumb-init",)),
    ("xargs -0 -n 1 a", "a", ("xargs",)),
    ("xargs -0rI {} a {}", "a {}", ("xargs",)),
    ("ionice -c 3 a", "a", ("ionice",)),
    ("setuidgid me a", "a", ("setuidgid",)),
    ("catchsegv a", "a", ("catchsegv",)),
    ("ddtrace-run a", "a", ("ddtrace-run",)),
    ("opentelemetry-instrument --service_name x a", "a", ("opentelemetry-instrument",)),
    ("newrelic-admin run-program a", "a", ("newrelic-admin run-program",)),
    ("doppler run -p x -- a", "a", ("doppler run",)),
    ("infisical run --env=prod -- a", "a", ("infisical run",)),
    ("op run --env-file=x -- a", "a", ("op run",)),
    ("dotenv -e .env -- a", "a", ("dotenv",)),
    ("dotenv -f .env run a", "a", ("dotenv run",)),
    ("poetry run a", "a", ("poetry run",)),
    ("poetry -C x run a -C", "a -C", ("poetry run",)),
    ("uv run --no-sync --group x a --group", "a --group", ("uv run",)),
    ("uv run -- a", "a", ("uv run",)),
    ("uv --directory x run a", "a", ("uv run",)),
    ("pipenv run a", "a", ("pipenv run",)),
    ("pdm run a", "a", ("pdm run",)),
    ("hatch -e x run a", "a", ("hatch run",)),
    ("bundle exec a", "a", ("bundle exec",)),
    ("npx --yes a", "a", ("npx",)),
    ("npx -p x a", "a", ("npx",)),
    ("npm exec -- a", "a", ("npm exec",)),
    ("pnpm exec a", "a", ("pnpm exec",)),
    ("pnpm dlx a", "a", ("pnpm dlx",)),
    ("pnpm --filter x exec a", "a", ("pnpm exec",)),
    ("yarn exec a", "a", ("yarn exec",)),
    ("bunx a", "a", ("bunx",)),
    ("cross-env A=b C=d a", "a", ("cross-env",)),
    ("./wait-for-it.sh db:5432 -t 30 -- a", "a", ("wait-for-it.sh",)),
    ("dockerize -wait tcp://x:1 -timeout 20s a", "a", ("dockerize",)),
    ("tini -- sudo -u me env A=b nice poetry run a", "a",
     ("tini", "sudo", "env", "nice", "poetry run")),
    ("exec dumb-init a", "!a", ("dumb-init",)),
]  # fmt: skip

LEFT_ALONE = [
    "sudo",
    "sudo -v",
    "env A=b",
    "env -S a_b",
    "command -v a",
    "timeout 10",
    "poetry install",
    "poetry run",
    "uv pip install a",
    "uv run -m a",
    "npm run a",
    "npx -c a",
    "doppler secrets",
    "doppler run a",
    "wait-for-it.sh db:5432",
    "chroot /x a",
    "<$SECRET> a",
]


@pytest.mark.parametrize(("script", "command", "wrappers"), TAKEN_OFF)
def test_taken_off(script: str, command: str, wrappers: tuple[str, ...]) -> None:
    inner, found = unwrapped(run(script, SHELL)[0])
    assert (shown(inner), found) == (command, wrappers)


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_left_alone(line: str) -> None:
    (executed,) = run(line.strip("<").replace("> ", " "), SHELL)
    assert unwrapped(executed) == (executed, ())
    assert shown(executed) == line


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        ("env A=b a", "A", "b"),
        ("cross-env A=b B=c a", "B", "c"),
        ("sudo PATH=/x a", "PATH", "/x"),
        ("env A=$SECRET a", "A", None),
        ("A=1 env A=2 a", "A", "2"),
    ],
)
def test_variables_that_wrappers_set(script: str, name: str, value: str | None) -> None:
    inner, _ = unwrapped(run(script, SHELL)[0])
    assert inner.shell.variables[name] == value


def test_wrappers_end() -> None:
    (executed,) = run("nice " * 1000 + "a", SHELL)
    inner, found = unwrapped(executed)
    assert len(found) < 100
    assert inner.name == "nice"
