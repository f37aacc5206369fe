"""The end of a process that has loaded PyTorch: at once, as freeing each of its objects takes seconds.

Private API used: ``atexit._run_exitfuncs``, which Python itself calls first when it ends.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process: run what is registered for the end, hand over all output, and free nothing one by one.

    Args:
        code: Exit code.
    """
    if "torch" in sys.modules:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
