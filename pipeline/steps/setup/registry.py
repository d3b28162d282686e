"""Which repository of Artifact Registry an image's name means."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A project of an organisation's own domain is two segments here: example.com/my-project.
_PROJECT = r"(?:[a-z0-9-]+\.[a-z0-9.-]+/)?[^/]+"
_IMAGE = re.compile(rf"([a-z0-9-]+)-docker\.pkg\.dev/({_PROJECT})/([^/]+)/.+")


@dataclass(frozen=True)
class Registry:
    location: str
    project: str
    repository: str

    @property
    def name(self) -> str:
        """As the API has it: projects/P/locations/L/repositories/R."""
        return f"projects/{self.project}/locations/{self.location}/repositories/{self.repository}"


def registry_of(image: str) -> Registry | None:
    """None for an image that is kept elsewhere."""
    found = _IMAGE.fullmatch(image)
    return Registry(found[1], found[2].replace("/", ":"), found[3]) if found else None
