"""The command `make-machine`: a made-up machine of any size as a snapshot, to try and to measure things on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hwpoison_gui.commands.arguments import command_parser, kernel_named
from hwpoison_gui.kernel.presets.containers import containers
from hwpoison_gui.kernel.profile.linux_6_12 import V6_12
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import exported_from
from hwpoison_gui.terminal import GOOD, complain
from hwpoison_gui.view.words.words import counted

_LEAST: Final = 1 << 12  # 16 MiB
_MOST: Final = 1 << 28  # 1 TiB
_MOST_NODES: Final = 1 << 10


def run(arguments: Sequence[str]) -> int:
    """Make a machine and write it; returns the exit status."""
    options = _parsed(arguments)
    modelled = ".".join(map(str, PROFILES[options.kernel].modelled))
    try:
        image = containers(options.frames, options.seed)
        exported = exported_from(image, f"Linux version {modelled}-made-up", options.nodes)
        save_snapshot(exported, options.out)
    except OSError as error:
        return complain(f"{options.out}: cannot be written: {error.strerror or error}")
    except MemoryError:
        return complain(f"{options.out}: not written: {options.frames:,} frames need more memory than there is")
    print(f"{options.out}: {options.frames:,} frames, {counted(len(exported.processes), 'process', 'processes')}")
    return GOOD


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(
        "make-machine",
        description="Make up the memory of a machine, and write it as a snapshot. Needs 50 bytes per frame meanwhile.",
        epilog="exit status: 0 written, 2 not written; the same numbers make the same machine everywhere",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="file to write: NAME.npz")
    size = f"frames of 4 KiB, {_LEAST} to {_MOST}"
    parser.add_argument("--frames", type=int, required=True, metavar="N", help=size)
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="other numbers make other machines")
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="NUMA nodes that memory is divided among")
    kernel = "the kernel that it says it runs (default: %(default)s)"
    parser.add_argument("--kernel", default=V6_12.name, type=kernel_named, help=kernel)
    options = parser.parse_args(arguments)
    if not _LEAST <= options.frames <= _MOST:
        parser.error(f"argument --frames: expected {_LEAST} to {_MOST}")
    if not 1 <= options.nodes <= _MOST_NODES:
        parser.error(f"argument --nodes: expected 1 to {_MOST_NODES}")
    return options
