"""anon_vma families: VMAs that descend from one by fork, as shared pages and the process tree show them."""

from __future__ import annotations

from typing import Final

import pytest

from hwpoison_gui.image import ProcessImage, VmaImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from tests.kernel.boot.images import ANON, BASE, FILE, PRESENT, SWAPPED, bits_of, booted, folio, image, process, vma

A: Final = vma(0, 2)
INDEX: Final = BASE & (1 << 31) - 1  # page->index of the first page: the machine keeps 31 bits of it
POINTER: Final = 0xFFFF_8880_0000_0000  # to an anon_vma; the low bits of page->mapping: 1 anonymous, 3 merged


def two(
    one: VmaImage = A, other: VmaImage = A, ppid: int = 1, ends: tuple[int, int] = (99, 99)
) -> tuple[ProcessImage, ...]:
    """Two processes with a VMA each; `ppid`: the parent of the second one; `ends`: of their stacks, 0 for no stack."""
    return tuple(
        process(pid, area, *([vma(end - 1, 1, path="[stack]")] if end else []), ppid=parent)
        for pid, area, parent, end in ((10, one, 1, ends[0]), (11, other, ppid, ends[1]))
    )


def families(m: Machine) -> list[int]:
    """The anon_vma of the first VMA of each process, in order of pid."""
    first = {one.mm: one.anon_vma for one in reversed(m.vmas.view.values())}
    return [first[pid] for pid in sorted(first)]


OWN: Final = {(10, 0): PRESENT | 5, (11, 0): PRESENT | 6}
FILES: Final = {"path": "/f", "device": "08:01", "inode": 9}


# Processes, their entries, page->mapping of frames 5 and 6; numbers from 1 in order of the first VMA of each family.
@pytest.mark.parametrize(
    ("processes", "entries", "mapping", "expected"),
    [
        pytest.param(two(), {(10, 0): PRESENT | 5, (11, 0): PRESENT | 5}, (), [1, 1], id="a page is shared"),
        pytest.param(two(), OWN, (), [1, 3], id="strangers at the same address"),
        pytest.param(two(ppid=10), OWN, (), [1, 1], id="a child"),
        pytest.param(two(ppid=10), {(10, 0): PRESENT | 5}, (), [1, 0], id="a child without a page"),
        pytest.param(two(other=vma(0, 3), ppid=10), OWN, (), [1, 3], id="another end"),
        pytest.param(two(other=vma(0, 2, "rw-s"), ppid=10), OWN, (), [1, 3], id="shared in the child"),
        pytest.param(two(vma(0, 2, "rw-s"), ppid=10), OWN, (), [1, 3], id="shared in the parent"),
        pytest.param(two(vma(0, 2, **FILES), vma(0, 2, **FILES), 10), OWN, (), [1, 1], id="of one file"),
        pytest.param(
            two(vma(0, 2, **FILES), vma(0, 2, **FILES | {"device": "08:02"}), 10), OWN, (), [1, 3], id="another device"
        ),
        pytest.param(
            two(vma(0, 2, **FILES), vma(0, 2, **FILES | {"inode": 8}), 10), OWN, (), [1, 3], id="another file"
        ),
        pytest.param(
            two(vma(0, 2, **FILES), vma(0, 2, **FILES, offset=4096), 10), OWN, (), [1, 3], id="another part of a file"
        ),
        pytest.param(two(ppid=10, ends=(9, 9)), OWN, (), [1, 1], id="the stack is where it was"),
        pytest.param(two(ppid=10, ends=(9, 10)), OWN, (), [1, 3], id="execve has moved the stack"),
        pytest.param(two(ppid=10, ends=(0, 0)), OWN, (), [1, 2], id="no stack at all"),
        pytest.param(two(ppid=10, ends=(9, 0)), OWN, (), [1, 3], id="no stack in the child"),
        pytest.param(two(), {(10, 0): SWAPPED | 7 << 5, (11, 1): SWAPPED | 7 << 5}, (), [1, 1], id="a swap entry"),
        pytest.param(two(), {(10, 0): SWAPPED | 7 << 5, (11, 0): SWAPPED | 8 << 5}, (), [1, 3], id="two swap entries"),
        pytest.param(two(), OWN, (POINTER | 1, POINTER | 1), [1, 1], id="one anon_vma"),
        pytest.param(two(), OWN, (POINTER | 1, POINTER | 9), [1, 3], id="two anon_vmas"),
        pytest.param(two(), OWN, (POINTER | 3, POINTER | 3), [1, 3], id="mappings of another kind"),
    ],
)  # fmt: skip
def test_families(
    processes: tuple[ProcessImage, ...], entries: dict[tuple[int, int], int], mapping: tuple[int, ...],
    expected: list[int],
) -> None:  # fmt: skip
    hidden = {"mapping": dict(enumerate(mapping, 5))} if mapping else {}
    m = booted(image({5: ANON, 6: ANON}, processes, entries, hidden=hidden))
    assert families(m) == expected
    by_frame = {word & 0xFF: expected[pid - 10] for (pid, _), word in entries.items() if word & PRESENT}
    assert {pfn: m.anon_vma_of(pfn) for pfn in by_frame} == by_frame


def test_a_family_has_all_its_members() -> None:
    """Whichever of them share a page; the last one shares none."""
    pairs = {20: (1, 6), 21: (3, 4), 22: (4, 6), 23: (2, 5), 24: (0, 3), 25: (7, 7), 26: (1, 6)}
    processes = tuple(process(pid, vma(0, 10)) for pid in range(10, 18))
    entries = {(10 + one, pfn - 20): PRESENT | pfn for pfn, pair in pairs.items() for one in pair}
    m = booted(image(dict.fromkeys(pairs, ANON), processes, entries))
    assert families(m) == [1, 1, 2, 1, 1, 2, 1, 3]
    assert {pfn: int(m.mapcount.view[pfn]) for pfn in pairs} == {pfn: len({*pair}) for pfn, pair in pairs.items()}


@pytest.mark.parametrize("perms", ("rw-p", "rw-s"))
@pytest.mark.parametrize(
    ("entry", "word", "private"),
    [
        (PRESENT | 5, ANON, True),
        (PRESENT | 5, ANON | pf.KSM, True),
        (PRESENT | 5, FILE, False),
        (PRESENT | 5, pf.ZERO_PAGE, False),
        (PRESENT | 5, pf.ZERO_PAGE | pf.ANON, False),
        (SWAPPED | 7 << 5, 0, True),
        (SWAPPED | 5 << 5 | 26, FILE | pf.HWPOISON, True),
    ],
)
def test_a_private_vma_with_an_anonymous_page_has_an_anon_vma(perms: str, entry: int, word: int, private: bool) -> None:
    """Also where the page was merged, swapped out or poisoned. An entry of shared memory has none."""
    m = booted(image({5: word}, (process(10, vma(0, 2, perms)),), {(10, 0): entry}))
    assert families(m) == [int((private and perms == "rw-p") or word == ANON)]


# The VMA, page->index of its frames 5, 6 and 7 where page->mapping is as said, and by how much vm_pgoff is moved.
@pytest.mark.parametrize(
    ("area", "mapping", "index", "moved"),
    [
        pytest.param(vma(0, 3), POINTER | 1, (0, 1, 2), 0, id="not moved"),
        pytest.param(vma(0, 3), POINTER | 1, (40, 41, 42), 40, id="moved down by mremap"),
        pytest.param(vma(0, 3), POINTER | 1, (-40, -39, -38), -40, id="moved up by mremap"),
        pytest.param(vma(0, 3), POINTER | 1, (40, 1, 42), 40, id="most say so"),
        pytest.param(vma(0, 3), POINTER | 1, (0, 41, 2), 0, id="one says so"),
        pytest.param(vma(0, 3), POINTER | 3, (40, 41, 42), 0, id="merged"),
        pytest.param(vma(0, 3), POINTER | 0, (40, 41, 42), 0, id="of a file"),
        pytest.param(vma(0, 3, **FILES, offset=7 * 4096), POINTER | 1, (40, 41, 42), 7 - INDEX, id="copies of a file"),
        pytest.param(vma(0, 3, path="/f", offset=7 * 4096), POINTER | 1, (), 7 - INDEX, id="a file by its path"),
        pytest.param(vma(0, 3, inode=1, offset=7 * 4096), POINTER | 1, (), 7 - INDEX, id="a file by its inode"),
        pytest.param(vma(0, 3, path="[heap]", offset=7 * 4096), POINTER | 1, (), 0, id="no file"),
    ],
)
def test_page_offsets(area: VmaImage, mapping: int, index: tuple[int, ...], moved: int) -> None:
    """vm_pgoff of an anonymous VMA is its page number, unless mremap() has moved it: page->index stays."""
    before, after = process(9, vma(0, 3)), process(12, vma(0, 3))
    entries = {(10, page): PRESENT | 5 + page for page in range(3)} | {(9, 1): PRESENT | 8, (12, 0): PRESENT | 9}
    hidden = {
        "mapping": {5: mapping, 6: mapping, 7: mapping, 8: POINTER | 17, 9: POINTER | 33},
        "index": {5 + page: BASE + said for page, said in enumerate(index)} | {8: BASE + 1, 9: BASE + 3},
    }
    m = booted(image(dict.fromkeys(range(5, 10), ANON), (after, process(10, area), before), entries,
                     hidden=hidden if index else {}))  # fmt: skip
    assert [one.pgoff - INDEX for one in m.vmas.view.values()] == [0, moved, 3 if index else 0]
    assert [int(m.index.view[5 + page]) - INDEX for page in range(3)] == [moved, moved + 1, moved + 2]


def test_recorded_indices_of_folios_and_hugetlb_pages() -> None:
    """A folio has that of its head; a hugetlb page counts in its own size, which says nothing."""
    words = dict(enumerate(folio(2, ANON), 8)) | dict(enumerate(folio(9, ANON, pf.HUGE), 512))
    entries = {(10, page): PRESENT | 8 + page for page in range(1, 4)}
    entries |= {(10, 512 + page): PRESENT | 512 + page for page in range(512)}
    hidden = {"mapping": {8: POINTER | 1, 512: POINTER | 1}, "index": {8: BASE + 3, 512: 77}}
    m = booted(image(words, (process(10, vma(1, 9), vma(512, 512, flags=("ht",))),), entries, hidden=hidden))
    small, huge = m.vmas.view.values()
    assert (small.pgoff, huge.pgoff) == (INDEX + 4, INDEX + 512)
    assert (int(m.index.view[8]), int(m.index.view[512])) == (INDEX + 3, INDEX + 512)
    assert sorted(bits_of(m, 10)) == [1, 2, 3, 512]


END: Final = 1 << 32  # page->index has 32 bits


# Where two processes map an anonymous frame: the VMA of each, and the page; and which of the entries are kept.
@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        pytest.param((A, 0), (A, 0), (True, True), id="the same page"),
        pytest.param((A, 0), (A, 1), (True, False), id="another page"),
        pytest.param((A, 1), (A, 0), (True, False), id="another page before"),
        pytest.param((vma(0, 2, offset=3 * 4096, **FILES), 1), (vma(9, 1, offset=4 * 4096, **FILES), 9), (True, True),
                     id="the same page of a file"),
        pytest.param((vma(0, 2, offset=(END - 1) * 4096, **FILES), 0), (A, 1), (True, False), id="the last index"),
        pytest.param((vma(0, 2, offset=END * 4096, **FILES), 0), (vma(0, 2, **FILES), 0), (False, False),
                     id="beyond it"),
    ],
)  # fmt: skip
def test_an_entry_that_no_reverse_map_could_find_is_left_out(
    one: tuple[VmaImage, int], other: tuple[VmaImage, int], kept: tuple[bool, bool]
) -> None:
    """Its VMA has the page at another place than page->index says."""
    entries = {(10, one[1]): PRESENT | 5, (11, other[1]): PRESENT | 5}
    m = booted(image({5: ANON}, (process(10, one[0]), process(11, other[0], ppid=10)), entries))
    assert tuple(bool(m.ptes.of(pid)) for pid in (10, 11)) == kept
    assert int(m.mapcount.view[5]) == sum(kept)


@pytest.mark.parametrize(("page", "kept"), [(1, False), (2, True), (3, True)])
def test_the_head_of_a_folio_is_not_before_the_file(page: int, kept: bool) -> None:
    m = booted(
        image(dict(enumerate(folio(2, ANON), 8)), (process(10, vma(0, 4, **FILES)),), {(10, page): PRESENT | 10})
    )
    assert bool(m.ptes.of(10)) is kept and int(m.index.view[8]) == (page - 2 if kept else (1 << 32) - 1)


def test_anonymous_pages_that_nobody_maps() -> None:
    """By page->mapping they belong to a family; the others to one without VMAs. Frame 4 is of a file by now."""
    words = dict.fromkeys((3, 5, 6, *range(20, 27)), ANON) | {4: FILE}
    entries = {(10, 0): PRESENT | 5, (11, 0): PRESENT | 6}
    mapping = {3: POINTER | 17, 4: POINTER | 33, 5: POINTER | 17, 6: POINTER | 33, 20: POINTER | 33, 21: POINTER | 17}
    mapping |= {22: POINTER | 1, 23: POINTER | 49, 24: POINTER | 19, 25: 0, 26: POINTER | 25}
    hidden = {"mapping": mapping, "index": {pfn: BASE + pfn for pfn in range(20, 27)} | {5: BASE, 6: BASE}}
    m = booted(image(words, two(), entries, hidden=hidden))
    assert families(m) == [1, 3]
    assert [m.anon_vma_of(pfn) for pfn in (3, *range(20, 27))] == [1, 3, 1, 4, 4, 4, 4, 4]
    assert [int(m.index.view[pfn]) for pfn in range(20, 27)] == [
        INDEX + pfn if mapping[pfn] & 3 == 1 else 0 for pfn in range(20, 27)
    ]
    for less in ({"mapping": mapping}, {"index": hidden["index"]}, {}):
        m = booted(image(words, two(), entries, hidden=less))
        assert {m.anon_vma_of(pfn) for pfn in range(20, 27)} == {4}
    assert booted(image(words, hidden=hidden)).anon_vma_of(20) == 1
