"""View of each frame by the filters of the injector, as bits that no flag word has.

While the filters are on, two frames are of one class only if the filters see them alike. What they ask for besides the
flag words, which are part of every key, is added to the words: device, memory cgroup, and the flags of the head.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.memcontrol import page_cgroup_inos
from hwpoison_gui.kernel.page_mapping import mapping_number, of_files

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

# Above the flags of page_flags.py.
_DEVICE: Final = np.uint64(1 << 63)
_CGROUP: Final = np.uint64(1 << 62)
_HEAD_FLAGS: Final = np.uint64(1 << 61)


class FilterBits:
    """The bits of frames on a machine at rest; none while the filters are off."""

    def __init__(self, m: Machine) -> None:
        self._m = m
        self.on = filters.is_filtering(m)
        inodes = [number for number, inode in m.inodes.view.items() if self.on and filters.is_on_device(m, inode)]
        self._on_device = np.zeros(max(m.inodes.view, default=0) + 1, np.bool_)
        self._on_device[inodes] = True

    def of(self, pfns: I64) -> U64:
        """The bits of some frames."""
        m = self._m
        found = np.zeros(len(pfns), np.uint64)
        heads = m.compound_heads(pfns)
        if filters.asks_for_device(m):
            mapping = m.mapping.view[heads]
            file = of_files(mapping)
            found[file & self._on_device[np.where(file, mapping_number(mapping), 0)]] |= _DEVICE
        wanted = filters.setting(m, filters.MEMCG)
        if wanted:
            found[page_cgroup_inos(m, heads) == wanted] |= _CGROUP
        mask = filters.setting(m, filters.FLAGS_MASK)
        if mask:
            value = np.uint64(filters.setting(m, filters.FLAGS_VALUE))
            found[(m.flags.view[heads] & np.uint64(mask)) == value] |= _HEAD_FLAGS
        return found
