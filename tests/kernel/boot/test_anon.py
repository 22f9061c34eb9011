"""anon_vma families: VMAs that descend from one by fork, as shared pages and the process tree show them."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.image import MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES

START, PAGE = 0x7F0000000000, 4096
ANON = pf.ANON | pf.LRU | pf.UPTODATE | pf.SWAPBACKED | pf.MMAP


def process(pid: int, ppid: int, stack: int = 0) -> ProcessImage:
    """A process with a VMA of two pages; and a stack that ends at page `stack` after them, if there is one."""
    vmas = [VmaImage(START, START + 2 * PAGE, "rw-p")]
    if stack:
        vmas.append(VmaImage(START + (stack - 1) * PAGE, START + stack * PAGE, "rw-p", path="[stack]"))
    return ProcessImage(pid, ppid, f"p{pid}", tuple(vmas))


def booted(processes: tuple[ProcessImage, ...], mapped: tuple[tuple[int, int, int], ...]) -> Machine:
    """A machine whose processes map anonymous frames: (pid, page of its VMA, pfn)."""
    flags, count = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    start = {one.pid: one.vmas[0].start for one in processes}
    for _, _, pfn in mapped:
        flags[pfn] = ANON
        count[pfn] += np.uint64(1)
    image = MemoryImage(
        "",
        flags,
        count,
        np.array([pid for pid, _, _ in mapped], np.int64),
        np.array([start[pid] + page * PAGE for pid, page, _ in mapped], np.uint64),
        np.array([1 << 63 | pfn for _, _, pfn in mapped], np.uint64),
        processes,
    )
    return machine_from_image(image, PROFILES["6.1"])


def anon_vmas(m: Machine) -> list[int]:
    return [m.vmas.view[number].anon_vma for number in sorted(m.vmas.view)]


def test_vmas_of_a_shared_page_are_one_family() -> None:
    m = booted((process(10, 1), process(11, 2)), ((10, 0, 5), (11, 0, 5)))
    one, other = anon_vmas(m)
    assert one == other != 0 and m.anon_vma_of(5) == one and int(m.mapcount.view[5]) == 2


def test_strangers_at_the_same_address_are_not() -> None:
    m = booted((process(10, 1), process(11, 2)), ((10, 0, 5), (11, 0, 6)))
    one, other = anon_vmas(m)
    assert one != other and {m.anon_vma_of(5), m.anon_vma_of(6)} == {one, other}


@pytest.mark.parametrize("stack, family", ((9, True), (10, False)))
def test_a_child_is_of_its_parent_s_family_unless_it_has_moved_its_stack(stack: int, family: bool) -> None:
    """No page is shared; execve moves the stack."""
    m = booted((process(10, 1, stack=9), process(11, 10, stack=stack)), ((10, 0, 5), (11, 0, 6)))
    assert (m.anon_vma_of(5) == m.anon_vma_of(6)) is family


def test_a_vma_without_anonymous_pages_has_no_anon_vma() -> None:
    m = booted((process(10, 1), process(11, 2)), ((10, 0, 5),))
    assert [bool(number) for number in anon_vmas(m)] == [True, False]


def test_an_entry_that_no_reverse_map_could_find_is_left_out() -> None:
    """The second mapping is at another page of its VMA than page->index says."""
    m = booted((process(10, 1), process(11, 10)), ((10, 0, 5), (11, 1, 5)))
    assert int(m.mapcount.view[5]) == 1
