"""The records of a machine: where a page lies in a VMA, and how a VMA reads in /proc."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel.records import (
    HPAGE_PMD_NR,
    HPAGE_PMD_ORDER,
    MAX_ORDER,
    PAGE_SIZE,
    Inode,
    LogLine,
    OpenFile,
    SigInfo,
    Vma,
    anon_pgoff,
)

vmas = st.builds(
    lambda first, pages, pgoff: Vma(1, 1, first << 12, first + pages << 12, "rw", False, 0, pgoff),
    st.integers(1, 1 << 35), st.integers(1, 600), st.integers(0, 1 << 20),
)  # fmt: skip


@settings(max_examples=50)
@given(vma=vmas, page=st.integers(0, 599), inside=st.integers(0, PAGE_SIZE - 1))
def test_index_and_address_of_a_page_belong_together(vma: Vma, page: int, inside: int) -> None:
    """linear_page_index() and vma_address()."""
    address = vma.start + (page % vma.pages) * PAGE_SIZE
    assert vma.index_of(address + inside) == vma.pgoff + page % vma.pages
    assert vma.address_of(vma.index_of(address)) == address
    for outside in (vma.pgoff - 1, vma.pgoff + vma.pages, vma.pgoff + vma.pages + 7):
        assert vma.address_of(outside) == -1


@pytest.mark.parametrize("prot, execute, shared, perms", (
    ("rw", False, False, "rw-p"), ("r", True, False, "r-xp"), ("none", False, True, "---s"), ("rw", True, True, "rwxs"),
))  # fmt: skip
def test_permissions_read_as_in_proc(prot: str, execute: bool, shared: bool, perms: str) -> None:
    vma = Vma(1, 1, 0x1000, 0x3000, prot, shared, 0, 0, execute=execute)
    assert (vma.perms, vma.pages) == (perms, 2)


def test_a_record_cannot_be_changed() -> None:
    vma = Vma(1, 1, 0x1000, 0x3000, "rw", False, 0, 0)
    with pytest.raises(AttributeError):
        vma.end = 0  # type: ignore[misc]
    assert vma._replace(end=0x2000).pages == 1


def test_the_offset_of_anonymous_memory_fits_its_column() -> None:
    assert anon_pgoff(0x7F00_0000_0000) == 0x7_F000_0000 & 0x7FFF_FFFF
    assert anon_pgoff(0x5000) == 5
    assert anon_pgoff((1 << 47) - PAGE_SIZE) == 0x7FFF_FFFF


def test_what_a_record_begins_with() -> None:
    inode = Inode(1, "/f", "ext4", 3)
    assert (inode.on_disk, inode.linked, inode.wb_err, inode.wb_seen, OpenFile(1, 1).wb_err) == (0, True, 0, True, 0)
    assert SigInfo("SIGKILL", "SI_KERNEL")[2:] == (0, 0)
    assert LogLine("text")[1:] == (-1, False)


def test_a_huge_page_is_two_megabytes() -> None:
    assert (PAGE_SIZE, HPAGE_PMD_NR * PAGE_SIZE, 1 << HPAGE_PMD_ORDER, MAX_ORDER) == (4096, 2 << 20, 512, 10)
