"""K02: start-up imports a package that nothing installed: a traceback, exit code 1.

It ran on every developer's machine, where the package had been installed by hand.
"""

print("Starting crashes_on_start", flush=True)

import copy_that  # noqa: E402, F401 - the fault itself
