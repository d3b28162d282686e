"""The exchanges of gcloud with the local Cloud Run, sent again where there is no gcloud (§13.3)."""

from __future__ import annotations

import json

import pytest

from tests.local_cloud_run.conftest import CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.recording import FOLDER
from tests.local_cloud_run.replaying import replay
from tests.local_cloud_run.services import ALL_ROUND, CRASHES, JOB
from tests.local_cloud_run.stories import STORIES

SOURCES = {"all-round": ALL_ROUND, "crashes": CRASHES, "job": JOB}


@pytest.mark.parametrize("story", STORIES)
def test_a_recording(cloud_run: CloudRun, story: str) -> None:
    text = (FOLDER / f"{story}.json").read_text()
    images = {
        name: image(name, source) for name, source in SOURCES.items() if f"{{image-{name}}}" in text
    }
    replay(json.loads(text), cloud_run.address, images)
