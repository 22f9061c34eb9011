"""The command `assess`: what an error in each frame of machines would do, summed up."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from hwpoison_gui import assessing
from hwpoison_gui.export import assessment
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.terminal import BAD_FILE, GOOD
from hwpoison_gui.view.damage.tables import GROUPINGS

_WHAT: Final = "Say what an error in each frame of a machine would do, under early and late kill, and sum it up."
_STATUS: Final = "exit status: 0 all machines assessed, 2 one could not be; the others are written all the same"


def run(arguments: Sequence[str]) -> int:
    """Assess machines and print what was found; returns the exit status."""
    options = _parsed(arguments)
    values = tuple(map(int, options.early_kill.split(",")))
    asked = assessing.Options(options.profile, values, options.by, options.top, options.at)
    if options.fault or options.rates:
        return _dram(options, asked)
    width = max(80, min(100, shutil.get_terminal_size((100, 24)).columns))
    done, status = [], GOOD
    for file in (*options.machines, *([""] if options.live else [])):
        try:
            report = assessing.assess(file, asked)
        except assessing.BadMachineError as error:
            print(error, file=sys.stderr)
            status = BAD_FILE
            continue
        done.append(report)
        if not options.json and not options.csv:
            sys.stdout.write(assessment.as_text(report, width) + ("\n" if len(options.machines) > 1 else ""))
    if options.json or options.csv:
        sys.stdout.write(assessment.as_json(done) if options.json else assessment.as_csv(done))
    elif len(done) > 1:
        sys.stdout.write(assessment.as_text(assessment.together(done), width))
    return status


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
        print(error, file=sys.stderr)
        return BAD_FILE
    except OSError as error:
        print(f"{error.filename}: cannot be read: {error.strerror or error}", file=sys.stderr)
        return BAD_FILE
    wanted = assessing.Dram(geometry, tuple(options.fault), rates, options.devices)
    width = max(80, min(100, shutil.get_terminal_size((100, 24)).columns))
    done, status = [], GOOD
    for file in (*options.machines, *([""] if options.live else [])):
        try:
            report = assessing.assess_dram(file, asked, wanted)
        except assessing.BadMachineError as error:
            print(error, file=sys.stderr)
            status = BAD_FILE
            continue
        if options.json:
            done.append(dram_damage.as_dict(report.name, report.m, report.faults, report.rates))
        else:
            sys.stdout.write(dram_damage.as_text(report.name, report.m, report.faults, report.rates, width))
    if options.json:
        sys.stdout.write(dram_damage.as_json(done))
    return status


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hwpoison-gui assess", description=_WHAT, epilog=_STATUS)
    what = "a scenario or a saved session, as it is after its last step; a recording, or raw page flags"
    parser.add_argument("machines", nargs="*", metavar="MACHINE", help=what)
    parser.add_argument("--live", action="store_true", help="a copy of this machine's own memory")
    parser.add_argument("--profile", default="", choices=tuple(PROFILES), help="the kernel (default: the nearest one)")
    early = "values of vm.memory_failure_early_kill: 0, 1 or 0,1 (the default)"
    parser.add_argument("--early-kill", default="0,1", choices=("0", "1", "0,1"), metavar="0,1", help=early)
    parser.add_argument("--by", default="kind", choices=tuple(GROUPINGS), help="what frames are grouped by")
    parser.add_argument("--top", default=10, type=int, metavar="N", help="how many of the most dangerous are listed")
    parser.add_argument("--at", default="", metavar="MOMENT", help="timeline position: OPERATION.STEP, as in 3.12")
    dram = parser.add_argument_group("faults of DRAM", "docs/geometry.md describes geometries, faults and rates")
    dram.add_argument("--geometry", metavar="G", help="a geometry by name or file (default: plain, which is made up)")
    fault = "instead: what a part of DRAM does that fails, as row:of:0x2416, bank:channel0/rank1/bg2/bank3; repeatable"
    dram.add_argument("--fault", action="append", default=[], metavar="FAULT", help=fault)
    rates = "instead: processes hit in 1,000 machine-years, by the rates of a study: jaguar-2012, or a file"
    dram.add_argument("--rates", metavar="NAME", help=rates)
    dram.add_argument("--devices", default=0, type=int, metavar="N", help="DRAM devices of the machine, for --rates")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything as one JSON object")
    form.add_argument("--csv", action="store_true", help="frames by group and outcome, a line for each")
    options = parser.parse_args(arguments)
    if not options.machines and not options.live:
        parser.error("the following arguments are required: MACHINE")
    if options.csv and (options.fault or options.rates):
        parser.error("argument --csv: not for faults of DRAM; --json has everything")
    if options.devices < 0:
        parser.error("argument --devices: expected 1 or more")
    if options.geometry and not (options.fault or options.rates):
        parser.error("argument --geometry: expected --fault or --rates as well")
    if options.top < 0:
        parser.error("argument --top: expected 0 or more")
    return options
