"""The real gcloud for services: the hand procedure of a deployment (API facts §3.3, §13.3)."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from tests.local_cloud_run.gcloud import INSTALLED, Gcloud
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND, CRASHES

pytestmark = INSTALLED
SERVICE = "by-hand"


def run(gcloud: Gcloud, words: str, code: int = 0) -> str:
    """What a command of ``gcloud run`` says, on both streams."""
    said = gcloud("run", *words.split())
    assert said.code == code, said.errors
    return said.output + said.errors


def good() -> str:
    return f"--image={image('all-round', ALL_ROUND)}"


def seen(url: str) -> dict:
    return requests.get(url, timeout=10).json()["env"]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def test_a_deployment_by_hand(gcloud: Gcloud, tmp_path: Path) -> None:
    said = run(gcloud, f"deploy {SERVICE} {good()} --allow-unauthenticated")
    for stage in ("Setting IAM Policy", "Creating Revision", "Routing traffic"):
        assert re.search(rf"{stage}\.+done", said)
    old = found(r"revision \[(\S+)\] has been deployed and is serving 100 percent of traffic", said)
    url = found(r"Service URL: (\S+)", said)

    said = run(
        gcloud,
        f"deploy {SERVICE} {good()} --no-traffic --tag=candidate --set-env-vars=A=1 --port=8080 "
        "--update-secrets=PASSWORD=password:latest --memory=256Mi --labels=team=a",
    )
    new = found(r"revision \[(\S+)\] has been deployed and is serving 0 percent of traffic", said)
    dark = seen(found(r"The revision can be reached directly at (\S+)", said))
    assert (dark["K_REVISION"], dark["A"], dark["PASSWORD"]) == (new, "1", "open sesame")
    assert seen(url)["K_REVISION"] == old

    said = run(gcloud, f"services update-traffic {SERVICE} --to-tags=candidate=100")
    assert f"100% {new}\n" in said
    assert seen(url)["K_REVISION"] == new
    fields = "metadata.name,status.conditions[0].status,metadata.labels.team"
    listed = run(gcloud, f"revisions list --service={SERVICE} --format=csv[no-heading]({fields})")
    assert listed.splitlines() == [f"{new},True,a", f"{old},True,"]

    run(gcloud, f"services update-traffic {SERVICE} --remove-tags=candidate --to-latest")
    exported = run(gcloud, f"services describe {SERVICE} --format=export")
    assert "name: PASSWORD" in exported
    file = tmp_path / "service.yaml"
    file.write_text(
        exported.replace(f"name: {new}", f"name: {SERVICE}-replaced").replace("'1'", "'2'")
    )
    assert "has been validated" in run(gcloud, f"services replace {file} --dry-run")
    run(gcloud, f"services replace {file}")
    assert (seen(url)["K_REVISION"], seen(url)["A"]) == (f"{SERVICE}-replaced", "2")

    run(gcloud, f"revisions delete {old}")
    said = run(gcloud, f"revisions delete {SERVICE}-replaced", code=1)
    assert "cannot be directly deleted because it is actively serving" in said
    run(gcloud, f"services delete {SERVICE}")


def test_a_deployment_that_fails(gcloud: Gcloud) -> None:
    said = run(
        gcloud,
        f"deploy fails --image={image('crashes', CRASHES)} --no-allow-unauthenticated",
        code=1,
    )
    assert re.search(r"Creating Revision\.+failed", said)
    assert "Deployment failed" in said
    text = "The user-provided container failed to start and listen on the port defined provided by"
    assert f"(gcloud.run.deploy) {text}" in said
    said = run(gcloud, f"deploy fails {good()} --set-env-vars=PORT=1", code=1)
    assert "containers[0].env: The following reserved env names were provided: PORT." in said
    status = "value(status.conditions[0].reason)"
    shown = run(gcloud, f"services describe fails --format={status}")
    assert shown.strip() == "HealthCheckContainerError"
    assert "Cannot find service [nothing]" in run(gcloud, "services describe nothing", code=1)
