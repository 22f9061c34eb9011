"""`python -m hwpoison_gui`: the same as the command hwpoison-gui.

It lets a checkout be run by any interpreter that has the packages.
"""

from __future__ import annotations

import sys

from hwpoison_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
