"""The page of the catalogue is current and names every entry."""

from __future__ import annotations

import re

from pipeline.catalogue import own_entries
from tests.documents.catalogue import page
from tests.documents.exit_codes import ROOT


def test_the_page_is_current() -> None:
    """If not: python -m tests.documents.catalogue > docs/catalogue.md"""
    assert (ROOT / "docs/catalogue.md").read_text("utf-8") == page(own_entries())


def test_every_entry_is_on_the_page() -> None:
    named = re.findall(r"^### (\w+): ", page(own_entries()), re.M)

    assert sorted(named) == sorted(entry.id for entry in own_entries())
