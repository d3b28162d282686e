"""The job: add a column. A database in memory, with a row, stands in for that of production."""

import sqlite3

database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE agents (id TEXT NOT NULL, name TEXT NOT NULL)")
database.execute("INSERT INTO agents VALUES ('1', 'Ada')")
print("migrating agents: plan", flush=True)
database.execute("ALTER TABLE agents ADD COLUMN plan TEXT NOT NULL")
print("migrated", flush=True)
