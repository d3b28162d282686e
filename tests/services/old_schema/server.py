"""V07: new code meets the old schema of the database: 30 minutes of errors.

The migration had run on the database of the tests, and nowhere else.
"""

import json
import os
import signal
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import schema

REVISION = os.environ.get("K_REVISION", "none")
DATABASE = schema.connected(os.environ.get("DATABASE", "production"))
LOCK = threading.Lock()


def agents():
    with LOCK:
        return DATABASE.execute("SELECT id, name, plan FROM agents").fetchall()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            found = agents()
        except sqlite3.Error as error:
            print(f"sqlite3.{type(error).__name__}: {error}", flush=True)
            self.answer(500, {"status": "unhealthy", "services": {"database": False}})
            return
        if self.path == "/health":
            self.answer(200, {"status": "healthy", "services": {"database": True}})
        else:
            self.answer(200, {"revision": REVISION, "agents": len(found)})

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
