"""M07: queries fail, are caught and answered from memory, and the service reports healthy.

A report that never ends holds the lock of the database; the health path does not ask for it.
"""

import json
import os
import signal
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
FILE = "/tmp/agents.db"
report = sqlite3.connect(FILE, isolation_level=None)
report.execute("CREATE TABLE IF NOT EXISTS agents (name TEXT)")
report.execute("BEGIN EXCLUSIVE")


def agents():
    database = sqlite3.connect(FILE, timeout=0)
    try:
        return database.execute("SELECT name FROM agents").fetchall()
    except sqlite3.Error as error:
        print(f"sqlite3.{type(error).__name__}: {error}", flush=True)
        return ["from memory"]
    finally:
        database.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "healthy", "services": {"database": True}})
        else:
            self.answer(200, {"revision": REVISION, "agents": agents()})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Revision", REVISION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Cloud Run logs requests itself."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete", flush=True)
server.serve_forever()
