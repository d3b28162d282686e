"""K03: the engine of the database client was left behind in the builder.

The process starts and listens; the first question to the database ends without an engine.
"""

import json
import os
import pathlib
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
ENGINE = "query-engine-debian-openssl-3.0.x"
PLACES = [pathlib.Path("/app"), pathlib.Path.home() / ".cache" / "engines"]


class BinaryNotFoundError(Exception):
    pass


def connect():
    looked_at = [place / ENGINE for place in PLACES]
    if not any(path.exists() for path in looked_at):
        places = " or ".join(map(str, looked_at))
        raise BinaryNotFoundError(f"Expected {places} but neither were found")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(*self.health())
        else:
            self.answer(200, {"revision": REVISION})

    def health(self):
        try:
            connect()
        except BinaryNotFoundError as error:
            print(f"BinaryNotFoundError: {error}", flush=True)
            return 503, {"status": "unhealthy", "services": {"database": False}}
        return 200, {"status": "healthy", "services": {"database": True}}

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
