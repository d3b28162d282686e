"""K01: the process lives and never opens a port.

The people read "failed to start and listen on the port" and looked for the fault in the port.
"""

import signal
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("Starting never_listens", flush=True)
print("Waiting for a database that is not there", flush=True)
while True:
    signal.pause()
