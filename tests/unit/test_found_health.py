"""Where a service says how it is, found in its sources."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.faults import RuleError
from pipeline.config.texts import health_path
from pipeline.steps.setup.health import find_health, is_source


@pytest.mark.parametrize(
    ("text", "path", "expect"),
    [
        ('@app.get("/health")\ndef h():\n    return {"status": "healthy"}\n', "/health",
         {"status": "healthy"}),
        ("app.get('/api/health', (q, s) => s.json({ status: 'ok', services: all() }))",
         "/api/health", {"status": "ok", "services.*": True}),
        ("router.get(`/ping`, (q, s) => s.json({ ok: true }))", "/ping", {"ok": True}),
        ('mux.HandleFunc("/health", func(w, r) { w.Write([]byte("fine")) })', "/health", {}),
        ('urlpatterns = [path("health/", views.health)]', "/health/", {}),
        ('fetch("/status")\napp.get("/health", h)', "/health", {}),
        ('fetch(host + "/health")\napp.get("/ready", h)', "/ready", {}),
        ('app.get("/healthz", h)\napp.get("/up", h)', "/up", {}),
    ],
)  # fmt: skip
def test_the_path_and_what_it_answers(text: str, path: str, expect: dict[str, object]) -> None:
    health = find_health([("app.py", text)])

    assert health is not None
    assert (health.path, health.expect) == (path, expect)
    assert health.where.startswith("app.py:")


def test_a_path_that_cloud_run_keeps_is_said_to_be_its_own() -> None:
    health = find_health([("app.go", 'mux.Handle("/healthz", h)')])

    assert health is not None
    assert health.is_reserved


def test_nothing_is_made_up() -> None:
    assert find_health([("app.py", '@app.get("/items")\n"health is fine"')]) is None


def test_tests_and_what_others_wrote_are_no_sources() -> None:
    assert is_source("src/server.ts")
    for path in ("tests/a.py", "a/node_modules/b/c.js", "x_test.go", "README.md", "test_app.py"):
        assert not is_source(path)


@settings(deadline=None)
@given(st.text(alphabet="app.get(/healthz'\"\n {}:statuok,", max_size=300))
def test_what_is_found_is_a_path_that_can_be_configured(text: str) -> None:
    health = find_health([("a.js", text)])
    if health is not None and not health.is_reserved:
        assert health_path(health.path) == health.path
    if health is not None and health.is_reserved:
        with pytest.raises(RuleError):
            health_path(health.path.rstrip("/"))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ['"/a', "/a-", 'path("health', "status: ", "'/health' "])
def test_hostile_sources_take_no_longer_than_others(piece: str) -> None:
    find_health([("a.js", piece * 60_000)])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("app/api/health/route.ts", "/api/health"),
        ("src/app/ready/route.js", "/ready"),
        ("pages/api/status.ts", "/api/status"),
        ("app/api/users/route.ts", ""),
        ("lib/health.ts", ""),
    ],
)
def test_a_file_of_next_js_is_a_route(name: str, path: str) -> None:
    found = find_health([(name, 'return Response.json({ status: "ok" })')])

    assert (found.path if found else "") == path
    assert not found or found.expect == {"status": "ok"}


def test_a_pattern_of_go_may_begin_with_the_method() -> None:
    found = find_health([("main.go", 'mux.HandleFunc("GET /health", health)\n')])

    assert found is not None
    assert found.path == "/health"
