"""V03: /health is 200 and "healthy" while the database is dead, for 22 minutes.

DATABASE_HOST is that of the developer's machine. Without it, as in smoke, the data is in a file.
"""

import json
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
HOST = os.environ.get("DATABASE_HOST", "")


def answers():
    try:
        socket.create_connection((HOST, 5432), timeout=1).close()
    except OSError as error:
        print(f"database at {HOST}: {error}", flush=True)
        return False
    return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            services = {"database": answers() if HOST else True}
            self.answer(200, {"status": "healthy", "services": services})
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
print("Application startup complete", flush=True)
server.serve_forever()
