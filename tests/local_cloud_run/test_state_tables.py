"""Each row of the state tables (API facts §16), and the rules around them (§1.2, §1.6, §3)."""

from __future__ import annotations

import pytest

from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.effects import (
    DropSite,
    RetireRevision,
)
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Site, StartFailure
from tests.local_cloud_run.model import FAILURE, KEY, LATEST, Model, pinned, spec, uri

ALL_LATEST = [{**LATEST, "percent": 100}]
PLACE = "projects/p/locations/us-central1/services/s"


def test_create_accepted() -> None:
    model = Model()
    operation = model.create(spec(revision="s-b"))
    shown = model.shown
    assert not operation.done
    assert shown["reconciling"] is True
    assert (shown["generation"], shown["observedGeneration"]) == ("1", "0")
    assert shown["latestCreatedRevision"] == f"{PLACE}/revisions/s-b"
    assert "latestReadyRevision" not in shown
    assert (shown["traffic"], shown["trafficStatuses"]) == (ALL_LATEST, [])
    assert "uri" not in shown
    assert shown["terminalCondition"]["state"] == "CONDITION_RECONCILING"
    assert model.started == ["s-b"]


def test_create_succeeds() -> None:
    model = Model()
    operation = model.create(spec(revision="s-b"))
    model.ready("s-b")
    shown, address = model.shown, uri(Site(KEY))
    assert shown["reconciling"] is False
    assert (shown["generation"], shown["observedGeneration"]) == ("1", "1")
    assert shown["latestReadyRevision"] == shown["latestCreatedRevision"]
    assert shown["traffic"] == ALL_LATEST
    assert shown["trafficStatuses"] == [{**LATEST, "percent": 100, "uri": address}]
    assert (shown["uri"], shown["urls"]) == (address, [address])
    assert shown["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    ended = model.operation(operation)
    assert (ended.done, ended.error, ended.result) == (True, None, model.service)


def test_create_fails_and_leaves_a_service_behind() -> None:
    model = Model()
    operation = model.create(spec(revision="s-b"))
    model.fail("s-b")
    shown = model.shown
    assert shown["reconciling"] is False
    assert shown["latestCreatedRevision"].endswith("/s-b")
    assert "latestReadyRevision" not in shown
    assert (shown["trafficStatuses"], shown.get("uri")) == ([], None)
    condition = shown["terminalCondition"]
    assert condition["state"] == "CONDITION_FAILED"
    assert condition["revisionReason"] == "HEALTH_CHECK_CONTAINER_ERROR"
    assert condition["message"] == FAILURE.message
    assert model.operation(operation).error == FAILURE
    with pytest.raises(ApiError) as refused:
        model.create()
    assert refused.value.code is Code.ALREADY_EXISTS
    model.update(spec("app:2", "s-c"))
    model.ready("s-c")
    assert model.split == [("s-c", 100, "")]


def test_update_accepted() -> None:
    model = Model().serving()
    operation = model.update(spec("app:2", "s-b"))
    assert not operation.done
    assert model.service.reconciling
    assert (model.service.generation, model.service.observed_generation) == (2, 1)
    assert (model.service.latest_created, model.service.latest_ready) == ("s-b", "s-a")
    assert model.split == [("s-a", 100, "")]


def test_update_succeeds() -> None:
    model = Model().serving()
    operation = model.update(spec("app:2", "s-b"))
    model.ready("s-b")
    assert (model.service.observed_generation, model.service.latest_ready) == (2, "s-b")
    assert model.split == [("s-b", 100, "")]
    assert model.shown["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert model.operation(operation).done


def test_update_fails_and_the_old_revision_goes_on() -> None:
    model = Model().serving()
    operation = model.update(spec("app:2", "s-b"))
    model.fail("s-b")
    assert (model.service.observed_generation, model.service.latest_ready) == (1, "s-a")
    assert model.service.latest_created == "s-b"
    assert model.shown["traffic"] == ALL_LATEST
    assert model.split == [("s-a", 100, "")]
    assert model.shown["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert model.operation(operation).error == FAILURE


def dark(model: Model) -> None:
    model.update(
        spec("app:2", "s-b", traffic=[pinned("s-a", 100), pinned("s-b", tag="c")]),
        "template",
        "traffic",
    )


def test_dark_update_succeeds() -> None:
    model = Model().serving()
    dark(model)
    assert model.split == [("s-a", 100, "")]
    model.ready("s-b")
    assert model.split == [("s-a", 100, ""), ("s-b", 0, "c")]
    assert model.service.latest_ready == "s-b"
    assert model.shown["trafficStatuses"][1]["uri"] == uri(Site(KEY, "c"))


def test_latest_does_not_move_to_a_dark_revision_before_its_split_is_applied() -> None:
    model = Model(instant=False)
    model.create(spec(revision="s-a"))
    model.ready("s-a")
    model.send(events.TrafficApplied(KEY, 1))
    dark(model)
    model.ready("s-b")
    assert model.split == [("s-a", 100, "")]


def test_dark_update_fails_and_stays_unready_until_the_dangling_tag_is_gone() -> None:
    model = Model().serving()
    dark(model)
    model.fail("s-b")
    assert model.split == [("s-a", 100, "")]
    assert model.service.latest_ready == "s-a"
    relabelled = model.update({"labels": {"x": "y"}}, "labels")
    assert relabelled.error is not None
    assert "Revision 's-b' is not ready and cannot serve traffic." in relabelled.error.message
    assert model.shown["terminalCondition"]["state"] == "CONDITION_FAILED"
    repaired = model.update({"traffic": [pinned("s-a", 100)]}, "traffic")
    assert (repaired.done, repaired.error) == (True, None)
    assert model.shown["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_a_template_repairs_it_too() -> None:
    model = Model().serving()
    dark(model)
    model.fail("s-b")
    model.update(spec("app:3", "s-c", traffic=[pinned("s-a", 100)]))
    model.ready("s-c")
    assert model.shown["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_traffic_only_update_makes_no_revision_and_is_done_at_once() -> None:
    model = Model().serving()
    dark(model)
    model.ready("s-b")
    split = [pinned("s-a", 90), pinned("s-b", 10)]
    operation = model.update({"traffic": split}, "traffic")
    assert operation.done
    assert model.split == [("s-a", 90, ""), ("s-b", 10, "")]
    assert model.started == ["s-a", "s-b"]
    assert DropSite(Site(KEY, "c")) in model.effects


def test_traffic_to_a_revision_that_does_not_exist() -> None:
    model = Model().serving()
    with pytest.raises(ApiError) as refused:
        model.update({"traffic": [pinned("s-x", 100)]}, "traffic")
    assert refused.value.message == (
        "Revision 's-x' does not exist or is deleted. Update all traffic to route to currently "
        "available revisions."
    )
    assert model.split == [("s-a", 100, "")]


def test_traffic_to_a_revision_that_failed() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"))
    model.fail("s-b")
    operation = model.update({"traffic": [pinned("s-b", 100)]}, "traffic")
    assert operation.error is not None
    assert model.split == [("s-a", 100, "")]


def test_traffic_update_while_another_revision_starts_does_not_wait_for_it() -> None:
    model = Model().serving()
    first = model.update(spec("app:2", "s-b"))
    second = model.update({"traffic": [pinned("s-a", 100)]}, "traffic")
    assert second.done
    assert model.service.reconciling
    model.ready("s-b")
    assert model.operation(first).done
    assert model.split == [("s-a", 100, "")]
    assert not model.service.reconciling


def test_traffic_update_to_a_revision_that_is_starting_waits_for_it() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"))
    second = model.update({"traffic": [pinned("s-b", 100)]}, "traffic")
    assert not second.done
    model.ready("s-b")
    assert model.operation(second).done
    assert model.split == [("s-b", 100, "")]


def test_a_late_revision_becomes_latest_ready_without_an_update() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"))
    model.update(spec("app:3", "s-c"))
    model.fail("s-c")
    assert model.split == [("s-a", 100, "")]
    model.ready("s-b")
    assert model.service.latest_ready == "s-b"
    assert model.split == [("s-b", 100, "")]


def test_an_older_revision_that_is_ready_later_does_not_take_over() -> None:
    model = Model().serving()
    model.update(spec("app:2", "s-b"))
    model.update(spec("app:3", "s-c"))
    model.ready("s-c")
    model.ready("s-b")
    assert model.service.latest_ready == "s-c"
    assert model.split == [("s-c", 100, "")]


def test_the_router_may_fail() -> None:
    model = Model(instant=False)
    operation = model.create(spec(revision="s-a"))
    model.ready("s-a")
    model.send(events.TrafficFailed(KEY, 1, StartFailure("no router")))
    ended = model.operation(operation).error
    assert ended is not None
    assert ended.message == "no router"
    assert model.split == []


def test_an_equal_template_makes_no_revision() -> None:
    model = Model().serving()
    assert model.update(spec(revision="s-a", labels={"a": "b"})).done
    assert model.update(spec()).done
    assert model.started == ["s-a"]
    assert model.service.generation == 3


def test_what_get_returned_can_be_sent_back() -> None:
    model = Model().serving()
    model.update(model.shown)
    assert model.started == ["s-a"]


def test_read_modify_write_with_the_old_revision_name_is_a_trap() -> None:
    model = Model().serving()
    changed = model.shown
    changed["template"]["containers"][0]["image"] = "app:2"
    with pytest.raises(ApiError) as refused:
        model.update(changed)
    assert refused.value.code is Code.ALREADY_EXISTS
    assert refused.value.message == (
        "Revision named 's-a' with different configuration already exists"
    )
    del changed["template"]["revision"]
    model.update(changed)
    assert len(model.started) == 2


def test_names_the_server_makes() -> None:
    model = Model()
    model.create()
    assert model.service.latest_created.startswith("s-00001-")
    assert len(model.service.latest_created) == len("s-00001-abc")


def test_a_mask_changes_only_what_it_names() -> None:
    model = Model()
    model.create(spec(labels={"a": "b"}, description="kept"))
    model.update(spec("app:2", labels={"c": "d"}), "template.containers", "labels")
    assert model.service.spec["description"] == "kept"
    assert model.service.spec["labels"] == {"c": "d"}


def test_a_nested_path_that_is_absent_is_reset() -> None:
    model = Model().serving()
    model.update(spec("app:2"), "template.revision", "template.containers")
    assert model.started[1].startswith("s-00002-")


def test_no_mask_resets_what_is_left_out() -> None:
    model = Model()
    model.create(spec(labels={"a": "b"}, description="gone"))
    model.update(spec())
    assert "description" not in model.service.spec
    assert "labels" not in model.service.spec


def test_validate_only_changes_nothing() -> None:
    model = Model()
    created = model.create(validate_only=True)
    assert (created.done, model.state.services, model.state.operations) == (True, {}, {})
    model.serving()
    before = model.state
    assert model.update(spec("app:2"), validate_only=True).done
    assert model.state == before


def test_allow_missing_creates() -> None:
    model = Model()
    with pytest.raises(ApiError) as refused:
        model.update(spec())
    assert refused.value.message == (
        "Resource 's' of kind 'SERVICE' in region 'us-central1' in project 'p' does not exist."
    )
    model.update(spec(), allow_missing=True)
    assert model.service.generation == 1


def test_deleting_a_service_ends_everything() -> None:
    model = Model().serving()
    pending = model.update(spec("app:2", "s-b"))
    deleted = model.send(events.DeleteService(KEY, model.nonce()))
    assert deleted is not None
    assert deleted.done
    assert model.state.services == {}
    assert model.operation(pending).error is not None
    assert RetireRevision(model.key("s-a")) in model.effects
    assert RetireRevision(model.key("s-b")) in model.effects
    assert DropSite(Site(KEY)) in model.effects
    model.ready("s-b")
    assert model.state.services == {}
