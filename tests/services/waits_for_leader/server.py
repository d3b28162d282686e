"""V08: on Cloud Run it waits to be elected leader before it listens, and nobody elects it.

The revision never got ready; the reason was a line in a log that nobody had open.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
PEERS = os.environ.get("PEERS", "")


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


print("Starting waits_for_leader", flush=True)
if PEERS:
    print(f"waiting for the votes of {PEERS}", flush=True)
    threading.Event().wait()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete", flush=True)
server.serve_forever()
