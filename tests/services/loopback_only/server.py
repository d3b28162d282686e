"""K01, S15: bound to 127.0.0.1, where nothing outside the container reaches it.

Inside the container, where the people tried it with curl, it answered.
"""

import json
import os
import signal
import sys
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


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
print("Application startup complete: loopback_only", flush=True)
server.serve_forever()
