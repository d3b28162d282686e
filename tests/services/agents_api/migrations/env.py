"""What ``alembic upgrade head`` does: all migrations that are missing, in one transaction."""

import logging
import os
import sys

from alembic import context
from app.database import open_database
from sqlalchemy import create_engine, exc, text

logging.basicConfig(stream=sys.stdout, level="INFO", format="%(levelname)s: %(message)s")

LOCK = "SELECT pg_advisory_xact_lock(7315)"  # a second run waits, and finds nothing to do


def migrate(database):
    logging.info("Migrating %s", database.name)
    # The driver connects by itself: no address with a password in it goes through SQLAlchemy.
    engine = create_engine("postgresql+psycopg://", creator=database.connect)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            connection.execute(text(LOCK))
            context.run_migrations()
    logging.info("Migrated %s", database.name)


def main(url):
    if not url:
        logging.info("Nothing to migrate: each instance has a SQLite of its own")
        return
    try:
        migrate(open_database(url))
    except exc.DBAPIError as error:
        logging.error("MIGRATION_FAILURE %s: %s", type(error.orig).__name__, error.orig)
        sys.exit(1)


main(os.environ.get("DATABASE_URL"))
