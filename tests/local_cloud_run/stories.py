"""What a person does with gcloud, to be recorded; each in a project of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

from tests.local_cloud_run.gcloud import Gcloud
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND, CRASHES, JOB

_SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
  annotations: {{run.googleapis.com/ingress: all}}
spec:
  template:
    metadata: {{name: shop-fourth}}
    spec:
      containerConcurrency: 10
      timeoutSeconds: 60
      containers:
      - image: {image}
        resources: {{limits: {{cpu: '1', memory: 256Mi}}}}
        env: [{{name: A, value: '4'}}]
"""


def services(gcloud: Gcloud) -> None:
    """The hand procedure of a deployment: dark, looked at, shifted, undone."""
    good = f"--image={image('all-round', ALL_ROUND)}"

    def run(words: str, code: int = 0) -> str:
        said = gcloud("run", *words.split(), "--project=services")
        assert said.code == code, f"{words}: {said.errors}"
        return said.output

    run(f"deploy shop {good} --allow-unauthenticated")
    first = run("revisions list --service=shop --format=value(name)").strip()
    run(f"deploy shop {good} --no-traffic --tag=candidate --set-env-vars=A=1 --port=8080 "
        "--update-secrets=PASSWORD=password:latest --memory=256Mi --min-instances=0 "
        "--labels=team=a")  # fmt: skip
    run("services describe shop")
    run("services update-traffic shop --to-tags=candidate=50")
    run("services update-traffic shop --to-latest")
    run("services update-traffic shop --remove-tags=candidate")
    run("services update shop --update-env-vars=A=2 --revision-suffix=third")
    run(f"revisions describe {first}")
    run(f"revisions delete {first}")
    run("revisions delete shop-third", code=1)
    run(f"deploy shop --image={image('crashes', CRASHES)}", code=1)
    run(f"deploy shop {good} --set-env-vars=PORT=1", code=1)
    run("services list")
    run("services list --region=us-central1")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(_SERVICE.format(image=image("all-round", ALL_ROUND)))
        file.flush()
        run(f"services replace {file.name} --dry-run")
        run(f"services replace {file.name}")
    run("services get-iam-policy shop")
    run("services add-iam-policy-binding shop --member=user:a@example.com --role=roles/run.invoker")
    run("routes list")
    run("configurations describe shop")
    run("services delete shop")
    run("services describe shop", code=1)


def jobs(gcloud: Gcloud) -> None:
    """A migration: made, run, tried with other arguments, called off."""

    def run(words: str, code: int = 0) -> str:
        said = gcloud("run", "jobs", *words.split(), "--project=jobs")
        assert said.code == code, f"{words}: {said.errors}"
        return said.output.strip()

    run(f"create move --image={image('job', JOB)} --command=python3 --args=/main.py,exit,0 "
        "--tasks=2 --max-retries=0 --set-env-vars=A=1 --set-secrets=B=password:latest "
        "--task-timeout=5m --labels=team=a")  # fmt: skip
    first = run("execute move --wait --format=value(metadata.name)")
    run(f"executions tasks list --execution={first}")
    run(f"executions describe {first}")
    run("execute move --tasks=1 --update-env-vars=A=2 --args=/main.py,exit,3 --wait", code=1)
    run("update move --update-env-vars=A=3 --parallelism=1")
    last = run("execute move --args=/main.py,sleep,60 --format=value(metadata.name)")
    run(f"executions cancel {last}")
    run("executions list --job=move")
    run(f"executions delete {first}")
    run(f"executions describe {first}", code=1)
    run("describe move")
    run("list")
    run("create lost --image=not/there", code=1)
    run("execute lost", code=1)
    run("add-iam-policy-binding move --member=user:a@example.com --role=roles/run.invoker")
    run("delete move")
    run("describe move", code=1)


STORIES: dict[str, Callable[[Gcloud], None]] = {"services": services, "jobs": jobs}
