"""The fault: SIGTERM is ignored, so that only SIGKILL ends it."""

import json
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        document = {
            "status": "healthy",
            "revision": os.environ.get("K_REVISION", "none"),
            "services": {"server": True},
        }
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Cloud Run logs requests itself."""


signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete: ignores_sigterm", flush=True)
server.serve_forever()
