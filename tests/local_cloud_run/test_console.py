"""What a person sees on the console, in a real browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
import requests
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import run_v2

from pipeline.local_cloud_run.server import Options
from tests.local_cloud_run.browser import Browser, browser
from tests.local_cloud_run.conftest import CloudRun, running
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.services import ALL_ROUND, CRASHES

BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b[0m \x00 \u202e ends"
)
SAID = ("Runtime.exceptionThrown", "Page.javascriptDialogOpening", "Log.entryAdded")
WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

pytestmark = pytest.mark.xdist_group("console")


def give(cloud_run: CloudRun, percents: list[int]) -> run_v2.Service:
    """Traffic for the revisions, the oldest first; the newest has a tag."""
    service = cloud_run.get("shop")
    held = cloud_run.revisions.list_revisions(parent=service.name)
    names = sorted(each.name.rpartition("/")[2] for each in held)
    service.traffic = [
        run_v2.TrafficTarget(type_=BY_NAME, revision=name, percent=percent, tag=tag)
        for name, percent, tag in zip(names, percents, ("", "candidate"), strict=True)
    ]
    return cloud_run.update(service, "traffic")


@pytest.fixture(scope="module")
def busy() -> Iterator[CloudRun]:
    """A split with users on it, a revision that failed, and a log that means harm."""
    secrets = {"password": "open sesame"}
    with running(Options(engine=engine(), startup_limit=4.0, secrets=secrets)) as address:
        cloud_run = CloudRun(address)
        shop = cloud_run.create("shop", image("all-round", ALL_ROUND))
        shop.template.labels = {"second": "yes"}
        cloud_run.update(shop)
        statuses = give(cloud_run, [90, 10]).traffic_statuses
        (candidate,) = (each.uri for each in statuses if each.tag)  # no chance in who answers
        front = cloud_run.create("web-front", image("all-round", ALL_ROUND))
        front.template.containers[0].image = image("crashes", CRASHES)
        with pytest.raises(Exception, match="failed to start"):
            cloud_run.update(front)
        for text in (HOSTILE, "open sesame", "y" * 300_000):
            said = base64.b64encode(text.encode()).decode()
            requests.get(f"{candidate}/say?{said}", timeout=10)
        for _ in range(3):
            requests.get(f"{candidate}/status?503", timeout=10)
        yield cloud_run


@pytest.fixture(scope="module")
def page(busy: CloudRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        opened.open(f"http://{busy.address}/")
        opened.until("document.querySelectorAll('.service').length === 2")
        yield opened


def test_the_split_the_candidate_and_what_failed_are_seen(page: Browser) -> None:
    shop, front = page.text(".service"), page.text(".service:nth-child(2)")
    assert "90% of traffic" in shop
    assert "10% of traffic" in shop
    assert "#candidate" in shop
    assert "503 \N{MULTIPLICATION SIGN}3" in shop.replace("\n", " ")
    assert "last change failed" in front
    assert front.count("failed to start and listen") == 1
    assert "console.cloud.google.com" not in front
    label = page.value("document.querySelector('.in-force .bar').getAttribute('aria-label')")
    assert "90% to shop-" in str(label)


def test_what_a_container_writes_is_only_text(page: Browser, busy: CloudRun) -> None:
    logs = page.text("#logs")
    assert "<script>alert(1)</script>" in logs
    assert "open sesame" not in logs
    assert not {"\x1b", "\x00", "\u202e"} & set(logs)
    assert page.value("document.querySelectorAll('#logs script, #logs img').length") == 0
    assert [one for one in page.events if one.get("method") in SAID] == []


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_nothing_is_wider_than_the_screen(page: Browser, width: int) -> None:
    page.resize(width)
    assert page.until(f"innerWidth === {width}")
    assert page.value(WIDTH) == 0


def test_light_and_dark(page: Browser) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page.prefer(prefers_color_scheme=scheme)
        colours.append(page.value("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_traffic_that_moves_and_faults_are_seen_without_a_reload(
    page: Browser, busy: CloudRun
) -> None:
    page.value("window.same = true")
    give(busy, [40, 60])
    page.until("document.querySelector('.service').innerText.includes('60% of traffic')")
    busy.call("PUT", "/local/faults", json={"faults": {"log-lag": 1}})
    page.until("document.querySelector('#faults').innerText.includes('log-lag 1')")
    busy.call("DELETE", "/local/faults")
    page.until("document.querySelector('#faults').hidden")
    assert page.value("window.same") is True


def test_a_traffic_update_that_failed_says_why(page: Browser, busy: CloudRun) -> None:
    """Beside a newest revision that failed, for a reason of its own."""
    front = busy.get("web-front")
    stable = front.latest_ready_revision.rpartition("/")[2]
    front.traffic = [run_v2.TrafficTarget(type_=BY_NAME, revision=stable, percent=100)]
    busy.call("PUT", "/local/faults", json={"faults": {"traffic": 1}})
    with pytest.raises(GoogleAPICallError) as raised:
        busy.update(front, "traffic")
    busy.call("DELETE", "/local/faults")
    said = json.dumps(raised.value.message.partition("\n")[0])
    page.until(
        f"document.querySelector('.service:nth-child(2) > .why').textContent.includes({said})"
    )


def test_another_sites_page_is_refused_and_ours_cannot_be_framed(busy: CloudRun) -> None:
    for path in ("/", "/console/snapshot", "/console/console.js"):
        assert busy.call("GET", path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert busy.call("GET", path, headers={"Host": "rebound.example"}).status_code == 403
    headers = busy.call("GET", "/").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "severity=LOUD", f"after={'9' * 40}"])
def test_what_it_cannot_understand_is_refused(busy: CloudRun, query: str) -> None:
    assert busy.call("GET", f"/console/snapshot?{query}").status_code == 400
