"""What changed between two snapshots of a machine: flags, kinds, broken frames, and who maps what.

Frames are compared by their numbers. A page that moved is a change of two frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.image import MemoryImage
from hwpoison_gui.record import Record
from hwpoison_gui.sources.assemble import PFN_MASK, PRESENT
from hwpoison_gui.view.base.kinds import kind_of

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

BOTH: Final = "in both"
GONE: Final = "gone"
NEW: Final = "new"


class FlagChange(Record):
    """Frames that a flag is gone from, and frames that it is new in; `flag` is its name in lower case."""

    flag: str
    gone: int
    new: int


class KindChange(Record):
    """Frames that were of the kind `old` and are of the kind `new`, by their ids."""

    old: int
    new: int
    frames: int


class ProcessChange(Record):
    """The frames that a process maps: how many before and after, and how many of them differ.

    A process is the same if it has the same pid and name; `state` is BOTH, GONE or NEW.
    """

    label: str
    state: str
    before: int
    after: int
    lost: int
    gained: int


class Changes(Record):
    """What changed between two images.

    Attributes
    ----------
    frames : tuple of int
        The frames of each image; the first `compared` of them were compared.
    flag_words, mapcounts : int
        Frames with another flag word, and frames that are mapped another number of times.
    flags : tuple of FlagChange
        In the order of the flags' bits.
    kinds : tuple of KindChange
        Of frames with another kind, the most frames first.
    poison_gone, poison_new : ndarray of int64
        Frame numbers, ascending.
    owners : bool
        Whether both images say which processes map which frames; without, `processes` is empty.
    processes : tuple of ProcessChange
        Those that differ, the most frames first.
    """

    frames: tuple[int, int]
    compared: int
    flag_words: int
    mapcounts: int
    flags: tuple[FlagChange, ...]
    kinds: tuple[KindChange, ...]
    poison_gone: I64
    poison_new: I64
    owners: bool
    processes: tuple[ProcessChange, ...]


def find_changes(old: MemoryImage, new: MemoryImage) -> Changes:
    """What is different in the image `new`; neither is changed."""
    frames = len(old.kpageflags), len(new.kpageflags)
    compared = min(frames)
    pfns = np.flatnonzero(old.kpageflags[:compared] != new.kpageflags[:compared])
    before, after = old.kpageflags[pfns], new.kpageflags[pfns]
    gone, come = before & ~after, after & ~before
    poison = np.uint64(pf.HWPOISON)
    owners = bool(old.processes and new.processes)
    return Changes(
        frames=frames,
        compared=compared,
        flag_words=len(pfns),
        mapcounts=int(np.count_nonzero(old.kpagecount[:compared] != new.kpagecount[:compared])),
        flags=tuple(_flags(gone, come)),
        kinds=_kinds(before, after),
        poison_gone=pfns[(gone & poison) != 0],
        poison_new=pfns[(come & poison) != 0],
        owners=owners,
        processes=_processes(old, new, compared) if owners else (),
    )


def _flags(gone: U64, come: U64) -> Iterator[FlagChange]:
    for flag in pf.FLAGS:
        bit = np.uint64(1 << flag.bit)
        found = FlagChange(flag.name.lower(), *(int(np.count_nonzero(words & bit)) for words in (gone, come)))
        if found.gone or found.new:
            yield found


def _kinds(before: U64, after: U64) -> tuple[KindChange, ...]:
    """Pairs of kinds of frames whose flag words differ."""
    pairs, frames = np.unique(np.stack((_kinds_of(before), _kinds_of(after)), 1), axis=0, return_counts=True)
    found = (KindChange(was, now, count) for (was, now), count in zip(pairs.tolist(), frames.tolist(), strict=True))
    return tuple(sorted((one for one in found if one.old != one.new), key=lambda one: (-one.frames, one)))


def _kinds_of(words: U64) -> I64:
    different, which = np.unique(words, return_inverse=True)
    return np.array([kind_of(word) for word in different.tolist()], np.int64)[which]


def _processes(old: MemoryImage, new: MemoryImage, compared: int) -> tuple[ProcessChange, ...]:
    found = []
    before, after = _mapped_by(old, compared), _mapped_by(new, compared)
    for one in dict.fromkeys((*before, *after)):
        was, now = before.get(one), after.get(one)
        state = NEW if was is None else GONE if now is None else BOTH
        one_was, one_now = (np.zeros(0, np.int64) if frames is None else frames for frames in (was, now))
        lost = len(np.setdiff1d(one_was, one_now, assume_unique=True))
        gained = len(np.setdiff1d(one_now, one_was, assume_unique=True))
        if lost or gained or state != BOTH:
            pid, comm = one
            found.append(ProcessChange(f"{comm}:{pid}", state, len(one_was), len(one_now), lost, gained))
    return tuple(sorted(found, key=lambda one: (-one.lost - one.gained, one.label)))


def _mapped_by(image: MemoryImage, compared: int) -> dict[tuple[int, str], I64]:
    """The frames that each process maps, each once, by pid and name."""
    pfn = (image.pagemap_entry & PFN_MASK).astype(np.int64)
    shown = ((image.pagemap_entry & PRESENT) != 0) & (pfn < compared)
    order = np.argsort(image.pagemap_pid[shown], kind="stable")
    pid, pfn = image.pagemap_pid[shown][order], pfn[shown][order]
    ends = {process.pid: np.searchsorted(pid, (process.pid, process.pid + 1)) for process in image.processes}
    return {
        (process.pid, process.comm): np.unique(pfn[slice(*ends[process.pid].tolist())]) for process in image.processes
    }
