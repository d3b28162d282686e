"""It listens on 0.0.0.0:$PORT, or smoke says what it does listen on."""

from __future__ import annotations

import re

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import DOCKERFILE, SERVER

NEVER = "import signal\nprint('up')\nsignal.pause()\n"


@pytest.mark.parametrize(
    ("program", "said", "remedy"),
    [
        (SERVER + "serve('127.0.0.1')", "it listens on 127.0.0.1:8080 only", "listen on 0.0.0.0"),
        (SERVER + "serve(port=5000)", "it listens on port 5000, not on 8080", "$PORT"),
        (NEVER, "nothing in the container listens", "startup.listen_within"),
    ],
)
def test_what_it_does_listen_on_is_said(service, program, said, remedy):
    ran = service.smoke(program, startup={"listen_within": "1s"})

    assert ran.code == SmokeFailed.exit_code
    assert f"it did not listen on port 8080 within 1 s: {said}; alive: python3" in ran.output
    assert remedy in ran.output


def test_a_service_that_does_as_it_should(service):
    ran = service.smoke(SERVER + "print('up')\nserve()")

    assert ran.code == 0, ran.output
    for said in (
        "listens on $PORT after", "as user 999", "3 warm answers", "when PORT says so",
        "% of 512 MiB", "after SIGTERM",
    ):  # fmt: skip
        assert said in ran.output
    assert "  ! " not in ran.output


def test_one_that_does_not_care_about_the_port_is_warned_of(service):
    ran = service.smoke(SERVER + "print('up')\nserve(port=8080)")

    assert ran.code == 0, ran.output
    assert "it listens on 8080 whatever PORT says: it works as long as run.port is 8080" in (
        ran.output
    )


def test_one_that_another_port_breaks_is_warned_of(service):
    ran = service.smoke(SERVER + "print('up')\nassert os.environ['PORT'] == '8080', 'odd'\nserve()")

    assert ran.code == 0, ran.output
    assert ": exit code 1" in ran.output


@pytest.fixture
def out_of_sight(monkeypatch):
    """As with an engine in a virtual machine: its processes are not on this one."""
    for adapter in ("container", "proc"):
        monkeypatch.setattr(f"pipeline.adapters.{adapter}.folder_of", lambda container: None)


def test_an_engine_elsewhere_is_asked_inside_the_container(service, out_of_sight):
    ran = service.smoke(SERVER + "print('up')\nserve(port=5000)", startup={"listen_within": "1s"})

    assert "it listens on port 5000, not on 8080; alive: python3" in ran.output


def test_an_engine_elsewhere_still_tells_the_memory(service, out_of_sight):
    ran = service.smoke(SERVER + "print('up')\nserve()")

    assert ran.code == 0, ran.output
    assert "✓ memory in the end " in ran.output


def test_what_cannot_be_read_is_said(service, out_of_sight):
    hidden = "RUN ln -s $(command -v python3) /server\nENV PATH=/nowhere\nUSER 999"
    service.dockerfile = DOCKERFILE.replace("USER 999", hidden).replace('"python3"', '"/server"')

    ran = service.smoke(SERVER + "print('up')\nserve(port=5000)", startup={"listen_within": "1s"})
    assert "what it listens on cannot be read here" in ran.output

    ran = service.smoke(SERVER + "print('up')\nserve()")
    assert ran.code == 0, ran.output
    assert "how much memory it takes cannot be read here" in ran.output


def test_root_is_noted(service):
    service.dockerfile = DOCKERFILE.replace("USER 999\n", "")

    ran = service.smoke(SERVER + "print('up')\nserve()")

    assert ran.code == 0, ran.output
    assert "as user root" in ran.output
    assert "Cloud Run allows root" in ran.output


def test_a_folder_that_its_user_may_not_write_to_shows(service):
    ran = service.smoke("open('/app/log.txt', 'w')")

    assert ran.code == SmokeFailed.exit_code
    assert "PermissionError: [Errno 13] Permission denied: '/app/log.txt'" in ran.output


COUNTS = "import time\nprint('up')\nwhile time.process_time() < {seconds}: pass\n"
LITTLE = {"run": {"cpu": 0.2, "concurrency": 1}}


def test_one_that_its_cpu_limit_holds_back(service):
    ran = service.smoke(SERVER + COUNTS.format(seconds=2) + "serve()", **LITTLE)

    assert ran.code == SmokeFailed.exit_code
    assert re.search(r"alive: python3; it was throttled for \d\d\d? % of the time by run\.cpu 0\.2",
                     ran.output)  # fmt: skip
    assert "raise run.cpu above 0.2" in ran.output


def test_one_that_waits_is_not_held_back(service):
    ran = service.smoke(NEVER, **LITTLE, startup={"listen_within": "1s"})

    assert "nothing in the container listens" in ran.output
    assert "throttled" not in ran.output


def test_an_engine_elsewhere_is_asked_for_its_cpu_inside(service, out_of_sight):
    ran = service.smoke(SERVER + COUNTS.format(seconds=2) + "serve()", **LITTLE)

    assert "% of the time by run.cpu 0.2" in ran.output
