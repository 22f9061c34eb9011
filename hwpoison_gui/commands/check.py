"""The command `check`: replays scenario files, and compares the results with what they expect."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import ANY_FILE, add_machine, command_parser
from hwpoison_gui.commands.reporting import Reported


def run(arguments: Sequence[str]) -> int:
    """Check files; returns the exit status."""
    parser = command_parser("check", "Replay scenarios and compare the results with what they expect.")
    parser.epilog = "exit status: 0 all hold, 1 one differs, 2 a file is bad"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"{ANY_FILE}, or a folder of scenarios")
    parser.add_argument("--all", action="store_true", help="print every difference, not only a file's first")
    add_machine(parser)
    options = parser.parse_args(arguments)
    from hwpoison_gui.commands.stories import ahead, machine_of, story_of
    from hwpoison_gui.session.scenario.check import check

    with Reported(options.on) as reported:
        on = machine_of(options.on, options.live)
        if on is not None:
            on = ahead(on)  # a machine that cannot be opened is not the fault of the files
        return check(options.files, sys.stdout, options.all, lambda path: story_of(path, on))
    return reported.status
