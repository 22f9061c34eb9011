"""The map of a file before its machine is booted: flag words are all that it takes, and they are read first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.base.intern import MOST
from hwpoison_gui.view.map.plane import FramePlane

if TYPE_CHECKING:
    from hwpoison_gui.sources.frame_runs import FrameRuns

_LEAST: Final = 1 << 20  # frames: fewer are read as fast as they are painted
_HUGE_PAGE: Final = 512


def picture_of(path: Path) -> FramePlane | None:
    """The frames of a snapshot or of raw page flags, as they will be when it is open.

    None for other files, and where the frames cannot be known early: some may be left out, or added. Raises SourceError
    if they are damaged; nothing else of the file is looked at.
    """
    from hwpoison_gui.sources.recognise import Reader, form_of

    reader = form_of(path).reader
    if reader is Reader.RAW:
        return _of_words(path)
    if reader is not Reader.RECORDING or path.suffix == ".json":
        return None
    from hwpoison_gui.sources.recording import first_frames

    runs = first_frames(path)
    if runs is None or runs.frames < _LEAST or len(runs.words) >= MOST or _ends_within_a_huge_page(runs):
        return None
    return FramePlane.picture(runs.words.astype(np.uint64), runs.lengths, runs.ids)


def _of_words(path: Path) -> FramePlane | None:
    from hwpoison_gui.sources.own_flags import own_flags
    from hwpoison_gui.sources.raw import words_in

    if path.stat().st_size < 8 * _LEAST:
        return None
    words = own_flags(words_in(path))
    if _leaves_out(words[1 - _HUGE_PAGE :], len(words)):
        return None
    counts = np.broadcast_to(np.int32(0), len(words))
    return FramePlane(words, counts, counts)


def _ends_within_a_huge_page(runs: FrameRuns) -> bool:
    """Whether the last frames may be left out: a part of their huge page is missing."""
    last = slice(1 - _HUGE_PAGE, None)  # runs: at least as many frames
    tail = runs._replace(lengths=runs.lengths[last], ids=runs.ids[last])
    return _leaves_out(tail.expanded()[last].astype(np.uint64), runs.frames)


def _leaves_out(last: npt.NDArray[np.uint64], frames: int) -> bool:
    from hwpoison_gui.sources.assemble import whole_frames

    return whole_frames(last, frames) < frames
