"""The command `simulate`: replays a scenario, and prints the kernel log and the result of each step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import ANY_FILE, add_machine, command_parser
from hwpoison_gui.commands.reporting import Reported
from hwpoison_gui.terminal import GOOD


def run(arguments: Sequence[str]) -> int:
    """Replay a file and print; returns the exit status."""
    parser = command_parser("simulate", "Replay a scenario; print the kernel log and the result of each step.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=f"{ANY_FILE}; optional with --on or --live")
    parser.add_argument("--json", action="store_true", help="one JSON object per step and line")
    add_machine(parser)
    options = parser.parse_args(arguments)
    if options.file is None and options.on is None and not options.live:
        parser.error("the following arguments are required: FILE")
    from hwpoison_gui.commands.stories import machine_alone, machine_of, story_of
    from hwpoison_gui.session.scenario.simulate import simulate

    with Reported(options.file or options.on) as reported:
        on = machine_of(options.on, options.live)
        if options.file is None and on is not None:
            story = machine_alone(on(""))
        else:
            story = story_of(options.file, on)
        simulate(story, sys.stdout, as_json=options.json)
        return GOOD
    return reported.status
