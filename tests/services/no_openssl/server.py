"""K04: the client of the database guesses its OpenSSL, warns, and goes on.

Nobody read the warning; weeks later a new base image made the guess wrong.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "healthy", "services": {"database": True}})
        else:
            self.answer(200, {"revision": REVISION})

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
print(
    "prisma:warn Prisma failed to detect the libssl/openssl version to use, and may not work as "
    'expected. Defaulting to "openssl-1.1.x".',
    flush=True,
)
print("Application startup complete", flush=True)
server.serve_forever()
