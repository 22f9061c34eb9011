"""Reads error records for the window, with references to their files, so that a session can find them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.document import files
from hwpoison_gui.session.document.document import FileSet
from hwpoison_gui.session.document.load import MOST_MAPPED
from hwpoison_gui.sources.errors import SourceError, stop_if
from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records_file import read

if TYPE_CHECKING:
    from hwpoison_gui.image import MemoryImage
    from hwpoison_gui.kernel.profile.type import Profile

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]

_ROUNDED: Final = 1 << 12  # frames


class RealErrors(Record):
    """The history of one machine, and the files that it was read from."""

    history: History
    files: FileSet


def read_errors(paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> RealErrors:
    """Read files of one machine. Raises SourceError, OSError, CancelledError."""
    sources = [read(path, _ticks(number, paths, progress, cancelled)) for number, path in enumerate(paths)]
    progress(1.0, "merging the records")
    return RealErrors(history_of(sources), FileSet(files.refs_of(paths, partial(stop_if, cancelled))))


def read_alone(paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> RealErrors:
    """Read files that are opened without a machine. Raises also SourceError if they record no memory error at all."""
    errors = read_errors(paths, progress, cancelled)
    if not errors.history.records and not any(source.counts for source in errors.history.sources):
        from hwpoison_gui.view.words.words import counted

        more = f", nor in {counted(len(paths) - 1, 'further file')}" if len(paths) > 1 else ""
        raise SourceError(paths[0], "", f"no memory error is recorded in it{more}, so there is no map to open")
    return errors


def read_again(records: FileSet, session: Path, progress: Progress, cancelled: Cancelled) -> RealErrors:
    """Read the files that a session file refers to, after comparing them with the references.

    Raises
    ------
    ScenarioError
        One message that names all files that are missing or changed.
    SourceError, OSError, CancelledError
    """
    from hwpoison_gui.user.state import scratch

    with scratch() as folder:
        found = files.records(records, session, folder, partial(stop_if, cancelled))
        paths = [path for _, path in found]
        sources = [
            read(path, _ticks(number, paths, progress, cancelled))._replace(path=name)
            for number, (name, path) in enumerate(found)
        ]
    if records.archive is None:
        refs = tuple(ref._replace(path=name) for ref, (name, _) in zip(records.files, found, strict=True))
        return RealErrors(history_of(sources), FileSet(refs))
    archive = records.archive or str(session.absolute())
    return RealErrors(history_of(sources), records._replace(archive=archive))


def _ticks(number: int, paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> Callable[[float], None]:
    def tick(share: float) -> None:
        stop_if(cancelled)
        progress((number + share) / len(paths), f"reading {paths[number].name}")

    return tick


def frames_for(history: History) -> int:
    """The size of an empty map: up to the highest frame that is named, in steps of 16 MiB, at most 128 GiB."""
    needed = (history.highest or 0) + 1
    return min(MOST_MAPPED, -(-needed // _ROUNDED) * _ROUNDED)


def empty_image(history: History, frames: int) -> MemoryImage:
    """A machine without memory, which has frame numbers for error records."""
    import numpy as np

    from hwpoison_gui.image import MemoryImage
    from hwpoison_gui.kernel import page_flags as pf
    from hwpoison_gui.view.base.units import FRAME_SIZE, amount

    names = ", ".join(Path(source.path).name for source in history.sources)
    extent = "ends after the highest recorded frame" if history.highest is not None else "is empty: they name no frame"
    size = amount(frames * FRAME_SIZE)
    words = f"This machine has error records only, and no memory: the map of {size} {extent}."
    return MemoryImage(
        title=f"Error records of {names}",
        kpageflags=np.full(frames, pf.NOPAGE, np.uint64),
        kpagecount=np.zeros(frames, np.uint64),
        pagemap_pid=np.empty(0, np.int64),
        pagemap_va=np.empty(0, np.uint64),
        pagemap_entry=np.empty(0, np.uint64),
        processes=(),
        kernel=history.kernel,
        notes=(words, *beyond(history, frames), *history.notes),
    )


def other_kernel(history: History, kernel: tuple[int, int] | None, profile: Profile) -> list[str]:
    """Return a warning if the records are of another kernel than `kernel`, the machine's own, or than its model."""
    from hwpoison_gui.kernel.profile.registry import nearest

    if history.kernel is None or history.kernel == kernel:
        return []
    wrote = "The error records were written by Linux {}.{}".format(*history.kernel)
    if kernel is not None:
        return [f"{wrote}, but this machine runs Linux {kernel[0]}.{kernel[1]}."]
    if nearest(history.kernel).name == profile.name:
        return []
    return [f"{wrote}, but the machine is modelled as {'.'.join(map(str, profile.modelled))}."]


def beyond(history: History, frames: int) -> list[str]:
    """Return a warning if records name frames beyond the last one of a machine; an empty list if none does."""
    outside = [record.pfn for record in history.records if record.pfn is not None and record.pfn >= frames]
    if not outside:
        return []
    many = f"{len(outside):,} records name" if len(outside) > 1 else "One record names"
    kind = "frames" if len(outside) > 1 else "a frame"
    return [f"{many} {kind} beyond the last one, {frames - 1:#x}; the highest is {max(outside):#x}."]
