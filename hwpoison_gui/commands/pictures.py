"""The command `pictures`: pictures of a scenario's first, middle and last step, and its kernel log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import ANY_FILE, command_parser


def run(arguments: Sequence[str]) -> int:
    """Draw and write the pictures; returns the exit status."""
    parser = command_parser(
        "pictures", "Write pictures of a scenario's first, middle and last step, and its kernel log."
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=f"{ANY_FILE} (default: the first demo)")
    parser.add_argument("--live", action="store_true", help="in place of FILE: a copy of this machine's own memory")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; created if missing")
    options = parser.parse_args(arguments)
    if options.live and options.file is not None:
        parser.error("only one of FILE and --live")
    from hwpoison_gui.gui.app.pictures import write_pictures

    status: int = write_pictures(options.out, options.file, live=options.live)
    return status
