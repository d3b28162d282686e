"""The sample on a real PostgreSQL: migrated by a job, and a broken migration stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from pipeline import commands, inspected
from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from tests.end_to_end.conftest import SERVICES, Project, a_local_cloud_run
from tests.postgresql import PASSWORD, Cluster, a_cluster

COLUMNS = """
SELECT column_name FROM information_schema.columns WHERE table_name = 'agents' ORDER BY 1
"""
MIGRATION = '''\
"""Where an agent is reached."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("agents", sa.Column("email", sa.Text))
    op.execute("UPDATE agents SET {column} = 'nobody@example.com'")
'''


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One that containers reach, at this machine's address on the engine's network."""
    world = real_world()
    seen = world.run(commands.inspect_bridge(find_engine(world)))
    address = inspected.gateway(inspected.first(seen.output)) if seen.code == 0 else ""
    if not address:
        pytest.skip("needs an engine whose network this machine is on")
    with a_cluster(address) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def local_cloud_run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.env"
    secrets.write_text(f"database-url={cluster.url}\n")
    with a_local_cloud_run("--secrets", str(secrets)) as address:
        yield address


@dataclass
class Sample(Project):
    """A copy of the sample with a database, and a job that migrates it."""

    def write(self) -> Path:
        path = super().write()
        text = path.read_text()
        text = text.replace("run:\n", "run:\n  secrets: {DATABASE_URL: database-url}\n", 1)
        job = "jobs: [{name: migrate, command: [alembic, upgrade, head]}]\n"
        path.write_text(f"{text}{job}")
        return path

    def migrates(self, column: str) -> None:
        """The next release has a migration that fills this column."""
        path = self.folder / "sample" / "migrations" / "versions" / "0002_email.py"
        path.write_text(MIGRATION.format(column=column))


@pytest.fixture
def project(project: Project) -> Sample:
    sample = project.folder / "sample"
    shutil.copytree(SERVICES / "agents_api", sample, ignore=shutil.ignore_patterns("__pycache__"))
    project.source = str(sample)
    return Sample(**vars(project))


def test_a_broken_migration_is_stopped_and_a_sound_one_cannot_be_rolled_back(project, cluster):
    said = project.passes("build", "deploy", "jobs", "verify", "shift")
    assert "Running upgrade  -> 0001" in said
    agents = f"{project.url()}/agents"
    assert requests.post(agents, json={"name": "Ada"}, timeout=10).status_code == 201
    first = project.split()

    project.migrates("nope")
    project.passes("build", "deploy")
    ran = project.run("jobs")

    assert ran.code == 30
    assert 'column "nope" of relation "agents" does not exist' in ran.output
    assert cluster.ask(COLUMNS) == ["id", "name"]
    assert cluster.ask("SELECT version_num FROM alembic_version") == ["0001"]
    assert project.split() == first
    assert [one["name"] for one in requests.get(agents, timeout=10).json()] == ["Ada"]

    project.migrates("email")
    said += project.passes("build", "deploy", "jobs", "verify", "shift")
    assert cluster.ask(COLUMNS) == ["email", "id", "name"]
    assert project.split() != first

    told = project.passes("rollback")
    assert "migrate changed what rolling back does not restore" in told
    assert project.split() == first
    assert [one["name"] for one in requests.get(agents, timeout=10).json()] == ["Ada"]
    assert PASSWORD not in said + ran.output + told
