"""Run by the build: every setting has a value."""

import sys

SETTINGS = {"region": "", "language": "en"}

for name, value in SETTINGS.items():
    if not value:
        print(f"check: {name} has no value", file=sys.stderr)
        sys.exit(3)
