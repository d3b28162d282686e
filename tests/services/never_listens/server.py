"""The fault: the process lives and never opens a port (K01)."""

import signal
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("Starting never_listens", flush=True)
print("Waiting for a database that is not there", flush=True)
while True:
    signal.pause()
