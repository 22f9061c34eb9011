"""The command `assess`: what an error in each frame of machines would do, summed up."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from hwpoison_gui import terminal
from hwpoison_gui.commands import assessing, fleet
from hwpoison_gui.commands.arguments import command_parser, kernel_named
from hwpoison_gui.export import assessment, fleet_table
from hwpoison_gui.export.extras import MissingExtraError, required
from hwpoison_gui.opening import opening
from hwpoison_gui.terminal import GOOD, complain
from hwpoison_gui.view.damage.tables import GROUPINGS
from hwpoison_gui.view.words.words import counted

R = TypeVar("R")

_WHAT: Final = "Say what an error in each frame of a machine would do, under early and late kill, and sum it up."
_TOP: Final = 10
_STATUS: Final = (
    "exit status: 0 all machines assessed; 2 one could not be, or bad arguments: the others are written all the same, "
    "and --json, --csv and --parquet list the files that failed, with their messages, or were skipped"
)


def run(arguments: Sequence[str]) -> int:
    """Assess machines and print what was found; returns the exit status."""
    options = _parsed(arguments)
    values = tuple(map(int, options.early_kill.split(",")))
    by, top = options.by or "kind", _TOP if options.top is None else options.top
    asked = assessing.Options(options.profile or "", values, by, top, options.at)
    try:
        return _dram(options, asked) if options.fault or options.rates else _assess(options, asked)
    except (fleet.NoSchedulerError, MissingExtraError) as error:
        return complain(error)


def _assess(options: argparse.Namespace, asked: assessing.Options) -> int:
    """Errors in any frame."""
    if options.parquet:
        required("--parquet", "pyarrow")  # before hours of work
    width = terminal.report_width()
    each = _Each(options)
    done = []
    for report in each.results(partial(assessing.assess, options=asked)):
        done.append(report)
        if not each.is_fleet and not options.json and not options.csv and not options.parquet:
            sys.stdout.write(assessment.as_text(report, width) + ("\n" if len(options.machines) > 1 else ""))
    if options.parquet:
        try:
            fleet_table.write_parquet(done, each.left, options.parquet)
        except OSError as error:
            return complain(f"{options.parquet}: cannot be written: {error.strerror or error}")
        counts = [(len(each.failed), "failed"), (len(each.skipped), "skipped")]
        more = "".join(f", {count:,} {what}" for count, what in counts if count)
        print(f"{options.parquet}: {counted(len(done), 'machine')}{more}")
    elif options.json or options.csv:
        write = assessment.as_json if options.json else assessment.as_csv
        sys.stdout.write(write(done, each.left))
    else:
        if each.is_fleet and done:
            sys.stdout.write(fleet_table.as_table(done, each.left, width))
        elif each.skipped:
            print("\n".join(assessment.left_words(each.left, width)))
        if len(done) > 1:
            sys.stdout.write(assessment.as_text(assessment.together(done), width))
    return each.status


def _dram(options: argparse.Namespace, asked: assessing.Options) -> int:
    """Faults of DRAM, and nothing else."""
    from hwpoison_gui.dram.errors import DramError
    from hwpoison_gui.dram.names import MADE_UP
    from hwpoison_gui.dram.rates import rates_named
    from hwpoison_gui.dram.shipped import geometry_named
    from hwpoison_gui.export import dram_damage

    try:
        geometry = geometry_named(options.geometry or MADE_UP)
        rates = rates_named(options.rates) if options.rates else None
    except DramError as error:
        return complain(error)
    except OSError as error:
        return complain(f"{error.filename}: cannot be read: {error.strerror or error}")
    wanted = assessing.Dram(geometry, tuple(options.fault), rates, options.devices, options.in_order)
    each = _Each(options)
    if options.json:
        reports = list(each.results(partial(_dram_as_dict, options=asked, wanted=wanted)))
        sys.stdout.write(dram_damage.as_json(reports, each.left))
    else:
        width = terminal.report_width()
        for text in each.results(partial(_dram_as_text, options=asked, wanted=wanted, width=width)):
            sys.stdout.write(text)
        if each.is_fleet:
            sys.stdout.write("".join(f"{line}\n" for line in assessment.left_words(each.left, width)))
    return each.status


# Reports of DRAM hold a whole machine: they become text in the process that made them.


def _dram_as_dict(file: str, options: assessing.Options, wanted: assessing.Dram) -> dict[str, Any]:
    from hwpoison_gui.export import dram_damage

    report = assessing.assess_dram(file, options, wanted)
    return dram_damage.as_dict(report.name, report.m, report.faults, report.rates)


def _dram_as_text(file: str, options: assessing.Options, wanted: assessing.Dram, width: int) -> str:
    from hwpoison_gui.export import dram_damage

    report = assessing.assess_dram(file, options, wanted)
    return dram_damage.as_text(report.name, report.m, report.faults, report.rates, width)


class _Each:
    """The machines that are asked for; after their results, `status` is the exit status.

    `failed`: each bad file with its message. `skipped`: files below folders that are not assessed. `is_fleet`: whether
    there is one table for all machines, and not a text for each.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.status = GOOD
        self.failed: list[tuple[str, str]] = []
        self.skipped: list[str] = []
        self._jobs, self._scheduler = options.jobs or 1, options.scheduler
        self.is_fleet = options.jobs > 0 or bool(self._scheduler) or any(map(os.path.isdir, options.machines))
        self._files = [""] if options.live else []
        for path in reversed(options.machines):
            below, skipped = fleet.machines_in(path)
            self.skipped[:0] = skipped
            if not below:
                self._say(path, f"{path}: no *.npz below this folder")
            self._files[:0] = below

    @property
    def left(self) -> assessment.Left:
        """The files that are in no sum."""
        return assessment.Left(self.failed, self.skipped)

    def _say(self, file: str, why: str) -> None:
        self.failed.append((file, why))
        self.status = complain(why)

    def results(self, work: Callable[[str], R]) -> Iterator[R]:
        """Yield the result of `work` for each file, in order; report a bad file in one message."""
        if self._jobs == 1 and not self._scheduler:
            yield from self._good(fleet.each(self._files, work, 1, "", opening.nobody_waits))
            return
        with terminal.Progress() as progress:
            yield from self._good(fleet.each(self._files, work, self._jobs, self._scheduler, progress))

    def _good(self, results: Iterator[R | fleet.Failed]) -> Iterator[R]:
        for found in results:
            if isinstance(found, fleet.Failed):
                self._say(found.file, found.why)
            else:
                yield found


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser("assess", description=_WHAT, epilog=_STATUS)
    what = "a scenario or a saved session, as it is after its last step; a snapshot, a recording, or raw page flags; "
    below = "a folder: all *.npz below it; other files are skipped, and listed"
    parser.add_argument("machines", nargs="*", metavar="MACHINE", help=what + below)
    parser.add_argument("--live", action="store_true", help="a copy of this machine's own memory")
    parser.add_argument("--profile", type=kernel_named, help="the kernel (default: the nearest one)")
    early = "values of vm.memory_failure_early_kill: 0, 1 or 0,1 (the default)"
    parser.add_argument("--early-kill", default="0,1", choices=("0", "1", "0,1"), metavar="0,1", help=early)
    parser.add_argument("--by", choices=tuple(GROUPINGS), help="what frames are grouped by (default: kind)")
    parser.add_argument("--top", type=int, metavar="N", help="how many of the most dangerous are listed (default: 10)")
    parser.add_argument("--at", default="", metavar="MOMENT", help="timeline position: OPERATION.STEP, as in 3.12")
    dram = parser.add_argument_group("faults of DRAM", "docs/geometry.md describes geometries, faults and rates")
    dram.add_argument("--geometry", metavar="G", help="a geometry by name or file (default: plain, which is made up)")
    fault = "instead: what a part of DRAM does that fails, as row:of:0x2416, bank:channel0/rank1/bg2/bank3; repeatable"
    dram.add_argument("--fault", action="append", default=[], metavar="FAULT", help=fault)
    order = "with --fault: also break the frames one after another, in a dry run"
    dram.add_argument("--in-order", action="store_true", help=order)
    rates = "instead: processes hit in 1,000 machine-years, by cielo-2013, hopper-2015, jaguar-2012, or a file of rates"
    dram.add_argument("--rates", metavar="NAME", help=rates)
    dram.add_argument("--devices", default=0, type=int, metavar="N", help="DRAM devices of the machine, for --rates")
    many = parser.add_argument_group("many machines", "a folder, --jobs and --scheduler give one table for all")
    many.add_argument("--jobs", default=0, type=int, metavar="N", help="assess in N processes")
    where = "assess on a Dask cluster whose workers see the same files, as tcp://10.0.0.1:8786; needs the extra “fleet”"
    many.add_argument("--scheduler", default="", metavar="ADDRESS", help=where)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything as one JSON object")
    form.add_argument("--csv", action="store_true", help="frames by group and outcome, a line for each")
    parquet = "the lines of --csv, without the sums, as a Parquet file; needs the extra “parquet”"
    form.add_argument("--parquet", type=Path, metavar="OUT", help=parquet)
    options = parser.parse_args(arguments)
    _check(parser, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exit with an error if options contradict each other."""
    if not options.machines and not options.live:
        parser.error("the following arguments are required: MACHINE")
    if (options.csv or options.parquet) and (options.fault or options.rates):
        parser.error(f"argument --{'csv' if options.csv else 'parquet'}: not for faults of DRAM; --json has everything")
    if options.jobs < 0:
        parser.error("argument --jobs: expected 1 or more")
    if options.scheduler and (options.live or options.jobs):
        parser.error(f"argument --scheduler: not with --{'live' if options.live else 'jobs'}")
    if options.devices < 0:
        parser.error("argument --devices: expected 1 or more")
    if options.geometry and not (options.fault or options.rates):
        parser.error("argument --geometry: expected --fault or --rates as well")
    if options.in_order and not options.fault:
        parser.error("argument --in-order: expected --fault as well")
    for name in ("by", "top"):
        if getattr(options, name) is not None and (options.fault or options.rates):
            parser.error(f"argument --{name}: not for faults of DRAM")
    if options.top is not None and options.top < 0:
        parser.error("argument --top: expected 0 or more")
