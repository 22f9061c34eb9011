"""Looking up the VMAs of many addresses at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.image import ProcessImage, VmaImage
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.vma_table import keys_of, row_of, vma_table


@st.composite
def processes(draw: st.DrawFn) -> list[ProcessImage]:
    made = []
    for pid in draw(st.lists(st.integers(1, 1 << 30), unique=True, max_size=4)):
        edges = sorted(draw(st.sets(st.integers(1, 1 << 44), min_size=2, max_size=8)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        vmas = tuple(VmaImage(first << 12, last << 12, "rw-p") for first, last in pairs)
        made.append(ProcessImage(pid, 0, "x", vmas))
    return made


@given(processes(), st.data())
def test_it_is_the_vma_that_a_plain_search_finds(made: list[ProcessImage], data: st.DataObject) -> None:
    if not made:
        assert len(keys_of(vma_table(made), np.empty(0, np.int64), np.empty(0, np.uint64))) == 0
        return
    vmas = vma_table(made)
    rows = [(process.pid, vma) for process in sorted(made, key=lambda process: process.pid) for vma in process.vmas]
    edges = [edge >> 12 for _, vma in rows for edge in (vma.start, vma.end, vma.start - 4096)]
    pages = data.draw(st.lists(st.tuples(st.sampled_from([p.pid for p in made]), st.sampled_from(edges)), min_size=1))
    pid = np.array([pid for pid, _ in pages])
    va = np.array([vpn << 12 for _, vpn in pages], np.uint64)
    expected = [
        next((row for row, (of, vma) in enumerate(rows) if of == pid and vma.start <= vpn << 12 < vma.end), -1)
        for pid, vpn in pages
    ]
    assert row_of(vmas, keys_of(vmas, pid, va)).tolist() == expected


def test_files_are_told_apart() -> None:
    vmas = (
        VmaImage(0x1000, 0x2000, "rw-s", 0, "00:01", 2, "/dev/zero (deleted)"),
        VmaImage(0x2000, 0x3000, "rw-s", 0, "00:01", 2, "/SYSV61e2a688 (deleted)"),
        VmaImage(0x3000, 0x4000, "rw-s", 0x5000, "00:01", 2, "/dev/zero (deleted)"),
        VmaImage(0x4000, 0x5000, "rw-p"),
    )
    vmas = vma_table([ProcessImage(1, 0, "x", vmas)])
    assert vmas.file.tolist() == [0, 1, 0, -1]
    assert vmas.page_offset.tolist() == [0, 0, 5, 0]
    assert [path for _, _, path in vmas.identities] == ["/dev/zero (deleted)", "/SYSV61e2a688 (deleted)"]


def test_unknown_and_doubled_pids() -> None:
    process = ProcessImage(1, 0, "x", (VmaImage(0x1000, 0x2000, "rw-p"),))
    with pytest.raises(MalformedError, match="comes twice"):
        vma_table([process, process])
    with pytest.raises(MalformedError, match="pid 9"):
        keys_of(vma_table([process]), np.array([1, 9]), np.array([0x1000, 0x1000], np.uint64))
