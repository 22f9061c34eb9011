"""The command `agree`: poisons a machine frame by frame, as was done on a real kernel, and compares."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import ANY_FILE, command_parser
from hwpoison_gui.commands.reporting import Reported
from hwpoison_gui.terminal import BAD_FILE, GOOD, NOT_DONE, complain


def run(arguments: Sequence[str]) -> int:
    """Poison the frames of the rows and compare; returns the exit status."""
    parser = command_parser("agree", "Poison a machine frame by frame, as was done on a real kernel, and compare.")
    parser.epilog = "exit status: 0 all rows agree, 1 one differs, 2 a file is bad"
    parser.add_argument(
        "recording",
        nargs="?",
        type=Path,
        metavar="RECORDING",
        help=f"the machine: {ANY_FILE}",
    )
    parser.add_argument("rows", type=Path, metavar="ROWS", help="a .jsonl file with the outcome of each frame")
    parser.add_argument("--live", action="store_true", help="in place of RECORDING: a copy of this machine's memory")
    parser.add_argument("--hidden", action="store_true", help="also use NAME_hidden.npz: what Linux does not export")
    parser.add_argument("--json", action="store_true", help="one JSON object per row and line")
    options = parser.parse_args(arguments)
    if (options.recording is None) != options.live:
        parser.error("one of RECORDING and --live is required")
    from hwpoison_gui.commands.stories import session_for
    from hwpoison_gui.session.fidelity.agreement import compare_on, report, report_json
    from hwpoison_gui.session.fidelity.recorded_rows import read_rows

    missing = [str(path) for path in (options.recording, options.rows) if path is not None and not path.exists()]
    if missing:
        return complain("\n".join(f"{path}: no such file" for path in missing), BAD_FILE)
    with Reported(options.rows) as reported:
        rows = read_rows(options.rows)
        found = list(compare_on(session_for(rows, options.recording, options.hidden), rows))
        (report_json if options.json else report)(found, sys.stdout)
        return GOOD if all(one.agrees for one in found) else NOT_DONE
    return reported.status
