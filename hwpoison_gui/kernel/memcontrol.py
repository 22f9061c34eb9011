"""Memory cgroups: to which one each frame is charged (mm/memcontrol.c).

No cgroup has a limit in the model, so that only what is counted by cgroup and the filter of injected errors depend on
them. Nobody exports the cgroup of a process. A page that is charged after the recording, and each one of a made
machine, is therefore taken as charged to the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

from . import page_flags as pf

if TYPE_CHECKING:
    from .machine import Machine

ROOT_INO: Final = 1  # inode number of the root of a cgroup file system (kernfs)

_NONE: Final = 0  # page_cgroup_ino() of a page that is charged to nobody
_AT_ONCE: Final = 1 << 16  # frames per pass: intermediate arrays of this size stay in the CPU cache
_CHARGED: Final = pf.LRU | pf.ANON | pf.SWAPCACHE  # pages of processes and files


class PageMemcg(Record):
    """The memory cgroup of each frame when the machine was recorded.

    Attributes
    ----------
    of : array of unsigned integers
        A frame's place in `names`, in as few bytes as they need.
    names : tuple of str
        Paths below the root of the cgroup file system; `inode N` where the path is not known, empty for no cgroup.
    inodes : tuple of int
        Their inode numbers; 0 for no cgroup.
    """

    of: npt.NDArray[np.unsignedinteger[Any]]
    names: tuple[str, ...]
    inodes: tuple[int, ...]


def page_memcg(inodes: npt.NDArray[np.uint64], paths: Mapping[int, str]) -> PageMemcg:
    """The memory cgroups of frames, by what /proc/kpagecgroup says of each."""
    pieces = [inodes[start : start + _AT_ONCE] for start in range(0, len(inodes), _AT_ONCE)]
    known: set[int] = set()
    for piece in pieces:
        known.update(piece[:1].tolist(), piece[1:][piece[1:] != piece[:-1]].tolist())
    numbers = tuple(sorted(known))
    names = ("" if number == _NONE else paths.get(number) or f"inode {number}" for number in numbers)
    of = np.zeros(len(inodes), np.min_scalar_type(len(numbers)))
    for number, piece in enumerate(pieces):
        places = np.searchsorted(np.array(numbers, np.uint64), piece)
        of[number * _AT_ONCE : number * _AT_ONCE + len(piece)] = places
    return PageMemcg(of, tuple(names), numbers)


def page_cgroup_ino(m: Machine, pfn: int) -> int:
    """The inode number of the cgroup that a page is charged to, 0 for none.

    Before 6.4 a tail of a compound page is charged to none. Pages of hugetlb are charged only with the mount option
    memory_hugetlb_accounting, which is not modelled.
    """
    word = m.page(pfn)
    if word & pf.COMPOUND_TAIL:
        if not m.profile.has("cgroup_of_the_folio"):
            return _NONE
        pfn = m.compound_head(pfn)
        word = m.page(pfn)
    if word & pf.HUGE:
        return _NONE
    charged = m.charged.view.get(pfn)
    if charged is None and m.memcg is not None:
        charged = m.memcg.inodes[m.memcg.of[pfn]]
    return charged or (ROOT_INO if word & _CHARGED else _NONE)


def page_cgroup_inos(m: Machine, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """`page_cgroup_ino` of many frames, none of which is a tail."""
    words = m.flags.view[pfns]
    if m.memcg is not None:
        found: npt.NDArray[np.uint64] = np.array(m.memcg.inodes, np.uint64)[m.memcg.of[pfns]]
        if m.charged.view:
            changed = np.array(sorted(m.charged.view.items()), np.uint64)
            at = np.minimum(np.searchsorted(changed[:, 0], pfns.astype(np.uint64)), len(changed) - 1)
            since = changed[at, 0] == pfns
            found[since] = changed[at[since], 1]
    else:
        found = np.zeros(len(pfns), np.uint64)
    found[(found == 0) & (words & np.uint64(_CHARGED) != 0)] = ROOT_INO
    found[words & np.uint64(pf.HUGE) != 0] = _NONE
    return found


def uncharge(m: Machine, pfn: int) -> None:
    """mem_cgroup_uncharge(): the frame is free, and charged to nobody. Only a recording said that it was charged."""
    if m.memcg is not None and m.charged.view.get(pfn, m.memcg.inodes[m.memcg.of[pfn]]):
        m.put(m.charged, pfn, _NONE)


def charge_as(m: Machine, pfns: range, other: int) -> None:
    """mem_cgroup_migrate(), split_page_memcg(): charge frames to the cgroup of another one."""
    if m.memcg is not None:
        number = page_cgroup_ino(m, other)
        for pfn in pfns:
            m.put(m.charged, pfn, number)
