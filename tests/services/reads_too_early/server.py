"""M01: a task is started before what it reads is committed.

"aggregator returned None", at each request; whoever asked was answered, and no summary came.
"""

import itertools
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
COMMITTED = {}
NUMBERS = itertools.count(1)


def aggregate(number):
    if COMMITTED.get(number) is None:
        print(f"WARNING aggregator returned None for conversation {number}", flush=True)


def save(number):
    task = threading.Thread(target=aggregate, args=(number,))
    task.start()
    time.sleep(0.02)  # as long as a commit takes
    COMMITTED[number] = "a conversation"
    task.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "healthy", "services": {"database": True}})
        else:
            save(next(NUMBERS))
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
