"""The schema, and what changes it. A database in memory stands in for the real one."""

import sqlite3

TABLE = "CREATE TABLE agents (id TEXT NOT NULL, name TEXT NOT NULL)"
MIGRATION = "ALTER TABLE agents ADD COLUMN plan TEXT NOT NULL DEFAULT 'free'"


def connected(name):
    """The database as it is: that of the tests has been migrated, the other has not."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute(TABLE)
    if name == "test":
        database.execute(MIGRATION)
    return database
