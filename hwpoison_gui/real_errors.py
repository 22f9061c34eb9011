"""Opens records of real errors: to lay them over the machine that is open, or on an empty map of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hwpoison_gui.opening import Cancelled, Opened, Progress, from_image, open_file
from hwpoison_gui.sources.errors import CancelledError
from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records.read import read

MOST_MAPPED: Final = 1 << 25  # frames of an empty map: 128 GiB
_ROUNDED: Final = 1 << 12  # frames


def read_history(paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> History:
    """The history of files of one machine. Raises SourceError, OSError, CancelledError."""
    sources = [read(path, _ticks(number, paths, progress, cancelled)) for number, path in enumerate(paths)]
    progress(1.0, "comparing the sources")
    return history_of(sources)


def _ticks(number: int, paths: Sequence[Path], progress: Progress, cancelled: Cancelled) -> Callable[[float], None]:
    def tick(share: float) -> None:
        if cancelled():
            raise CancelledError
        progress((number + share) / len(paths), f"reading {paths[number].name}")

    return tick


def frames_for(history: History) -> int:
    """The size of an empty map: up to the highest frame that is named, in steps of 16 MiB, at most 128 GiB."""
    needed = (history.highest or 0) + 1
    return min(MOST_MAPPED, -(-needed // _ROUNDED) * _ROUNDED)


def on_empty_map(history: History) -> Opened:
    """A machine without memory, as large as the records need, under the profile nearest to their kernel."""
    import numpy as np

    from hwpoison_gui.kernel import page_flags as pf
    from hwpoison_gui.kernel.image import MemoryImage
    from hwpoison_gui.view.base.units import FRAME_SIZE, amount

    frames = frames_for(history)
    names = ", ".join(Path(source.path).name for source in history.sources)
    title = f"Error records of {names}"
    words = f"an empty map of {amount(frames * FRAME_SIZE)}, as large as the highest recorded frame needs"
    notes = [f"There is no memory here: {words}.", *beyond(history, frames), *history.notes]
    image = MemoryImage(
        title=title,
        kpageflags=np.full(frames, pf.NOPAGE, np.uint64),
        kpagecount=np.zeros(frames, np.uint64),
        pagemap_pid=np.empty(0, np.int64),
        pagemap_va=np.empty(0, np.uint64),
        pagemap_entry=np.empty(0, np.uint64),
        processes=(),
        kernel=history.kernel,
        notes=tuple(notes),
    )
    return from_image(image)._replace(history=history)


def beyond(history: History, frames: int) -> list[str]:
    """That records lie beyond the last frame of a machine; empty if none does."""
    outside = [record.pfn for record in history.records if record.pfn is not None and record.pfn >= frames]
    if not outside:
        return []
    many = f"{len(outside):,} records are" if len(outside) > 1 else "One record is"
    return [f"{many} of frames beyond the last one, {frames - 1:#x}; the highest is {max(outside):#x}."]


def open_any(path: Path) -> Opened:
    """As `open_file`; a file of records is opened on an empty map. Raises what both raise."""
    from hwpoison_gui.sources.recognise import Reader, form_of

    if form_of(path).reader is not Reader.RECORDS:
        return open_file(path)
    return on_empty_map(history_of([read(path)]))
