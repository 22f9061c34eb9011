"""The commands of the command line: each parses its arguments and calls what does the work.

Each imports what it needs; none of them opens the window.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui import terminal
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.reporting import Reported, write_text
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.terminal import BAD_FILE, GOOD, NOT_DONE, complain

if TYPE_CHECKING:
    from hwpoison_gui.dram.geometry import Geometry
    from hwpoison_gui.export.wanted import Wanted
    from hwpoison_gui.opening import Opened
    from hwpoison_gui.sources.records.event import Source
    from hwpoison_gui.stories import Machine

_SUBJECTS: Final = ("window", "map", "rmap", "outline", "stage")
_COMPLETE: Final = (
    "of a scenario with a step that fails, nothing is written; hwpoison-gui --present shows it up to there"
)
_STDIN: Final = "-"
_DESCRIPTORS: Final = (Path("/dev/fd"), Path("/proc/self/fd"))  # of pipes that the shell has opened
_ANY_FILE: Final = "a scenario, a saved session, a recording or raw page flags"


def _check(arguments: Sequence[str]) -> int:
    parser = _parser("check", "Replay scenarios and compare the results with what they expect.")
    parser.epilog = "exit status: 0 all hold, 1 one differs, 2 a file is bad"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"{_ANY_FILE}, or a folder of scenarios")
    parser.add_argument("--all", action="store_true", help="print every difference, not only a file's first")
    _add_machine(parser)
    options = parser.parse_args(arguments)
    from hwpoison_gui.session.scenario.check import check
    from hwpoison_gui.stories import story_of

    with Reported(options.on) as reported:
        on = _machine(options)
        return check(options.files, sys.stdout, options.all, lambda path: story_of(path, on))
    return reported.status


def _simulate(arguments: Sequence[str]) -> int:
    parser = _parser("simulate", "Replay a scenario; print the kernel log and the result of each step.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=f"{_ANY_FILE}; optional with --on or --live")
    parser.add_argument("--json", action="store_true", help="one JSON object per step and line")
    _add_machine(parser)
    options = parser.parse_args(arguments)
    if options.file is None and options.on is None and not options.live:
        parser.error("the following arguments are required: FILE")
    from hwpoison_gui.session.scenario.simulate import simulate
    from hwpoison_gui.stories import machine_alone, story_of

    with Reported(options.file or options.on) as reported:
        on = _machine(options)
        if options.file is None and on is not None:
            story = machine_alone(on(""))
        else:
            story = story_of(options.file, on)
        simulate(story, sys.stdout, as_json=options.json)
        return GOOD
    return reported.status


def _agree(arguments: Sequence[str]) -> int:
    parser = _parser("agree", "Poison a machine frame by frame, as was done on a real kernel, and compare.")
    parser.epilog = "exit status: 0 all rows agree, 1 one differs, 2 a file is bad"
    parser.add_argument(
        "recording",
        nargs="?",
        type=Path,
        metavar="RECORDING",
        help=f"the machine: {_ANY_FILE}",
    )
    parser.add_argument("rows", type=Path, metavar="ROWS", help="a .jsonl file with the outcome of each frame")
    parser.add_argument("--live", action="store_true", help="in place of RECORDING: a copy of this machine's memory")
    parser.add_argument("--hidden", action="store_true", help="also use NAME_hidden.npz: what Linux does not export")
    parser.add_argument("--json", action="store_true", help="one JSON object per row and line")
    options = parser.parse_args(arguments)
    if (options.recording is None) != options.live:
        parser.error("one of RECORDING and --live is required")
    from hwpoison_gui.session.fidelity.agreement import compare_on, report, report_json
    from hwpoison_gui.session.fidelity.recorded_rows import read_rows
    from hwpoison_gui.stories import session_for

    missing = [str(path) for path in (options.recording, options.rows) if path is not None and not path.exists()]
    if missing:
        return complain("\n".join(f"{path}: no such file" for path in missing), BAD_FILE)
    with Reported(options.rows) as reported:
        rows = read_rows(options.rows)
        found = list(compare_on(session_for(rows, options.recording, options.hidden), rows))
        (report_json if options.json else report)(found, sys.stdout)
        return GOOD if all(one.agrees for one in found) else NOT_DONE
    return reported.status


def _add_machine(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--on", type=Path, metavar="MACHINE", help=f"run the steps on another machine: {_ANY_FILE}")
    where.add_argument("--live", action="store_true", help="run the steps on a copy of this machine's own memory")


def _machine(options: argparse.Namespace) -> Machine | None:
    from hwpoison_gui.stories import machine_of

    return machine_of(options.on, options.live)


def _fidelity(arguments: Sequence[str]) -> int:
    parser = _parser("fidelity", "Compare with all recordings of a checkout and write the results.")
    parser.add_argument("--data", type=Path, default=Path("tests/data"), metavar="DIR", help="cases, traces and rows")
    parser.add_argument("--out", type=Path, default=Path("docs/fidelity.md"), metavar="FILE", help="file to write")
    kernels = Path("docs/kernels.md")
    parser.add_argument("--kernels", type=Path, default=kernels, metavar="FILE", help="file for how the kernels differ")
    parser.add_argument("--search", action="store_true", help="look again for cases that show a difference")
    options = parser.parse_args(arguments)
    from hwpoison_gui import resources
    from hwpoison_gui.session.fidelity import kernels_page, report, shown_by
    from hwpoison_gui.sources.recording import open_recording

    server = resources.path("machines/server.npz")
    try:
        exported, hidden = open_recording(server, hidden=False), open_recording(server, hidden=True)
        text = report.page(options.data, exported, hidden)
        shown_by.write(options.data, options.search, print)
        for path, page in ((options.out, text), (options.kernels, kernels_page.page(options.data))):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page)
    except ScenarioError as error:
        return complain(str(error), BAD_FILE)
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror or error}", BAD_FILE)
    return GOOD


def _pictures(arguments: Sequence[str]) -> int:
    parser = _parser("pictures", "Write pictures of a scenario's first, middle and last step, and its kernel log.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=f"{_ANY_FILE} (default: the first demo)")
    parser.add_argument("--live", action="store_true", help="in place of FILE: a copy of this machine's own memory")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; created if missing")
    options = parser.parse_args(arguments)
    if options.live and options.file is not None:
        parser.error("only one of FILE and --live")
    from hwpoison_gui.gui.app.pictures import write_pictures

    status: int = write_pictures(options.out, options.file, live=options.live)
    return status


def _records(arguments: Sequence[str]) -> int:
    parser = _parser("records", "List the memory errors that really happened, out of logs, traces and databases.")
    what = (
        "kernel log, journal, trace, database of rasdaemon, text of ras-mc-ctl or mcelog, node*/memory_failure; packed "
        "or not; a folder: all such files in it; - is standard input"
    )
    parser.epilog = "several files are of one machine: an error that several have is listed once"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=what)
    parser.add_argument("--json", action="store_true", help="one JSON object, as docs/records.md describes it")
    parser.add_argument("--kernel", default="", metavar="RELEASE", help="which kernel it was, if no file says: 6.12")
    how = "show errors in one row of DRAM as one fault, by this geometry: a name, or a file; see docs/geometry.md"
    parser.add_argument("--geometry", default="", metavar="G", help=how)
    options = parser.parse_args(arguments)
    from hwpoison_gui.dram.shipped import geometry_named
    from hwpoison_gui.export import records
    from hwpoison_gui.sources.records.history import history_of, version_of

    if options.kernel and version_of(options.kernel) is None:
        return complain(f"--kernel {options.kernel}: no version of a kernel, such as 6.12", BAD_FILE)
    with Reported(options.files[0]) as reported:
        geometry = geometry_named(options.geometry) if options.geometry else None
        files, skipped = _expanded(options.files)
        history = history_of([_source(path) for path in files], options.kernel)
        fitted = geometry.fitted((history.highest or 0) + 1) if geometry is not None else None
        write = records.as_json if options.json else records.as_text
        text = write(history, fitted, list(map(str, skipped)))
        sys.stdout.write(text)
        return GOOD
    return reported.status


def _expanded(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The files with error records that paths stand for, and the other files of the folders among them.

    Raises SourceError for a folder without records, OSError.
    """
    from hwpoison_gui.sources.errors import SourceError
    from hwpoison_gui.sources.records.read import records_in

    files, skipped = list[Path](), list[Path]()
    for path in paths:
        known, others = records_in(path) if path.is_dir() else ([path], [])
        if not known:
            raise SourceError(path, "", "a folder without error records, and without node*/memory_failure")
        files += known
        skipped += others
    return files, skipped


def _source(path: Path) -> Source:
    """The records in a file or in a pipe that the shell has opened. Raises SourceError, OSError."""
    from hwpoison_gui.sources.records.read import read, read_stream

    if str(path) == _STDIN:
        return read_stream(sys.stdin.buffer, "standard input")
    if path.is_fifo() and (str(path) == "/dev/stdin" or path.parent in _DESCRIPTORS):
        with open(path, "rb") as pipe:
            return read_stream(pipe, str(path))
    return read(path)


def _report(arguments: Sequence[str]) -> int:
    parser = _parser("report", "Write what the errors of a scenario did, and why, as Markdown for a bug report.")
    parser.add_argument("file", type=Path, metavar="FILE", help="a scenario")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.epilog = _COMPLETE
    options = parser.parse_args(arguments)
    from hwpoison_gui.export.report import report
    from hwpoison_gui.opening import open_file

    with Reported(options.file) as reported:
        opened = open_file(options.file)
        opened.session.seek(len(opened.session.steps))
        text = report(opened.session, opened.title)
        if options.out is not None:
            return write_text(options.out, text)
        sys.stdout.write(text)
        return GOOD
    return reported.status


def _render(arguments: Sequence[str]) -> int:
    parser = _parser("render", "Write a page for the browser, a picture or a film of what was done on a machine.")
    parser.epilog = (
        "the suffix of OUT decides: .html .png .svg .gif .apng .mp4 .webm; exit status: 0 made, 2 not made; "
    )
    parser.epilog += _COMPLETE
    parser.add_argument("file", type=Path, metavar="FILE", help="a scenario, or a saved session")
    parser.add_argument("--to", required=True, type=Path, metavar="OUT", help="file to write")
    parser.add_argument("--what", default="", choices=_SUBJECTS, help="of a picture: what it shows (default: window)")
    parser.add_argument("--size", default="", metavar="WxH", help="in pixels (default: 1280x720)")
    parser.add_argument("--scale", default=0, type=int, metavar="N", help="of .png: 2 to 4 times as fine")
    parser.add_argument("--fps", default=0, type=int, metavar="N", help="of a film: pictures a second")
    parser.add_argument(
        "--speed", default=0.0, type=float, metavar="X", help="of a film: 2 leaves half the time to read"
    )
    parser.add_argument("--theme", default="", metavar="NAME", help="dark, light or high-contrast (default: dark)")
    parser.add_argument("--steps", default="", metavar="A-B", help="timeline positions, not stops: of a picture, one")
    parser.add_argument("--reduced-motion", action="store_true", help="of a film: cuts instead of flights")
    parser.add_argument("--progress", action="store_true", help="print the share that is done, for other programs")
    options = parser.parse_args(arguments)
    from hwpoison_gui.export import wanted
    from hwpoison_gui.opening import open_file

    try:
        asked = wanted.wanted(options.to, options.what, options.size, options.scale, options.fps, options.speed,
                              options.theme, options.steps, not options.reduced_motion)  # fmt: skip
    except wanted.UnsuitedError as error:
        return complain(str(error), BAD_FILE)
    with Reported(options.file) as reported, terminal.Progress(options.progress) as progress:
        return _made(open_file(options.file), asked, options.file, progress)
    return reported.status


def _made(opened: Opened, wanted: Wanted, file: Path, progress: Callable[[float, str], None]) -> int:
    from hwpoison_gui.export.extras import MissingExtraError
    from hwpoison_gui.export.story import TooLongError
    from hwpoison_gui.export.wanted import PAGES, UnsuitedError

    try:
        if wanted.kind in PAGES:
            text = _page(opened, wanted)
            progress(1.0, "page")
            return write_text(wanted.out, text)
        from hwpoison_gui.gui.app.render import render

        render(opened, wanted, progress)
    except (UnsuitedError, TooLongError) as error:
        return complain(f"{file}: {error}", BAD_FILE)
    except MissingExtraError as error:
        return complain(str(error), BAD_FILE)
    except OSError as error:
        return complain(f"{wanted.out}: cannot be written: {error.strerror or error}", BAD_FILE)
    return GOOD


def _page(opened: Opened, wanted: Wanted) -> str:
    from hwpoison_gui.export.html import page
    from hwpoison_gui.export.story import story

    summary = opened.scenario.summary if opened.scenario is not None else ""
    first, last = wanted.within(opened.session)
    return page(story(opened.session, opened.title, summary, first, last))


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"hwpoison-gui {command}", description=description)


def _dram(arguments: Sequence[str]) -> int:
    parser = _parser("dram", "Say where a frame lies in DRAM, and which frames a fault of DRAM breaks.")
    parser.epilog = "exit status: 0 done, 2 a geometry is bad, or has no such part"
    what = "a frame 0x2416, a physical address, or a fault row:of:0x2416; without it, geometries are listed"
    parser.add_argument("what", nargs="?", metavar="FRAME|ADDRESS|FAULT", help=what)
    how = "a geometry by its name, or a file, NAME.toml; see docs/geometry.md"
    parser.add_argument("--geometry", metavar="G", help=f"{how} (default: plain, which is made up)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--on", type=Path, metavar="MACHINE", help=f"of another machine: {_ANY_FILE}")
    where.add_argument("--live", action="store_true", help="of this machine's own memory")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    from hwpoison_gui.dram.names import MADE_UP
    from hwpoison_gui.dram.shipped import geometry_named, keys, shipped
    from hwpoison_gui.export import dram

    with Reported(options.on) as reported:
        if options.what is None:
            listed = [geometry_named(options.geometry)] if options.geometry else [shipped(key) for key in keys()]
            width = shutil.get_terminal_size((120, 24)).columns
            text = dram.geometries_as_json(listed) if options.json else dram.geometries_as_text(listed, width)
        else:
            text = _place_of(options, geometry_named(options.geometry or MADE_UP))
        sys.stdout.write(text)
        return GOOD
    return reported.status


def _place_of(options: argparse.Namespace, geometry: Geometry) -> str:
    from hwpoison_gui.dram.fault import parse_fault
    from hwpoison_gui.export import dram
    from hwpoison_gui.view.base.dram import fitted_to
    from hwpoison_gui.view.base.frame_number import frame_taken

    machine = _machine(options)
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


def _of_module(name: str) -> Callable[[Sequence[str]], int]:
    """The command in a module of its own, which is imported when the command runs."""
    return lambda arguments: int(import_module(f"hwpoison_gui.{name}").run(arguments))


COMMANDS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "check": _check,
    "simulate": _simulate,
    "agree": _agree,
    "fidelity": _fidelity,
    "pictures": _pictures,
    "kernels": _of_module("command_kernels"),
    "records": _records,
    "assess": _of_module("command_assess"),
    "report": _report,
    "render": _render,
    "dram": _dram,
    "capture": _of_module("command_capture"),
    "changed": _of_module("command_changed"),
    "chart": _of_module("command_chart"),
    "make-machine": _of_module("command_make_machine"),
}
