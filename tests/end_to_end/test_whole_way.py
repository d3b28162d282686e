"""From a Dockerfile to traffic, with the sessions a person types."""

from __future__ import annotations

import requests

from tests.end_to_end.conftest import until


def test_nox_deploy_is_the_whole_way_and_the_first_release_opens_only_after_verify(project):
    ran = project.nox("-s", "deploy")

    assert ran.code == 0, ran.output
    sessions = ["lint", "build", "smoke", "deploy", "jobs", "verify", "shift"]
    assert [one for one in sessions if f"* {one}: success" in ran.output] == sessions
    assert ran.output.index("verified;") < ran.output.index("opened to everybody")
    assert requests.get(f"{project.url()}/health", timeout=5).status_code == 200


def test_a_first_revision_is_private_until_it_is_verified(project):
    project.passes("build", "deploy")

    assert requests.get(project.url(), timeout=5).status_code == 403

    project.passes("verify", "shift")
    assert requests.get(project.url(), timeout=5).status_code == 200


def test_a_second_release_gets_no_request_before_it_is_verified_and_shifted(project):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()

    project.passes("deploy", "verify")
    assert project.split() == {first: 100}

    project.passes("shift")
    (second,) = project.split()
    assert second != first
    assert requests.get(project.url(), timeout=5).json()["revision"] == second


def test_the_tag_is_gone_after_the_shift(project):
    project.passes("build", "deploy", "verify", "shift", "deploy")
    assert [one["tag"] for one in project.observed()["traffic"] if one.get("tag")]

    project.passes("verify", "shift")

    assert not [one["tag"] for one in project.observed()["traffic"] if one.get("tag")]


def test_hold_stops_with_the_candidate_verified_and_shift_finishes_it_from_elsewhere(
    project, tmp_path
):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()

    project.passes("deploy --hold", "verify --hold")
    project.folder = tmp_path / "elsewhere"
    project.folder.mkdir()
    assert project.split() == {first: 100}
    project.passes("shift")

    assert first not in project.split()


def test_an_image_already_built_for_this_source_is_found_again(project):
    project.passes("build")

    assert "already built for this source" in project.passes("build")


def test_rollback_goes_to_the_last_verified_revision_and_proves_it(project):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()
    project.passes("deploy", "verify", "shift")

    said = project.passes("rollback")

    assert project.split() == {first: 100}
    assert f"{first} answered, says the request log" in said
    assert requests.get(project.url(), timeout=5).json()["revision"] == first


def test_rollback_goes_to_a_named_revision(project):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()
    project.passes("deploy", "verify", "shift", "deploy", "verify", "shift")

    project.passes(f"rollback --to {first}")

    assert project.split() == {first: 100}


def test_status_says_what_serves_and_what_a_rollback_would_do(project):
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()
    project.passes("deploy", "verify", "shift", "deploy --hold")
    (second,) = project.split()

    said = project.passes("status")

    assert f"100 %  {second}" in said
    assert "not judged yet" in said
    assert f"would go back to {first}" in said


def test_a_setting_that_pipeline_yaml_does_not_name_is_left_alone(project):
    project.passes("build", "deploy", "verify", "shift")
    service = project.observed()
    service["template"].pop("revision", None)
    service["template"]["containers"][0]["env"] = [{"name": "MINE", "value": "1"}]
    service["template"]["maxInstanceRequestConcurrency"] = 7
    address = f"{project.api}/services/{project.service}?updateMask=template"
    assert requests.patch(address, json=service, timeout=20).status_code == 200
    until(lambda: not project.observed().get("reconciling"))

    project.passes("deploy", "verify", "shift")

    template = project.observed()["template"]
    assert {"name": "MINE", "value": "1"} in template["containers"][0]["env"]
    assert template["maxInstanceRequestConcurrency"] == 7
