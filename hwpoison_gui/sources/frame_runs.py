"""A column with one value per frame as runs of equal neighbours, as snapshots keep it (docs/snapshot-format.md).

A busy machine has runs of ten frames and some hundred different flag words: runs are as small as what zlib makes of the
words, and take a hundredth of the time to read. The map of a snapshot is painted from them, before anything else of it
is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.vma_table import U64

Integers = npt.NDArray[np.integer[Any]]

_LONGEST: Final = 0xFFFF  # frames of a run
_CHUNK: Final = 4 * _LONGEST
_PARTS: Final = ("run", "id", "word")


class FrameRuns(Record):
    """Runs of frames with equal values.

    Attributes
    ----------
    lengths
        Frames of each run, none of them 0; shape (runs,).
    ids
        Index into `words` of each run; shape (runs,).
    words
        The different values, ascending, in as few bytes as the greatest needs.
    """

    lengths: Integers
    ids: Integers
    words: Integers

    @property
    def frames(self) -> int:
        return int(self.lengths.sum(dtype=np.int64))

    def expanded(self) -> Integers:
        """The value of each frame, of the type of `words`."""
        column: Integers = np.repeat(self.words[self.ids], self.lengths)
        return column


def runs_of(column: Integers) -> FrameRuns:
    """The runs of a column, of at most 65,535 frames each."""
    starts = []
    for start in range(0, len(column), _CHUNK):
        part = column[start : start + _CHUNK]
        begins = np.ones(len(part), np.bool_)
        np.not_equal(part[1:], part[:-1], out=begins[1:])
        begins[::_LONGEST] = True
        starts.append(np.flatnonzero(begins) + start)
    heads = np.concatenate(starts) if starts else np.zeros(0, np.int64)
    words, ids = np.unique(column[heads], return_inverse=True)
    lengths = np.diff(heads, append=len(column)).astype(np.uint16)
    most = int(words.max()) if len(words) else 0
    return FrameRuns(lengths, ids.astype(np.min_scalar_type(len(words))), words.astype(np.min_scalar_type(most)))


def members(name: str) -> tuple[str, ...]:
    """The names of the arrays that hold a column."""
    return tuple(f"{name}_{part}" for part in _PARTS)


def arrays_of(name: str, column: Integers) -> dict[str, Integers]:
    """The arrays of a column by their names."""
    return dict(zip(members(name), runs_of(column), strict=True))


def runs_in(arrays: Mapping[str, Integers], name: str, most: int) -> FrameRuns | None:
    """The runs of a column of at most `most` frames; None if it is not stored as runs. Raises MalformedError."""
    names = members(name)
    if not any(one in arrays for one in names):
        return None
    missing = next((one for one in names if one not in arrays), None)
    if missing is not None:
        raise MalformedError(missing, "the array is missing")
    runs = FrameRuns(*(arrays[one] for one in names))
    if len(runs.ids) != len(runs.lengths):
        raise MalformedError(names[1], f"{len(runs.lengths)} runs expected, {len(runs.ids)} there")
    if len(runs.lengths) and (int(runs.lengths.min()) < 1 or int(runs.lengths.max()) > _LONGEST):
        raise MalformedError(names[0], f"runs of 1 to {_LONGEST} frames expected")
    if len(runs.ids) and not 0 <= int(runs.ids.min()) <= int(runs.ids.max()) < len(runs.words):
        raise MalformedError(names[1], f"an index that is not below {len(runs.words)}")
    if runs.frames > most:
        raise MalformedError(names[0], f"{runs.frames:,} frames; at most {most:,} are read")
    return runs


def expand(arrays: dict[str, Integers], names: Collection[str], most: int) -> None:
    """Put the column of each name that is kept as runs among the arrays, in their place. Raises MalformedError."""
    for name in names:
        runs = runs_in(arrays, name, most)
        if runs is not None:
            arrays[name] = runs.expanded()
            for member in members(name):
                del arrays[member]


def unsigned(words: Integers) -> U64:
    """Values as unsigned words of 64 bits. Raises MalformedError for a negative one."""
    if words.dtype.kind == "i" and len(words) and int(words.min()) < 0:
        raise MalformedError("", "a negative value")
    return words.astype(np.uint64, copy=False)
