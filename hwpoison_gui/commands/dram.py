"""The command `dram`: where a frame lies in DRAM, and which frames a fault of DRAM breaks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hwpoison_gui.commands.arguments import ANY_FILE, command_parser
from hwpoison_gui.commands.reporting import Reported
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.terminal import GOOD, report_width

if TYPE_CHECKING:
    from hwpoison_gui.dram.geometry import Geometry


def run(arguments: Sequence[str]) -> int:
    """Print geometries, the place of a frame or the frames of a fault; returns the exit status."""
    parser = command_parser("dram", "Say where a frame lies in DRAM, and which frames a fault of DRAM breaks.")
    parser.epilog = "exit status: 0 done, 2 a geometry is bad, or has no such part"
    what = "a frame 0x2416, a physical address, or a fault row:of:0x2416; without it, geometries are listed"
    parser.add_argument("what", nargs="?", metavar="FRAME|ADDRESS|FAULT", help=what)
    how = "a geometry by its name, or a file, NAME.toml; see docs/geometry.md"
    parser.add_argument("--geometry", metavar="G", help=f"{how} (default: plain, which is made up)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--on", type=Path, metavar="MACHINE", help=f"of another machine: {ANY_FILE}")
    where.add_argument("--live", action="store_true", help="of this machine's own memory")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    from hwpoison_gui.dram.names import MADE_UP
    from hwpoison_gui.dram.shipped import geometry_named, keys, shipped
    from hwpoison_gui.export import dram

    with Reported(options.on) as reported:
        if options.what is None:
            listed = [geometry_named(options.geometry)] if options.geometry else [shipped(key) for key in keys()]
            text = dram.geometries_as_json(listed) if options.json else dram.geometries_as_text(listed, report_width())
        else:
            text = _place_of(options, geometry_named(options.geometry or MADE_UP))
        sys.stdout.write(text)
        return GOOD
    return reported.status


def _place_of(options: argparse.Namespace, geometry: Geometry) -> str:
    from hwpoison_gui.commands.stories import machine_of
    from hwpoison_gui.dram.fault import parse_fault
    from hwpoison_gui.export import dram
    from hwpoison_gui.view.base.dram import fitted_to
    from hwpoison_gui.view.base.frame_number import frame_taken

    machine = machine_of(options.on, options.live)
    if machine is None:
        fitted, frames = geometry.for_any_machine()
    else:
        m = machine("").session.machine
        fitted, frames = fitted_to(m.flags.view, geometry), m.frames
    taken = frame_taken(options.what, frames)
    if taken is None:
        fault = parse_fault(options.what, fitted, frames)
        return (dram.fault_as_json if options.json else dram.fault_as_text)(fitted, fault, frames)
    if taken.pfn >= frames:
        raise DramError(f"no frame and no physical address of it: {options.what}; the last frame is {frames - 1:#x}")
    return (dram.frame_as_json if options.json else dram.frame_as_text)(fitted, taken)
