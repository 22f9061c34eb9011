"""The map of a file before its machine is booted: flag words are all that it takes, and they are read first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.view.map.plane import FramePlane

if TYPE_CHECKING:
    from hwpoison_gui.sources.frame_runs import FrameRuns

U64 = npt.NDArray[np.uint64]

_LEAST: Final = 1 << 20  # frames: fewer are read as fast as they are painted
_HUGE_PAGE: Final = 512


class Picture(Record):
    """The frames of a machine that is not open yet.

    `zone_starts`: reads the first frames of its zones (map/zones.py), which only a layout by zone needs.
    """

    plane: FramePlane
    zone_starts: Callable[[], tuple[int, ...]]


def picture_of(path: Path) -> Picture | None:
    """The frames of a snapshot, a recording or raw page flags, as they will be when it is open.

    None for other files, and where the frames cannot be known early: some may be left out, or added. Raises SourceError
    if they are damaged; nothing else of the file is looked at.
    """
    from hwpoison_gui.sources.recognise import Reader, form_of

    reader = form_of(path).reader
    if reader is Reader.RAW:
        return _of_raw(path)
    if reader not in (Reader.RECORDING, Reader.NOTES):
        return None
    from hwpoison_gui.sources.recording import first_frames

    found = first_frames(path)
    plane = _of_words(found) if isinstance(found, np.ndarray) else _of_runs(found)
    return None if plane is None else Picture(plane, partial(_zone_starts, path, plane.frames))


def _of_raw(path: Path) -> Picture | None:
    from hwpoison_gui.kernel.mmzone import zones_by_address
    from hwpoison_gui.sources.own_flags import own_flags
    from hwpoison_gui.sources.raw import words_in
    from hwpoison_gui.view.map.zones import starts_of

    if path.stat().st_size < 8 * _LEAST:
        return None
    plane = _of_words(own_flags(words_in(path)))
    return None if plane is None else Picture(plane, lambda: starts_of(zones_by_address(plane.frames)))


def _of_words(words: U64) -> FramePlane | None:
    from hwpoison_gui.sources.own_flags import MOST_WORDS

    if len(words) < _LEAST or _leaves_out(words[1 - _HUGE_PAGE :], len(words)):
        return None
    counts = np.broadcast_to(np.int32(0), len(words))
    try:
        plane = FramePlane(words, counts, counts)
    except OverflowError:  # more words than it holds: opening the file says so
        return None
    return plane if len(plane.words) <= MOST_WORDS + 1 else None  # id 0 stands for no word


def _of_runs(runs: FrameRuns) -> FramePlane | None:
    from hwpoison_gui.sources.own_flags import MOST_WORDS

    if runs.frames < _LEAST or len(runs.words) > MOST_WORDS or _ends_within_a_huge_page(runs):
        return None
    return FramePlane.picture(runs.words.astype(np.uint64), runs.lengths, runs.ids)


def _ends_within_a_huge_page(runs: FrameRuns) -> bool:
    """Return whether the last frames may be left out: a part of their huge page is missing."""
    last = slice(1 - _HUGE_PAGE, None)  # runs: at least as many frames
    tail = runs._replace(lengths=runs.lengths[last], ids=runs.ids[last])
    return _leaves_out(tail.expanded()[last].astype(np.uint64), runs.frames)


def _leaves_out(last: U64, frames: int) -> bool:
    from hwpoison_gui.sources.assemble import whole_frames

    return whole_frames(last, frames) < frames


def _zone_starts(path: Path, frames: int) -> tuple[int, ...]:
    """The first frames of the zones of a recording; (0,) where they are damaged, which opening it says."""
    from hwpoison_gui.kernel.mmzone import zones_by_address
    from hwpoison_gui.sources.errors import SourceError
    from hwpoison_gui.sources.recording import zones_in
    from hwpoison_gui.view.map.zones import starts_of

    try:
        return starts_of(zones_in(path) or zones_by_address(frames))
    except SourceError:
        return (0,)
