"""A release that is stopped ends with what the failure is known as."""

from __future__ import annotations

from tests.end_to_end.conftest import Project, until


def test_a_container_that_cannot_import_is_diagnosed_by_smoke(project: Project) -> None:
    project.source = "crashes_on_start"
    project.passes("build")
    ran = project.run("smoke")

    assert ran.code == 11
    assert "  K02     A module cannot be imported" in ran.output
    assert "  │ ModuleNotFoundError: No module named 'copy_that'" in ran.output


def test_a_revision_that_failed_is_diagnosed_again_from_its_log(project: Project) -> None:
    project.source, project.fault = "fails_when_deployed", "crash"
    project.passes("build")
    ran = project.run("deploy")
    assert ran.code == 19
    assert "  V05     A secret, a database URL or a login is missing or wrong" in ran.output
    assert "  │ DATABASE_URL is not set" in ran.output
    revision = project.observed()["latestCreatedRevision"].rsplit("/", 1)[-1]

    again = until(lambda: _diagnosed(project, revision))
    assert "V08     The revision never became ready" in again


def test_a_dead_database_is_named_before_traffic(project: Project) -> None:
    project.source, project.fault = "fails_when_deployed", "dead_database"
    project.passes("build", "deploy")
    ran = project.run("verify")

    assert ran.code == 21
    assert "  V03     Healthy by its status, and something that it needs is dead" in ran.output


def _diagnosed(project: Project, revision: str) -> str:
    ran = project.run("diagnose", "--revision", revision)
    assert ran.code == 0, ran.output
    return ran.output if "V05" in ran.output else ""
