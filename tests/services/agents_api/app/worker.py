"""The background worker: counts each agent's events, about once a second."""

import asyncio
import logging

PERIOD = 1.0  # seconds

AGGREGATE = """
INSERT INTO summaries (agent_id, events)
SELECT agent_id, COUNT(*) FROM events WHERE true GROUP BY agent_id
ON CONFLICT (agent_id) DO UPDATE SET events = excluded.events
"""


class Worker:
    """``error`` is what the last round died of, or empty."""

    def __init__(self, database):
        self.database = database
        self.error = "not started"
        self._prepared = False

    def round(self):
        try:
            if not self._prepared:
                self.database.prepare()
                self._prepared = True
                logging.info("Database connected: %s", self.database.name)
            self.database.run((AGGREGATE,))
            self.error = ""
        except Exception as error:
            self.error = type(error).__name__
            logging.error("BACKGROUND_TASK_FAILURE aggregator: %s: %s", self.error, error)

    async def run(self):
        while True:
            await asyncio.sleep(PERIOD)
            await asyncio.to_thread(self.round)
