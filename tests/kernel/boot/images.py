"""Images of small machines, written as dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import HiddenState, MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES

PAGE: Final = 4096
BASE: Final = 0x7F0000000  # a virtual page number that is a multiple of 512
ANON: Final = pf.ANON | pf.LRU | pf.UPTODATE | pf.SWAPBACKED | pf.MMAP
FILE: Final = pf.LRU | pf.UPTODATE | pf.MMAP
PRESENT: Final = 1 << 63
SWAPPED: Final = 1 << 62

Words = Mapping[int, int]


def vma(page: int, pages: int, perms: str = "rw-p", **more: Any) -> VmaImage:
    """A VMA of some pages, from a page after BASE on."""
    return VmaImage((BASE + page) * PAGE, (BASE + page + pages) * PAGE, perms, **more)


def process(pid: int, *vmas: VmaImage, ppid: int = 1, **more: Any) -> ProcessImage:
    return ProcessImage(pid, ppid, f"p{pid}", vmas, **more)


def folio(order: int, word: int, flags: int = pf.THP) -> list[int]:
    """The flag words of a compound page; the head has `word` as well."""
    return [word | flags | pf.COMPOUND_HEAD, *[flags | pf.COMPOUND_TAIL] * ((1 << order) - 1)]


def column(values: Mapping[int, Any], size: int, dtype: npt.DTypeLike = np.uint64, other: int = 0) -> npt.NDArray[Any]:
    """An array with these values by index, and `other` elsewhere."""
    found = np.full(size, other, dtype)
    found[list(values)] = np.array(list(values.values()), dtype)
    return found


def image(
    words: Words,
    processes: tuple[ProcessImage, ...] = (),
    entries: Mapping[tuple[int, int], int] | None = None,
    frames: int = 2048,
    hidden: Mapping[str, Words] | None = None,
    **more: Any,
) -> MemoryImage:
    """An image by flag words of frames, and by pagemap words of (pid, page after BASE).

    `hidden`: columns of HiddenState, by frame; the bits of entries in the order of the entries.
    """
    entries, types = entries or {}, {"refcount": np.int32, "pte_dirty": np.bool_, "pte_pmd": np.bool_}
    sizes = {"pte_dirty": len(entries), "pte_pmd": len(entries)}
    columns = {
        name: column(values, sizes.get(name, frames), types.get(name, np.uint64), -1 if name == "refcount" else 0)
        for name, values in (hidden or {}).items()
    }
    return MemoryImage(
        "",
        column(words, frames),
        np.zeros(frames, np.uint64),
        np.array([pid for pid, _ in entries], np.int64),
        np.array([(BASE + page) * PAGE for _, page in entries], np.uint64),
        np.array(list(entries.values()), np.uint64),
        processes,
        hidden=HiddenState(**columns),
        **more,
    )


def booted(made: MemoryImage, profile: str = "6.1") -> Machine:
    return machine_from_image(made, PROFILES[profile])


def bits_of(m: Machine, pid: int) -> dict[int, tuple[int, int]]:
    """Return the PTEs of a process by page after BASE: value and bits."""
    return {vpn - BASE: (entry >> 12, entry & 0xFFF) for vpn, entry in m.ptes.of(pid).items()}
