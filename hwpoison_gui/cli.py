"""The command line: runs a command, or opens the window, which alone loads Qt."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui import __version__, quick_numpy, terminal
from hwpoison_gui.record import Record
from hwpoison_gui.terminal import BAD_FILE, GOOD, complain

if TYPE_CHECKING:
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.opening.start import Start

# Each is a module of commands/, imported when it is asked for; a dash is an underscore there.
COMMANDS: Final = ("check", "simulate", "agree", "fidelity", "pictures", "kernels", "records", "capture", "chart",
                   "changed", "make-machine", "dram", "assess", "report", "render")  # fmt: skip

_PAIR: Final = 2  # machines that are compared
PIPE_CLOSED: Final = 141  # as a shell says of SIGPIPE

_USAGE: Final = """hwpoison-gui [FILE... [--at MOMENT] | --live | --present FILE [--at MOMENT]]
       hwpoison-gui check [--all] [--on MACHINE | --live] FILE...
       hwpoison-gui simulate [--json] [--on MACHINE | --live] FILE
       hwpoison-gui agree [--hidden] [--json] RECORDING ROWS
       hwpoison-gui fidelity [--out FILE]
       hwpoison-gui pictures [FILE] --out DIR
       hwpoison-gui kernels [--on MACHINE | --live] [--json | --to OUT] FILE|FRAME
       hwpoison-gui kernels --between KERNEL OTHER [--early] [--json | --to OUT] [FILE | --live]
       hwpoison-gui records FILE...
       hwpoison-gui capture [--pid PID] [--anonymize | --no-names | --raw] OUT
       hwpoison-gui changed [--json] OLD NEW
       hwpoison-gui chart NAME FILE... --to OUT [--find EXPRESSION]
       hwpoison-gui make-machine --frames N [--seed S] [--nodes N] OUT
       hwpoison-gui dram [--geometry G] [--on MACHINE | --live] [--json] [FRAME|ADDRESS|FAULT]
       hwpoison-gui assess [--profile NAME] [--early-kill 0,1] [--by GROUP] [--top N] [--json | --csv] MACHINE...
       hwpoison-gui assess [--jobs N | --scheduler ADDRESS] [--json | --csv | --parquet OUT] FOLDER...
       hwpoison-gui assess --geometry G --fault FAULT... [--rates NAME] [--early-kill 0,1] [--json] MACHINE...
       hwpoison-gui report [--out FILE] FILE
       hwpoison-gui render FILE --to OUT [--what MAP] [--size WxH] [--steps A-B]"""

_COMMANDS_HELP: Final = """commands:
  check FILE...        replay scenario files and compare; a directory means all *.toml below it
  simulate FILE        replay a scenario; print the kernel log and the result of each step
  agree RECORDING ROWS poison a recorded machine as was done on a real kernel, and compare
  fidelity             write docs/fidelity.md: the comparison with real kernels; needs a checkout
  pictures --out DIR   write pictures of a scenario's first, middle and last step, and its log
  kernels FILE|FRAME   let an error happen under every modelled kernel, early and late, and compare
  records FILE...      list the memory errors that a machine recorded: logs, traces, databases, counters
  capture OUT          write a snapshot of this machine's memory, to open on another machine; needs root
  chart NAME FILE...   write a chart of a machine or its errors: OUT ends in .png .svg .csv; without NAME, list them
  changed OLD NEW      compare two snapshots: flags, kinds, broken frames, who maps what
  make-machine OUT     make up a machine of any size, and write it as a snapshot
  dram FRAME|FAULT     say where a frame lies in DRAM, and which frames a row, bank or DIMM has
  assess MACHINE...    say what an error in each frame would do, early and late, and what is most dangerous
  report FILE          write what the errors of a scenario did, and why, as Markdown
  render FILE --to OUT write a page for the browser, a picture or a film: OUT ends in .html .png .svg .gif .mp4

examples:
  hwpoison-gui                           a small desktop machine; click a frame to poison it
  hwpoison-gui demo.toml                 open a scenario, and go through it step by step
  hwpoison-gui --present demo.toml       the same full screen, for a projector and a remote
  hwpoison-gui demo.toml --at 3.12       the same at step 12 of operation 3
  hwpoison-gui mine.hwsession            what was done before, where it was left
  hwpoison-gui victim_before.npz         the recorded memory of a real machine
  hwpoison-gui dmesg.txt                 the errors that really happened, on an empty map
  sudo hwpoison-gui --live               a copy of this machine's memory; the real one is only read
  sudo hwpoison-gui capture --anonymize mine.npz     the same as a file to take home or to send
  hwpoison-gui check scenarios/          exit status 0: all hold, 1: one differs, 2: a file is bad
  hwpoison-gui simulate --json demo.toml | jq .result
  hwpoison-gui simulate --on server.npz steps.toml   the steps on a recorded machine
  hwpoison-gui assess --by process server.npz        which process would be hit most
  hwpoison-gui assess --jobs 8 --csv fleet/          the same of all snapshots below a folder

`hwpoison-gui COMMAND --help` describes one command; a file named like a command is ./check.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (default: sys.argv). Returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # No linear algebra is done here; starting threads for it would only take time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with terminal.shown():
        try:
            status = _run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            terminal.discard_output()
            return PIPE_CLOSED
        except terminal.OutputError as error:
            terminal.discard_output()
            return complain(error)
        except KeyboardInterrupt:
            return terminal.INTERRUPTED
    return status


def _run(arguments: Sequence[str]) -> int:
    """A command, or else the window."""
    if arguments and arguments[0] in COMMANDS:
        from importlib import import_module  # imported here to keep start-up fast

        command = import_module(f"hwpoison_gui.commands.{arguments[0].replace('-', '_')}")
        return int(command.run(arguments[1:]))
    if arguments and _is_word(arguments[0]):
        return complain(_no_command(arguments[0]))
    return _window(arguments)


def _is_word(argument: str) -> bool:
    """Return whether an argument looks like a command, and is no file."""
    return argument.replace("-", "").isalpha() and argument[0] != "-" and not Path(argument).exists()


def _no_command(word: str) -> str:
    from difflib import get_close_matches  # imported here to keep start-up fast

    near = " or ".join(get_close_matches(word, COMMANDS))
    return f"{word}: neither a command nor a file" + (f"; did you mean {near}?" if near else "; --help lists commands")


def _window(arguments: Sequence[str]) -> int:
    options = _to_open(arguments)
    files = (options.present,) if options.present else options.files
    missing = next((file for file in files if not file.exists()), None)
    if missing is not None:
        return complain(f"{missing}: no such file")
    # Until the window is complete there is no garbage; looking for it would take a tenth of start-up.
    gc.disable()
    quick_numpy.load()
    # Before Qt is loaded: a bad file is reported without a window.
    start = _start(options)
    if start is None:
        gc.enable()
        return BAD_FILE
    from hwpoison_gui.gui.app import qt

    qt.load()
    from hwpoison_gui.gui.app.run import run

    present, plain = options.present is not None, not files and not options.live
    status: int = run(start, live=options.live, present=present, at_moment=options.at is not None, page=plain)
    return status


class _ToOpen(Record):
    """The window to open: `files`, `present` or neither; `at`: timeline position; `live`: memory of this machine."""

    files: Sequence[Path] = ()
    present: Path | None = None
    live: bool = False
    at: str | None = None


def _to_open(arguments: Sequence[str]) -> _ToOpen:
    if not arguments:
        return _ToOpen()  # without arguments argparse need not be imported
    import argparse

    parser = argparse.ArgumentParser(
        prog="hwpoison-gui",
        usage=_USAGE,
        description="See how Linux survives broken memory: a model of memory_failure() on real memory.",
        epilog=_COMMANDS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--present", type=Path, metavar="FILE", help="present a scenario full screen")
    what.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        default=[],
        help="a session, a scenario, a snapshot or recording of memory; a second one to compare it with; error records "
        "to overlay on it: kernel logs, traces, databases of rasdaemon; error records alone are opened on an empty map",
    )
    what.add_argument("--live", action="store_true", help="open a copy of this machine's own memory")
    parser.add_argument("--at", metavar="MOMENT", help="timeline position of the file: OPERATION.STEP, as in 3.12")
    options = parser.parse_args(arguments)
    if options.at is not None and not options.files and options.present is None:
        parser.error("--at needs a file")
    return _ToOpen(**vars(options))


def _start(options: _ToOpen) -> Start | None:
    """Return what the window shows first; None after reporting a bad file or timeline position."""
    from hwpoison_gui.opening.start import start_of, start_of_desktop

    files = (options.present,) if options.present else options.files
    if not files:
        return start_of_desktop()
    from hwpoison_gui.commands.reporting import Reported
    from hwpoison_gui.opening.opening import at_moment
    from hwpoison_gui.opening.start import open_to_present, start_of_large

    file = files[0]
    with Reported(file):
        large = start_of_large(*files) if len(files) <= _PAIR and not options.present and options.at is None else None
        if large is not None:
            return large
        opened = open_to_present(file) if options.present else _opened(files)
        if opened.failed:  # the audience sees it at the last stop
            complain(f"{file}: {opened.failed}; presented up to the step before", GOOD)
        return start_of(opened if options.at is None else at_moment(opened, options.at))
    return None


def _opened(files: Sequence[Path]) -> Opened:
    """Open a machine with the error records of the other files over it, or error records alone on an empty map.

    A second machine is compared with the first.

    Raises
    ------
    ScenarioError, SourceError, OSError
        Also for a third machine.
    """
    from hwpoison_gui.opening import opening
    from hwpoison_gui.opening.overlay import overlaid
    from hwpoison_gui.opening.real_errors import read_alone, read_errors
    from hwpoison_gui.session.errors import ScenarioError
    from hwpoison_gui.sources.recognise import Reader, form_of

    machines = [file for file in files if form_of(file).reader is not Reader.RECORDS]
    if len(machines) > _PAIR:
        why = "one machine, or two to compare, at a time; further files must be error records"
        raise ScenarioError(why, file=str(machines[_PAIR]))
    opened = opening.open_file(machines[0]) if machines else None
    if opened is not None and len(machines) == _PAIR:
        from hwpoison_gui.opening.second_snapshot import read_second

        waiting = opening.machine_in, opening.nobody_waits, opening.nobody_cancels
        second = read_second(machines[1], *waiting)
        opened = opened._replace(second=second.side, second_files=second.files)
    logs = [file for file in files if file not in machines]
    if opened is not None and not logs:
        return opened
    if opened is None:
        return opening.on_empty_map(read_alone(logs, opening.nobody_waits, opening.nobody_cancels))
    errors = read_errors(logs, opening.nobody_waits, opening.nobody_cancels)
    return overlaid(opened, errors)
