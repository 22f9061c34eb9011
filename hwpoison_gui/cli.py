"""The command line: arguments, and nothing else.

The window is imported only inside the command that needs it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hwpoison_gui import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names; gives the exit status."""
    parser = argparse.ArgumentParser(prog="hwpoison-gui", description="See how Linux survives broken memory.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.parse_args(argv)
    parser.print_help()
    return 0
