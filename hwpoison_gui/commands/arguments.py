"""Arguments that several commands share, with their help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

ANY_FILE: Final = "a scenario, a saved session, a recording or raw page flags"
COMPLETE: Final = (
    "of a scenario with a step that fails, nothing is written; hwpoison-gui --present shows it up to there"
)


def command_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser of the arguments after the name of a command."""
    return argparse.ArgumentParser(prog=f"hwpoison-gui {command}", description=description, epilog=epilog)


def add_machine(parser: argparse.ArgumentParser) -> None:
    """Add --on and --live: the machine that steps run on, if it is not their own."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--on", type=Path, metavar="MACHINE", help=f"run the steps on another machine: {ANY_FILE}")
    where.add_argument("--live", action="store_true", help="run the steps on a copy of this machine's own memory")


def kernel_named(text: str) -> str:
    """The name of a modelled kernel. Raises argparse.ArgumentTypeError, which names the nearest one of a release."""
    from hwpoison_gui.kernel.profile.registry import PROFILES, nearest

    if text in PROFILES:
        return text
    known = ", ".join(PROFILES)
    major, _, minor = text.partition(".")
    if len(text) < 10 and major.isdecimal() and minor.isdecimal():
        near = nearest((int(major), int(minor))).name
        raise argparse.ArgumentTypeError(f"Linux {text} is modelled as {near}; the kernels are {known}")
    raise argparse.ArgumentTypeError(f"{text!r} is no modelled kernel; they are {known}")
