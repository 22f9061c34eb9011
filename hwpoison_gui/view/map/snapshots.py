"""Changes between two snapshots of a machine: flags, kinds, poisoned frames, and the frames that processes map.

Frames are compared by their numbers. A page that moved is a change of two frames.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import Capture, MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT, label_of
from hwpoison_gui.record import Record
from hwpoison_gui.sources.assemble import PFN_MASK, PRESENT
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.kinds import kind_of
from hwpoison_gui.view.words.words import counted

Bools = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Owner = tuple[int, str]  # pid and name of a process

THIS_MACHINE: Final = "this machine"

BOTH: Final = "in both"
GONE: Final = "gone"
NEW: Final = "new"

# What became of a frame, by rising importance; also the numbers of `Changes.codes`.
NO_PAGE, SAME, USERS, FLAGS, FREED, ALLOCATED, KIND, ONE_SIDE, POISONED = range(1, 10)

_CHUNK: Final = 1 << 18  # frames at a time
_MOST_STRANGERS: Final = 0.5  # share of the processes that a machine has in common with itself, at least
_HWPOISON: Final = np.uint64(pf.HWPOISON)
_NOPAGE: Final = np.uint64(pf.NOPAGE)


class Side(Record):
    """One of two snapshots.

    Attributes
    ----------
    title : str
        What it is called.
    words : ndarray of uint64, shape (frames,)
        Flag words, as /proc/kpageflags has them.
    mapcounts : ndarray of integers, shape (frames,)
        As /proc/kpagecount has them.
    mapped : dict
        The frames that each process maps, ascending, each once; empty if that is not known.
    kernel : tuple of int, optional
        Version of its kernel.
    capture : Capture
        When its memory was read, and in which boot.
    """

    title: str
    words: U64
    mapcounts: npt.NDArray[np.integer[Any]]
    mapped: dict[Owner, I64]
    kernel: tuple[int, int] | None = None
    capture: Capture = Capture()


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
    owner: Owner


class Changes(Record):
    """Changes from one snapshot to another.

    Attributes
    ----------
    frames : tuple of int
        The frames of each; the first `compared` of them were compared.
    flag_words, mapcounts : int
        Frames with another flag word, and frames that are mapped another number of times.
    flags : tuple of FlagChange
        In the order of the flags' bits.
    kinds : tuple of KindChange
        Of frames with another kind, the most frames first.
    poison_gone, poison_new : ndarray of int64
        Frame numbers, ascending.
    owners : bool
        Whether both sides say which processes map which frames; without, `processes` is empty.
    processes : tuple of ProcessChange
        Those that differ, the most frames first.
    codes : ndarray of uint8, shape (frames of the old one,)
        What became of each frame: NO_PAGE to POISONED.
    doubts : tuple of str
        Why the two may be of different machines, or of different boots.
    titles : tuple of str
        What the two are called.
    times : tuple of float, optional
        When each was captured, in seconds since 1970; None if that is not known.
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
    codes: U8
    doubts: tuple[str, ...]
    titles: tuple[str, str] = ("", "")
    times: tuple[float | None, float | None] = (None, None)


# -- sides


def side_of_image(image: MemoryImage) -> Side:
    """A snapshot as it was recorded."""
    mapped = _mapped_in_image(image) if image.processes and not image.capture.pids else {}
    return Side(image.title, image.kpageflags, image.kpagecount, mapped, image.kernel, image.capture)


def _mapped_in_image(image: MemoryImage) -> dict[Owner, I64]:
    pfn = (image.pagemap_entry & PFN_MASK).astype(np.int64)
    shown = (image.pagemap_entry & PRESENT) != 0
    order = np.argsort(image.pagemap_pid[shown], kind="stable")
    pid, pfn = image.pagemap_pid[shown][order], pfn[shown][order]
    ends = {process.pid: np.searchsorted(pid, (process.pid, process.pid + 1)) for process in image.processes}
    return {
        (process.pid, process.comm): np.unique(pfn[slice(*ends[process.pid].tolist())]) for process in image.processes
    }


def side_of_machine(m: Machine, title: str) -> Generator[float, None, Side]:
    """A machine as it is now; yields the share done. It must not change while the side is used."""
    mapped, processes = dict[Owner, I64](), [] if m.capture.pids else list(m.living())
    for number, process in enumerate(processes):
        _, words = m.ptes.arrays(process.mm)
        present = words[(words & ptes.PRESENT) != 0]
        huge = present[(present & ptes.PSE) != 0] >> PAGE_SHIFT
        inside = (huge[:, None] + np.arange(HPAGE_PMD_NR)).ravel()
        mapped[process.tgid, process.comm] = np.unique(np.concatenate((present >> PAGE_SHIFT, inside)))
        yield number / len(processes)
    return Side(title, m.flags.view, m.mapcount.view, mapped, capture=m.capture)


# -- comparison


def in_order(one: Side, other: Side) -> tuple[Side, Side]:
    """The older and the newer one; as given where it is not known of both when they were captured."""
    first, second = one.capture.time, other.capture.time
    return (other, one) if first is not None and second is not None and second < first else (one, other)


def find_changes(old: Side, new: Side) -> Generator[float, None, Changes]:
    """Compare `new` with `old`, frame by frame, in slices; yields the share done, 0 to 1."""
    frames = len(old.words), len(new.words)
    compared = min(frames)
    codes: U8 = np.full(frames[0], ONE_SIDE, np.uint8)
    codes[compared:][(old.words[compared:] & _NOPAGE) != 0] = NO_PAGE
    differing, mapcounts = [np.zeros(0, np.int64)], 0
    for start in range(0, compared, _CHUNK):
        part = slice(start, min(start + _CHUNK, compared))
        counts = old.mapcounts[part].astype(np.int64) != new.mapcounts[part].astype(np.int64)
        mapcounts += int(np.count_nonzero(counts))
        other = old.words[part] != new.words[part]
        differing.append(np.flatnonzero(other) + start)
        codes[part] = np.where(counts, np.uint8(USERS), np.uint8(SAME))
        codes[part][~other & ((old.words[part] & _NOPAGE) != 0)] = NO_PAGE
        yield 0.5 * part.stop / compared
    pfns = np.concatenate(differing)
    before, after = old.words[pfns], new.words[pfns]
    gone, come = before & ~after, after & ~before
    kinds_before, kinds_after = kinds_of(before), kinds_of(after)
    yield 0.6
    owners = bool(old.mapped and new.mapped)
    processes = list[ProcessChange]()
    if owners:
        for number, owner in enumerate(dict.fromkeys((*old.mapped, *new.mapped))):
            processes += _process(old, new, owner, compared, codes)
            yield 0.6 + 0.4 * number / (len(old.mapped) + len(new.mapped))
    codes[pfns] = _codes(before, after, kinds_before, kinds_after)
    return Changes(
        frames=frames,
        compared=compared,
        flag_words=len(pfns),
        mapcounts=mapcounts,
        flags=tuple(_flags(gone, come)),
        kinds=_kinds(kinds_before, kinds_after),
        poison_gone=pfns[(gone & _HWPOISON) != 0],
        poison_new=pfns[(come & _HWPOISON) != 0],
        owners=owners,
        processes=tuple(sorted(processes, key=lambda one: (-one.lost - one.gained, one.label))),
        codes=codes,
        doubts=tuple(_doubts(old, new)),
        titles=(old.title, new.title),
        times=(old.capture.time, new.capture.time),
    )


def over_frames_of(side: Side, changes: Changes) -> Changes:
    """Return the same with a code for each frame of `side`, which is the old one or the new one."""
    codes: U8 = np.full(len(side.words), ONE_SIDE, np.uint8)
    codes[(side.words & _NOPAGE) != 0] = NO_PAGE
    codes[: changes.compared] = changes.codes[: changes.compared]
    return changes._replace(codes=codes)


def _codes(before: U64, after: U64, kinds_before: I64, kinds_after: I64) -> U8:
    """Return the codes of frames whose flag words differ."""
    found: U8 = np.full(len(before), FLAGS, np.uint8)
    found[kinds_before != kinds_after] = KIND
    found[(kinds_before != kinds.FREE) & (kinds_after == kinds.FREE)] = FREED
    found[(kinds_before == kinds.FREE) & (kinds_after != kinds.FREE)] = ALLOCATED
    found[((before ^ after) & _NOPAGE) != 0] = ONE_SIDE
    found[(after & ~before & _HWPOISON) != 0] = POISONED
    return found


def _flags(gone: U64, come: U64) -> Iterator[FlagChange]:
    for flag in pf.FLAGS:
        bit = np.uint64(1 << flag.bit)
        found = FlagChange(flag.name.lower(), *(int(np.count_nonzero(words & bit)) for words in (gone, come)))
        if found.gone or found.new:
            yield found


def _kinds(before: I64, after: I64) -> tuple[KindChange, ...]:
    """Pairs of kinds of frames whose flag words differ."""
    pairs, frames = np.unique(np.stack((before, after), 1), axis=0, return_counts=True)
    found = (KindChange(was, now, count) for (was, now), count in zip(pairs.tolist(), frames.tolist(), strict=True))
    return tuple(sorted((one for one in found if one.old != one.new), key=lambda one: (-one.frames, one)))


def kinds_of(words: U64) -> I64:
    """The kind of page of each flag word, by its id."""
    different, which = np.unique(words, return_inverse=True)
    return np.array([kind_of(word) for word in different.tolist()], np.int64)[which]


def _process(old: Side, new: Side, owner: Owner, compared: int, codes: U8) -> Iterator[ProcessChange]:
    """Yield the change in the frames that a process maps, if any; notes the frames in `codes`."""
    was, now = old.mapped.get(owner), new.mapped.get(owner)
    state = NEW if was is None else GONE if now is None else BOTH
    lost, gained = lost_and_gained(old, new, owner, compared)
    for frames in (lost, gained):
        codes[frames[codes[frames] == SAME]] = USERS
    if len(lost) or len(gained) or state != BOTH:
        before, after = (0 if frames is None else int(np.searchsorted(frames, compared)) for frames in (was, now))
        pid, comm = owner
        yield ProcessChange(label_of(comm, pid), state, before, after, len(lost), len(gained), owner)


def lost_and_gained(old: Side, new: Side, owner: Owner, compared: int) -> tuple[I64, I64]:
    """The frames that a process maps only in `old`, and only in `new`, of the first `compared`."""
    none = np.zeros(0, np.int64)
    was, now = old.mapped.get(owner, none), new.mapped.get(owner, none)
    lost = np.setdiff1d(was, now, assume_unique=True)
    gained = np.setdiff1d(now, was, assume_unique=True)
    return lost[lost < compared], gained[gained < compared]


def _doubts(old: Side, new: Side) -> Iterator[str]:
    """Why these may not be two snapshots of one boot of one machine."""
    frames = len(old.words), len(new.words)
    compared = min(frames)
    holes = np.count_nonzero((old.words[:compared] ^ new.words[:compared]) & _NOPAGE)
    if frames[0] != frames[1]:
        yield f"The sizes differ: only the first {compared:,} frames are compared."
    elif holes:
        frames_have = counted(int(holes), "frame has", "frames have")
        yield f"Memory is in other places: {frames_have} a page in only one of the two."
    if old.kernel is not None and new.kernel is not None and old.kernel != new.kernel:
        one, other = (".".join(map(str, kernel)) for kernel in (old.kernel, new.kernel))
        yield f"The kernels differ: Linux {one} and {other}."
    boots = {old.capture.boot, new.capture.boot}
    if "" not in boots:
        if len(boots) == 2:
            yield "The boot ids differ: these are two boots of one machine, or two machines."
        return
    fewest = min(len(old.mapped), len(new.mapped))
    common = len(old.mapped.keys() & new.mapped.keys())
    if fewest and common < _MOST_STRANGERS * fewest:
        yield (
            f"{common:,} of {counted(fewest, 'process', 'processes')} have the same pid and name in both: these may be "
            "two machines, or two boots of one."
        )
