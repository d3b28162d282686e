"""Writes the page.

python -m tests.documents.local_reference > docs/local-cloud-run-reference.md
"""

from __future__ import annotations

import sys

from tests.documents.local_reference.page import page

sys.stdout.write(page())
