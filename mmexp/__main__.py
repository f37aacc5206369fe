"""``python -m mmexp`` is ``mmexp``."""

import sys

from mmexp.cli import main

sys.exit(main())
