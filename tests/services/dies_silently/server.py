"""K06: it dies of a setting that is not there, and its output dies with it.

The people saw a crash loop with a log that was completely empty. (No PYTHONUNBUFFERED, and a native
library that ends the process instead of raising: nothing is flushed.)
"""

import os

print("Starting dies_silently")
print("reading the settings")
if "LICENCE" not in os.environ:
    print("the licence is not there")
    os._exit(1)
