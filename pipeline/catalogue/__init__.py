"""The catalogue of known failures: how each shows, why it happens, and what to change."""

from pipeline.catalogue.entry import Entry, own_entries, read_entries, users_entries
from pipeline.catalogue.matching import Symptoms, recognise
from pipeline.catalogue.symptoms import (
    Clean,
    of_error,
    of_log,
    of_seen,
    own_words,
    shows_anything,
)

__all__ = [
    "Clean",
    "Entry",
    "Symptoms",
    "of_error",
    "of_log",
    "of_seen",
    "own_entries",
    "own_words",
    "read_entries",
    "recognise",
    "shows_anything",
    "users_entries",
]
