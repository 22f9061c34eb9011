"""The command `report`: what the errors of a scenario did, and why, as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import COMPLETE, command_parser
from hwpoison_gui.commands.reporting import Reported, write_text
from hwpoison_gui.terminal import GOOD


def run(arguments: Sequence[str]) -> int:
    """Replay a scenario and write the report; returns the exit status."""
    parser = command_parser("report", "Write what the errors of a scenario did, and why, as Markdown for a bug report.")
    parser.add_argument("file", type=Path, metavar="FILE", help="a scenario")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.epilog = COMPLETE
    options = parser.parse_args(arguments)
    from hwpoison_gui.export.report import report
    from hwpoison_gui.opening.opening import open_file

    with Reported(options.file) as reported:
        opened = open_file(options.file)
        opened.session.seek(len(opened.session.steps))
        text = report(opened.session, opened.title)
        if options.out is not None:
            return write_text(options.out, text)
        sys.stdout.write(text)
        return GOOD
    return reported.status
