"""Memory cgroups: to which one each frame was charged when the machine was recorded (mm/memcontrol.c).

Nobody has a limit in the model, so that nothing depends on them but what is counted by cgroup.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

_NONE = 0  # page_cgroup_ino() of a page that is charged to nobody


class PageMemcg(Record):
    """The memory cgroup of each frame.

    Attributes
    ----------
    of : array of int32
        A frame's place in `names`.
    names : tuple of str
        Paths below the root of the cgroup file system; `inode N` where the path is not known, empty for no cgroup.
    """

    of: npt.NDArray[np.int32]
    names: tuple[str, ...]


def page_memcg(inodes: npt.NDArray[np.uint64], paths: Mapping[int, str]) -> PageMemcg:
    """The memory cgroups of frames, by what /proc/kpagecgroup says of each."""
    found, of = np.unique(inodes, return_inverse=True)
    names = ("" if number == _NONE else paths.get(number) or f"inode {number}" for number in found.tolist())
    return PageMemcg(of.astype(np.int32), tuple(names))
