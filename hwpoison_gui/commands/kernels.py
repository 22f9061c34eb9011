"""`hwpoison-gui kernels`: one error, or all frames of a machine, under several kernels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import command_parser, kernel_named
from hwpoison_gui.commands.reporting import Reported, write_text
from hwpoison_gui.commands.stories import machine_of
from hwpoison_gui.opening.opening import nobody_cancels, nobody_waits
from hwpoison_gui.terminal import BAD_FILE, GOOD, complain, table_width


def run(arguments: Sequence[str]) -> int:
    """Compare one error under every kernel, or all frames under two. Returns the exit status."""
    options = _parsed(arguments)
    return _every_kernel(options) if options.between is None else _between(options)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    what = "Let an error happen under every modelled kernel, early and late, and compare."
    parser = command_parser("kernels", description=what)
    parser.add_argument(
        "what",
        nargs="?",
        metavar="FILE|FRAME",
        help="a file, its last error in a sound page counts; or a frame: 0x4d93, nginx:heap+3, any:ksm",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--on", type=Path, metavar="MACHINE", help="the frame is one of another machine")
    where.add_argument("--live", action="store_true", help="the frame is one of a copy of this machine's own memory")
    parser.add_argument("--json", action="store_true", help="all facts as one JSON object")
    parser.add_argument("--to", type=Path, metavar="OUT", help="write a table: NAME.md, NAME.csv or NAME.txt")
    between = (
        "instead: in which frames of a machine (FILE, or the small desktop) an error has another outcome under a "
        "second kernel than under the first, and which difference of the kernels decides it"
    )
    parser.add_argument("--between", nargs=2, metavar=("KERNEL", "OTHER"), type=kernel_named, help=between)
    parser.add_argument("--early", action="store_true", help="with --between: under early kill")
    options = parser.parse_args(arguments)
    if options.between is not None:
        if options.what is not None and (options.on is not None or options.live):
            parser.error(f"--between compares all frames of a machine: leave {options.what} out")
        if options.between[0] == options.between[1]:
            parser.error("--between takes two different kernels")
    elif options.early:
        parser.error("--early goes with --between: early and late kill are both shown of a frame")
    elif options.what is None:
        parser.error("one of FILE, FRAME and --between is required")
    return options


def _every_kernel(options: argparse.Namespace) -> int:
    from hwpoison_gui.commands.stories import click_of
    from hwpoison_gui.export import comparison, kernels
    from hwpoison_gui.view.facts.compare import columns_of, headline, matrix_rows

    written = comparison.FORMATS.get(options.to.suffix.lower()) if options.to is not None else None
    if options.to is not None and written is None:
        return _no_format(options.to, comparison.FORMATS)
    with Reported(options.on) as reported:
        click = click_of(options.what, machine_of(options.on, options.live))
        columns = list(columns_of(click.recipe, click.base, nobody_waits, nobody_cancels))
        if written is not None:
            rows = matrix_rows(columns)
            heads = [column.head for column in columns]
            said = headline(rows, columns)
            return write_text(options.to, written(comparison.Comparison(click.title, said, heads, rows)))
        text = kernels.as_json(click.title, columns) if options.json else None
        sys.stdout.write(text or kernels.as_terminal(click.title, columns, table_width()))
        return GOOD
    return reported.status


def _no_format(out: Path, formats: Iterable[str]) -> int:
    names = ", ".join(f"NAME{suffix}" for suffix in formats)
    return complain(f"{out}: not a format that can be written; expected {names}", BAD_FILE)


def _between(options: argparse.Namespace) -> int:
    from hwpoison_gui.commands.stories import machine_of, machine_under
    from hwpoison_gui.export import kernels
    from hwpoison_gui.kernel.profile.registry import PROFILES
    from hwpoison_gui.opening.opening import default_machine
    from hwpoison_gui.view.base.slicing import to_the_end
    from hwpoison_gui.view.outcome.between_kernels import find_between

    written = kernels.BETWEEN_FORMATS.get(options.to.suffix.lower()) if options.to is not None else None
    if options.to is not None and written is None:
        return _no_format(options.to, kernels.BETWEEN_FORMATS)
    one, other = options.between
    file = options.on or (Path(options.what) if options.what is not None else None)
    with Reported(file) as reported:
        opened = machine_under(machine_of(file, options.live) or default_machine, one, options.early)
        between = to_the_end(find_between(opened.session.machine, PROFILES[other]))
        if written is not None:
            return write_text(options.to, written(opened.title, between))
        text = kernels.between_as_json(opened.title, between) if options.json else None
        sys.stdout.write(text or kernels.between_as_terminal(opened.title, between, table_width()))
        return GOOD
    return reported.status
