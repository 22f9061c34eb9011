"""Columns of VMAs: which of them cover a page and where, and which belong to an address space."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel.places import NOWHERE, IntervalTree, Places, Vmas, column
from hwpoison_gui.kernel.records import INDEX_MASK, PAGE_SHIFT, Vma


def vma(number: int, mm: int, pgoff: int, pages: int, start: int = 0x7F00_0000_0000) -> Vma:
    return Vma(number, mm, start, start + (pages << PAGE_SHIFT), "rw", False, 0, pgoff)


SOME = [vma(1, 100, 5, 4), vma(2, 101, 5, 2), vma(3, 102, 6, 3, 0x1000), vma(4, 100, 8, 9, 1 << 46)]


@pytest.mark.parametrize("index", range(4, 18))
def test_a_tree_finds_the_vmas_that_cover_a_page(index: int) -> None:
    places = IntervalTree.of_vmas(SOME).at(index)
    found = [(one, one.address_of(index)) for one in SOME if one.address_of(index) >= 0]
    assert list(zip(places.of.vmas, places.addresses.tolist(), strict=True)) == found
    assert list(places.of.ids) == [one.id for one, _ in found]
    assert list(places.of.mms) == [one.mm for one, _ in found]
    assert list(places.keys) == [(one.mm, address >> PAGE_SHIFT) for one, address in found]


def test_an_index_begins_again_after_32_bits() -> None:
    """In an anonymous VMA of terabytes, which begins near the end of what an index can count."""
    tree = IntervalTree.of_vmas([vma(1, 100, INDEX_MASK, 4)])
    assert (tree.at(2).addresses - tree.at(INDEX_MASK).addresses).tolist() == [3 << PAGE_SHIFT]
    assert not len(tree.at(3).addresses) and not len(tree.at(INDEX_MASK - 1).addresses)


def test_a_tree_that_covers_the_page_everywhere_is_not_copied() -> None:
    tree = IntervalTree.of_vmas(SOME[:2])
    assert tree.at(5).of is tree.of and tree.at(6).of is tree.of and tree.at(7).of is not tree.of


def test_vmas_are_found_by_their_address_spaces() -> None:
    vmas = IntervalTree.of_vmas(SOME).of
    assert {mm: list(numbers) for mm, numbers in vmas.of_mm.items()} == {100: [0, 3], 101: [1], 102: [2]}
    once = IntervalTree.of_vmas(SOME[:3]).of
    assert {mm: list(numbers) for mm, numbers in once.of_mm.items()} == {100: [0], 101: [1], 102: [2]}
    assert not NOWHERE.of.of_mm


@pytest.mark.parametrize(
    ("mms", "numbers"),
    [([101, 102], [1, 2]), ([102, 101, 102], [2, 1, 2]), ([100], None), ([101, 100], None), ([99], None),
     ([103, 101], None), ([], [])],
)  # fmt: skip
def test_the_only_vma_of_each_address_space(mms: list[int], numbers: list[int] | None) -> None:
    found = IntervalTree.of_vmas(SOME).of.of_each(np.array(mms, np.int64))
    assert (None if found is None else found.tolist()) == numbers


def test_address_spaces_need_not_ascend() -> None:
    vmas = IntervalTree.of_vmas([vma(7, 105, 0, 1), vma(8, 101, 0, 1), vma(9, 103, 0, 1)]).of
    found = vmas.of_each(np.array([101, 103, 105]))
    assert found is not None and vmas.id_array[found].tolist() == [8, 9, 7]


def test_places_of_pairs() -> None:
    places = Places.of_pairs([(SOME[2], 0x3000), (SOME[0], 1 << 46)])
    assert (places.of.ids, places.of.mms, places.addresses.tolist()) == ([3, 1], [102, 100], [0x3000, 1 << 46])
    assert isinstance(places.of, Vmas) and not len(Places.of_pairs([]).addresses)


def test_a_column_has_plain_integers() -> None:
    values = column(np.array([1, 1 << 46, -1]))
    assert list(values) == [1, 1 << 46, -1] and all(type(value) is int for value in values)
