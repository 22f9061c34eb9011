"""The command `records`: the memory errors that really happened, out of logs, traces and databases."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui.commands.arguments import command_parser
from hwpoison_gui.commands.reporting import Reported
from hwpoison_gui.terminal import BAD_FILE, GOOD, complain

if TYPE_CHECKING:
    from hwpoison_gui.sources.records.event import Source

_STDIN: Final = "-"
_DESCRIPTORS: Final = (Path("/dev/fd"), Path("/proc/self/fd"))  # folders of pipes that the shell has opened


def run(arguments: Sequence[str]) -> int:
    """Read the files and list the errors; returns the exit status."""
    parser = command_parser(
        "records", "List the memory errors that really happened, out of logs, traces and databases."
    )
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
    from hwpoison_gui.sources.records_file import records_in

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
    from hwpoison_gui.sources.records_file import read, read_stream

    if str(path) == _STDIN:
        return read_stream(sys.stdin.buffer, "standard input")
    if path.is_fifo() and (str(path) == "/dev/stdin" or path.parent in _DESCRIPTORS):
        with open(path, "rb") as pipe:
            return read_stream(pipe, str(path))
    return read(path)
