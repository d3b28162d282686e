"""V03: the health document says 200 and healthy while the database is dead.

It served for 14 minutes, and then, once more, for 22. Only its users noticed.
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
            "services": {"database": False, "worker": True},
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
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete: dead_database", flush=True)
server.serve_forever()
