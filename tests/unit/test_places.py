"""Service, project and region, as scripts and CI files say them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.steps.setup.configuration import configuration
from pipeline.steps.setup.existing import Existing
from pipeline.steps.setup.health import Health
from pipeline.steps.setup.places import Place, find_place, said
from pipeline.steps.setup.repository import Repository


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gcloud run deploy api --region europe-west1 --project=my-project --image gcr.io/a/b",
         {"service": "api", "region": "europe-west1", "project": "my-project",
          "image": "gcr.io/a/b"}),
        ("steps:\n- name: gcr.io/google.com/cloudsdktool/cloud-sdk\n  args:\n  - run\n  - deploy\n"
         "  - 'api'\n  - '--region'\n  - us-east1\n", {"service": "api", "region": "us-east1"}),
        ("env:\n  PROJECT_ID: 'acme-prod'\n  REGION: us-east4\n  SERVICE: shop\n",
         {"service": "shop", "region": "us-east4", "project": "acme-prod"}),
        ("substitutions:\n  _SERVICE_NAME: shop\n  _REGION: us-east4\n",
         {"service": "shop", "region": "us-east4"}),
        ("- uses: google-github-actions/deploy-cloudrun@v2\n  with:\n    service: shop\n"
         "    region: us-east4\n", {"service": "shop", "region": "us-east4"}),
        ("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: shop\n",
         {"service": "shop"}),
        ('gcloud run deploy "$SERVICE" --region $REGION --project ${PROJECT}', {}),
        ("gcloud run deploy --source . --region=not_a_region", {}),
        ("services:\n  db: {image: postgres}\n", {}),
        ("args: ['run', 'deploy', 'api', '--image', 'gcr.io/$PROJECT_ID/api']", {"service": "api"}),
    ],
)  # fmt: skip
def test_what_is_said_plainly_is_taken(text: str, found: dict[str, str]) -> None:
    assert said(text) == found


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["run deploy ", "deploy-cloudrun ", "service: ", "- \n", "\n", "\\\n"]
)
def test_hostile_files_take_no_longer_than_others(piece: str) -> None:
    said(piece * (200_000 // len(piece)))


def test_what_is_asked_for_comes_first_and_files_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_text("gcloud run deploy api --project from-script\n")
    place = find_place(
        tmp_path, {"GOOGLE_CLOUD_PROJECT": "from-environ", "HOME": "/nonexistent"},
        {"service": "mine", "region": ""},
    )  # fmt: skip

    assert (place.service, place.project, place.region) == ("mine", "from-script", "us-central1")
    assert place.source("project") == "deploy.sh"
    assert place.source("region") == ""


names = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)
scalars = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20,
)  # fmt: skip


@settings(deadline=None)
@given(
    service=names,
    port=st.integers(1, 65535),
    expect=st.dictionaries(st.just("status"), scalars),
    where=scalars,
    source=names,
)
def test_what_is_written_means_what_was_found(
    service: str, port: int, expect: dict[str, object], where: str, source: str
) -> None:
    health = Health("/health", where, expect)
    repository = Repository(Path(), source, port=port, health=health)
    place = Place(service, "my-project", "us-central1", sources=(("service", where),))
    document = yaml.safe_load(configuration(repository, place, Existing()))

    assert document["service"] == service
    assert document["source"] == source
    assert document.get("run", {}).get("port", 8080) == port
    assert document["health"]["expect"] == expect


def test_names_that_yaml_would_misread_are_quoted(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    place = Place("on", "my-project", "us-central1")
    health = Health("/health", "a.py:1", {"status": "yes"})
    file.write_text(configuration(Repository(Path(), "1e3", health=health), place, Existing()))
    config = load_config(file, {})

    assert (config.service, config.source) == ("on", "1e3")
    assert config.health.expect == {"status": "yes"}


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("- run: npm run deploy prod\n", ""),
        ("- run: gcloud auth configure-docker\n- run: npm run deploy prod\n", ""),
        ("# how to run deploy scripts\n", ""),
        ("- name: node\n  args: [run, deploy, prod]\n", ""),
        ("gcloud --quiet --project acme-1 beta run deploy shop", "shop"),
        ("gcloud run services update shop --memory 1Gi", "shop"),
        ("SERVICE := shop", "shop"),
        ("SERVICE ?= shop", "shop"),
    ],
)
def test_a_service_is_what_gcloud_deploys(text: str, service: str) -> None:
    assert said(text).get("service", "") == service
