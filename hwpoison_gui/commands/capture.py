"""The command `capture`: a snapshot of this machine's memory, for another machine to open."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hwpoison_gui import terminal
from hwpoison_gui.commands.arguments import command_parser
from hwpoison_gui.terminal import GOOD, INTERRUPTED, complain
from hwpoison_gui.view.words.words import counted

if TYPE_CHECKING:
    from hwpoison_gui.sources.assemble import Exported

PROC = Path("/proc")
Write = Callable[[Path], None]


def run(arguments: Sequence[str]) -> int:
    """Run the command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    if not options.force and options.out.is_file():
        return complain(f"{options.out}: exists already; --force writes over it")
    from hwpoison_gui.sources.errors import SourceError

    try:
        with terminal.Progress(options.progress) as progress:
            write, said = _raw(progress) if options.raw else _snapshot(options, progress)
            try:
                write(options.out)
            except OSError as error:
                return complain(f"{options.out}: cannot be written: {error.strerror or error}")
    except SourceError as error:
        return complain(error)
    except OSError as error:
        return complain(f"{error.filename or PROC}: cannot be read: {error.strerror or error}; nothing was written")
    except KeyboardInterrupt:
        return complain(f"{options.out}: cancelled, nothing was written", INTERRUPTED)
    except MemoryError:
        return complain(f"{PROC}: capturing this machine needs more memory than is free; nothing was written")
    print(f"{options.out}: {said}")
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "capture",
        description="Write a snapshot of this machine's memory: flags, counts and users of pages, never their content.",
        epilog="exit status: 0 written; 2 not written, or bad arguments. docs/snapshot-format.md describes the format.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="file to write, readable by its owner only")
    parser.add_argument(
        "--pid", type=int, action="append", default=[], metavar="PID", help="only this process (may be repeated)"
    )
    parser.add_argument("--force", action="store_true", help="write over OUT if it exists")
    names = parser.add_mutually_exclusive_group()
    names.add_argument("--no-names", action="store_true", help="omit names of processes, files, cgroups and host")
    names.add_argument("--anonymize", action="store_true", help="replace each name by a pseudonym of its own")
    names.add_argument("--raw", action="store_true", help="only page flags: 8 bytes per frame, as page-types -F reads")
    parser.add_argument("--progress", action="store_true", help="print the share that is done, for other programs")
    return parser


def _snapshot(options: argparse.Namespace, progress: terminal.Progress) -> tuple[Write, str]:
    """Read the machine. Returns what writes it to a file, and what was read in words."""
    from hwpoison_gui.sources import anonymous, live
    from hwpoison_gui.sources.recording_writer import save_snapshot

    exported = live.read(lambda share, doing: progress(0.9 * share, doing), proc=PROC, pids=options.pid)
    live.image_of(exported, PROC)  # what cannot be opened is not written
    if options.anonymize or options.no_names:
        exported = anonymous.anonymized(exported) if options.anonymize else anonymous.without_names(exported)
    progress(0.9, "writing")

    def cancelled() -> bool:
        progress(0.95, "writing")  # raises KeyboardInterrupt if the user has cancelled
        return False

    return lambda out: save_snapshot(exported, out, cancelled), _size(exported)


def _size(exported: Exported) -> str:
    """A line on what was read, and lines on what could not be."""
    from hwpoison_gui.sources.live import COPY_NOTE

    frames, processes = len(exported.kpageflags), len(exported.processes)
    size = f"{counted(frames, 'frame')}, {counted(processes, 'process', 'processes')}"
    return "\n".join([size, *(note for note in exported.notes if note != COPY_NOTE)])


def _raw(progress: terminal.Progress) -> tuple[Write, str]:
    """Do the same as `_snapshot` for page flags alone."""
    from hwpoison_gui import atomic_file
    from hwpoison_gui.sources.frames import check_readable, read_words
    from hwpoison_gui.sources.recording_writer import PRIVATE

    path = PROC / "kpageflags"
    check_readable(path)
    words = read_words(path, 0, lambda share: progress(share, "page flags"))
    return lambda out: atomic_file.write(out, words.astype("<u8").tobytes(), PRIVATE), f"{len(words):,} frames"
