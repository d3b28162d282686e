"""The CI files, executed."""
