"""M03: the first instance starts at once; each later one copies the cache of a sibling first.

Verify saw one instance, and it was quick. Under users there were three.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = os.environ.get("K_REVISION", "none")
PEERS = 7077  # UDP
ANYBODY = ("255.255.255.255", PEERS)


def has_sibling():
    """Whether an instance of the same revision answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.settimeout(0.5)
        asking.sendto(REVISION.encode(), ANYBODY)
        try:
            return bool(asking.recv(100))
        except TimeoutError:
            return False


def tell_siblings():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind(("", PEERS))
        while True:
            name, who = answering.recvfrom(100)
            if name.decode("utf-8", "replace") == REVISION:
                answering.sendto(b"here", who)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/health":
            time.sleep(0.2)  # a question to a model
        self.answer(200, {"status": "healthy", "services": {"database": True}})

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


if has_sibling():
    print("copying the cache of a sibling", flush=True)
    time.sleep(6)
threading.Thread(target=tell_siblings, daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete", flush=True)
server.serve_forever()
