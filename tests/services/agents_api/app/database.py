"""One small interface over PostgreSQL (``DATABASE_URL``) and an embedded SQLite file."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

TIMEOUT = 2  # seconds: to connect, and for each statement

SCHEMA = (  # of SQLite; that of PostgreSQL is in migrations/, and a job brings it up to date
    "CREATE TABLE IF NOT EXISTS agents (id TEXT PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, kind TEXT NOT NULL,"
    " agent_id TEXT NOT NULL REFERENCES agents (id))",
    "CREATE TABLE IF NOT EXISTS summaries (events INTEGER NOT NULL,"
    " agent_id TEXT PRIMARY KEY REFERENCES agents (id))",
)

ERRORS = (psycopg.Error, sqlite3.Error)


class SQLite:
    def __init__(self, path=None):
        self.path = path or Path(tempfile.gettempdir(), "agents.db")
        self.name = f"SQLite {self.path}"

    def run(self, *statements):
        """Run ``(sql, *values)`` tuples in one transaction; return the rows of the last."""
        with closing(sqlite3.connect(self.path, timeout=TIMEOUT)) as connection, connection:
            for sql, *values in statements:
                rows = connection.execute(sql, values).fetchall()
        return rows

    def prepare(self):
        self.run(*((sql,) for sql in SCHEMA))


class PostgreSQL:
    def __init__(self, url):
        self.url = url
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its text may hold the password
            raise SystemExit("DATABASE_URL is not a postgresql:// address") from None
        # Built from parts, so that the password is never among them.
        self.name = "PostgreSQL {host}:{port}/{dbname}".format_map(
            {"host": "localhost", "port": 5432, "dbname": "", **parts}
        )

    def connect(self, options=""):
        return psycopg.connect(self.url, connect_timeout=TIMEOUT, options=options)

    def run(self, *statements):
        with self.connect(f"-c statement_timeout={TIMEOUT}s") as connection:
            for sql, *values in statements:
                cursor = connection.execute(sql.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    def prepare(self):
        """Raise an error while the schema is not there."""
        self.run(("SELECT 1 FROM agents, events, summaries LIMIT 1",))


def open_database(url):
    """The database that ``url`` names; without one, a file that ends with this instance."""
    return PostgreSQL(url) if url else SQLite()
