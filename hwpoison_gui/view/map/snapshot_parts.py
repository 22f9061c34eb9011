"""The parts of what changed between two snapshots: a row of a table each, with its frames for the filter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.kinds import KINDS
from hwpoison_gui.view.map.snapshots import (
    ONE_SIDE,
    POISONED,
    USERS,
    Bools,
    Changes,
    Owner,
    Side,
    kinds_of,
    lost_and_gained,
)

NOBODY: Final[Owner] = (0, "")
_MOST_PROCESSES: Final = 500
_OF_CODE: Final = {POISONED: "poisoned", ONE_SIDE: "one-only", USERS: "users"}  # as the lens calls these classes


class Part(Record):
    """Frames that changed in one way, of which one of the fields says which.

    Attributes
    ----------
    number : int
        From 1; the place in the table, which moves when another part comes before it.
    frames : int
        How many.
    code : int
        All frames with this number in `Changes.codes`; 0 for another part.
    healed : bool
        Frames that HWPOISON is gone from.
    kinds : tuple of int, optional
        Kinds of page, before and after.
    flag : str
        Name of a flag in lower case; `gained` says whether it is new.
    owner : tuple
        A process; `gained` says whether it maps the frames only in the new snapshot, or only in the old one.
    """

    number: int
    frames: int
    code: int = 0
    healed: bool = False
    kinds: tuple[int, int] | None = None
    flag: str = ""
    owner: Owner = NOBODY
    gained: bool = False

    @property
    def word(self) -> str:
        """Word of the filter for the change, whatever else changed: `poisoned`, `anon>free`, `+dirty`, `-nginx:4711`.

        Small letters without spaces or quotes. Parts of the same word have the same frames.
        """
        if self.code:
            return _OF_CODE[self.code]
        if self.healed:
            return "-hwpoison"
        if self.kinds is not None:
            old, new = (KINDS[kind].key for kind in self.kinds)
            return f"{old}>{new}"
        pid, comm = self.owner
        name = self.flag or f"{'-'.join(comm.lower().replace(chr(34), '').split())}:{pid}"
        return f"{'+' if self.gained else '-'}{name}"


def parts_of(changes: Changes) -> tuple[Part, ...]:
    """All parts: poison first, then kinds, flags, users, and the processes whose frames differ most."""
    found = (one for one in _parts(changes) if one.frames)
    return tuple(one._replace(number=number) for number, one in enumerate(found, 1))


def _parts(changes: Changes) -> Iterator[Part]:
    of_code = np.bincount(changes.codes, minlength=POISONED + 1).tolist()
    yield Part(0, of_code[POISONED], code=POISONED)
    yield Part(0, len(changes.poison_gone), healed=True)
    yield Part(0, of_code[ONE_SIDE], code=ONE_SIDE)
    for kind in changes.kinds:
        yield Part(0, kind.frames, kinds=(kind.old, kind.new))
    for flag in changes.flags:
        yield Part(0, flag.gone, flag=flag.flag)
        yield Part(0, flag.new, flag=flag.flag, gained=True)
    yield Part(0, of_code[USERS], code=USERS)
    for process in changes.processes[:_MOST_PROCESSES]:
        yield Part(0, process.lost, owner=process.owner)
        yield Part(0, process.gained, owner=process.owner, gained=True)


def frames_in(part: Part, old: Side, new: Side, changes: Changes) -> Bools:
    """The frames of a part, as a mask over those of `changes.codes`."""
    mask: Bools = np.zeros(len(changes.codes), np.bool_)
    if part.code:
        mask |= changes.codes == part.code
    elif part.healed:
        mask[changes.poison_gone] = True
    elif part.owner != NOBODY:
        mask[lost_and_gained(old, new, part.owner, changes.compared)[part.gained]] = True
    else:
        before, after = old.words[: changes.compared], new.words[: changes.compared]
        pfns = np.flatnonzero(before != after)
        before, after = before[pfns], after[pfns]
        if part.kinds is not None:
            mask[pfns[(kinds_of(before) == part.kinds[0]) & (kinds_of(after) == part.kinds[1])]] = True
        else:
            bit = np.uint64(1 << pf.BY_NAME[part.flag.upper()].bit)
            mask[pfns[((after & ~before if part.gained else before & ~after) & bit) != 0]] = True
    return mask
