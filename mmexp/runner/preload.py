"""What the server of workers imports once for all of them, when it imports this: the modules its environment names.

What cannot be imported here is left to the worker that needs it, which says why.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module

NAMED = "MMEXP_PRELOAD"

for _name in os.environ.pop(NAMED, "").split():
    with suppress(Exception):
        import_module(_name)
