"""Image references, and what the engine's store says about them."""

from __future__ import annotations

import pytest

from pipeline.local_cloud_run.containers.images import Reference, on_loopback, parse, pinned

DIGEST = f"sha256:{'a' * 64}"
ID = f"sha256:{'b' * 64}"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("app", ("app", "", "")),
        ("app:1", ("app", "1", "")),
        (f"h:5/p/app@{DIGEST}", ("h:5/p/app", "", DIGEST)),
        (f"h:5/p/app:1@{DIGEST}", ("h:5/p/app", "1", DIGEST)),
        ("h:5/app", ("h:5/app", "", "")),
    ],
)
def test_a_reference_taken_apart(reference: str, parts: tuple[str, str, str]) -> None:
    assert parse(reference) == Reference(*parts)


@pytest.mark.parametrize("image", ["localhost:5000/a", "127.0.0.1:5000/a/b:1", "[::1]:80/a"])
def test_registries_on_this_machine(image: str) -> None:
    assert on_loopback(image)


@pytest.mark.parametrize(
    "image", ["a", "localhost", "127.0.0.1.example.com/a", "gcr.io/localhost/a", "localhostile/a"]
)
def test_registries_elsewhere(image: str) -> None:
    assert not on_loopback(image)


def test_the_digest_of_the_same_name_wins_over_the_image_id() -> None:
    image = {"Id": ID, "RepoDigests": [f"other@{ID}", f"h:5/app@{DIGEST}"]}
    assert pinned("h:5/app:1", image) == f"h:5/app@{DIGEST}"
    assert pinned("elsewhere/app:1", image) == f"elsewhere/app@{ID}"
    assert pinned(f"app:1@{DIGEST}", image) == f"app@{DIGEST}"


def test_podman_writes_ids_without_their_algorithm() -> None:
    assert pinned("app", {"Id": "b" * 64, "RepoDigests": None}) == f"app@{ID}"
