"""V02: it names a revision that it is not.

The name was read once, written into the source, and forgotten there: whoever asked "which revision
are you?" was told what had been true last week.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = "hello-00007-old"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            services = {"database": True}
            self.answer(200, {"status": "healthy", "revision": REVISION, "services": services})
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
