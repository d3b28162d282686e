"""Healthy once is not healthy; and its start-up log is read also when it is."""

from __future__ import annotations

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import SERVER

FLAPS = """\
asked = 0


def document():
    global asked
    asked += 1
    alive = b"false" if asked > 2 else b"true"
    return b'{"status": "healthy", "services": {"database": ' + alive + b"}}"


"""


def test_a_document_that_says_the_database_is_dead(service):
    program = SERVER + FLAPS.replace("asked > 2", "True") + "print('up')\nserve()"

    ran = service.smoke(program, startup={"listen_within": "1s"})

    assert ran.code == SmokeFailed.exit_code
    assert "/health is not healthy: services.database is false, expected true" in ran.output


def test_one_that_is_healthy_at_first_and_then_not(service):
    ran = service.smoke(SERVER + FLAPS + "print('up')\nserve()")

    assert ran.code == SmokeFailed.exit_code
    assert "/health is not healthy: it flaps" in ran.output
    assert "services.database is false, expected true" in ran.output


def test_one_that_ends_when_asked(service):
    program = SERVER + "def document():\n    os._exit(4)\n\nprint('up')\nserve()"

    ran = service.smoke(program)

    assert ran.code == SmokeFailed.exit_code
    assert "it ended when asked: exit code 4" in ran.output


@pytest.mark.parametrize(
    "line",
    [
        "EACCES: permission denied, open 'logs/error.log'",
        "prisma:warn Prisma failed to detect the libssl/openssl version to use",
    ],
)
def test_a_forbidden_line_of_a_healthy_service(service, line):
    ran = service.smoke(SERVER + f"print({line!r})\nserve()")

    assert ran.code == SmokeFailed.exit_code
    assert "its output is not right: 1 line that must not be there" in ran.output
    assert f"│ {line}" in ran.output


PICKY = """\
answer = Handler.do_GET


def only_json(self):
    accepted = self.headers.get("Accept") == "application/json"
    answer(self) if accepted else self.send_error(406)


Handler.do_GET = only_json
"""


def test_json_is_asked_for(service):
    ran = service.smoke(SERVER + PICKY + "print('up')\nserve()")

    assert ran.code == 0, ran.output
