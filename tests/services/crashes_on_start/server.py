"""The fault: start-up imports a package that nothing installed (K02): a traceback, exit code 1."""

print("Starting crashes_on_start", flush=True)

import copy_that  # noqa: E402, F401 - the fault itself
