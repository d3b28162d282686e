"""Sound here, broken there: what it does is chosen by a variable that smoke may set otherwise."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULT = os.environ.get("FAULT", "")
TURN_BAD = f"/turn-bad/{os.environ.get('K_REVISION', 'none')}"
ANSWERS = {
    "dead_database": (200, {"status": "healthy", "services": {"database": False}}),
    "unavailable": (503, {"status": "unhealthy", "services": {"database": False}}),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global FAULT
        if self.path == TURN_BAD:
            FAULT = "unavailable"
        sound = (200, {"status": "healthy", "services": {"database": True}})
        status, document = ANSWERS.get(FAULT, sound)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_):
        """Cloud Run logs requests itself."""


print(f"Starting with fault {FAULT or 'none'}", flush=True)
if FAULT == "crash":
    print("DATABASE_URL is not set", file=sys.stderr, flush=True)
    sys.exit(3)
if FAULT == "never_listens":
    time.sleep(3600)
if FAULT == "slow_start":
    time.sleep(6)
if FAULT == "bad_line":
    print("BinaryNotFoundError: the query engine is not there", flush=True)
if FAULT == "bad_json_line":
    trace = "Traceback (most recent call last):\n  File \"flags.py\", line 3\nKeyError: 'colour'"
    line = {"severity": "ERROR", "message": "flags are off", "exc_info": trace}
    print(json.dumps(line), flush=True)
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
print("Application startup complete", flush=True)
server.serve_forever()
