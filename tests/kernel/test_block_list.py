"""A list with blocks reads as a plain list, whatever was read, cut off or put back before."""

from __future__ import annotations

import gc
from typing import NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel.block_list import Alike, BlockList, Later
from hwpoison_gui.kernel.records import OpenFile


class Numbers(NamedTuple):
    """A block of numbers from `first` on."""

    first: int
    size: int

    def made(self) -> range:
        return range(self.first, self.first + self.size)


@settings(max_examples=60)
@given(data=st.data())
def test_it_reads_as_a_plain_list(data: st.DataObject) -> None:
    found, model = BlockList[int](), list[int]()
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(model)))
        match data.draw(st.sampled_from(("item", "items", "block", "index", "slice", "cut", "put back"))):
            case "item":
                found.items.append(-1)
                model.append(-1)
            case "items":
                found.extend([-2, -3])
                model += [-2, -3]
            case "block":
                block = Numbers(len(model) * 10, data.draw(st.integers(0, 4)))
                found.extend(BlockList.of(block))
                model += block.made()
            case "index" if model:
                place = data.draw(st.integers(-len(model), len(model) - 1))
                assert found[place] == model[place]
            case "slice":
                part = slice(at, data.draw(st.integers(0, len(model))), data.draw(st.sampled_from((None, 2, -1))))
                assert found[part] == model[part]
            case "cut":
                assert list(found.cut(at)) == model[at:]
                del model[at:]
            case "put back":
                found.extend(found.cut(at))
        whole = [item for part in found.parts() for item in (part if isinstance(part, list) else part.made())]
        assert whole == model and len(found) == len(model)
    assert list(reversed(found)) == model[::-1] and list(found) == model


@pytest.mark.parametrize(
    ("read", "made"),
    [
        (0, []), (1, [0]), (2, [0]), (3, [10]), (4, [10]), (5, []), (6, [20]), (-1, [20]), (-2, []), (-4, [10]),
        (slice(0, 1), []), (slice(0, 2), [0]), (slice(2, 3), [0]), (slice(2, 4), [0, 10]), (slice(3, 5), [10]),
        (slice(5, None), [20]), (slice(0, 7), [0, 10, 20]), (slice(2, 0, -1), [0]), (slice(0, 7, 5), [0, 10]),
    ],
)  # fmt: skip
def test_what_is_not_read_is_not_made(read: int | slice, made: list[int]) -> None:
    """An item, two blocks of two, an item, and a block of one."""
    found, plain, calls = some_blocks()
    for _ in range(2):
        assert found[read] == plain[read]
        assert calls == made
    assert list(found) == plain and calls.count(0) == calls.count(10) == calls.count(20) == 1
    assert gc.isenabled()


@pytest.mark.parametrize(("at", "made"), [(0, []), (1, []), (2, [0]), (3, []), (4, [10]), (5, []), (6, []), (7, [])])
def test_a_block_is_made_where_it_is_cut_in_two(at: int, made: list[int]) -> None:
    found, plain, calls = some_blocks()
    tail = found.cut(at)
    assert calls == made
    assert len(found) == at and list(tail) == plain[at:]
    again, _, _ = some_blocks()
    again.extend(again.cut(at))
    assert list(again) == plain


def test_parts_are_what_is_made_and_the_blocks_between() -> None:
    found, _, calls = some_blocks()
    assert [part if isinstance(part, list) else part.size for part in found.parts()] == [[-1], 2, 2, [-2], 1]
    assert found[1] == 0
    assert [part if isinstance(part, list) else part.size for part in found.parts()] == [[-1, 0, 1], 2, [-2], 1]
    assert calls == [0]


def some_blocks() -> tuple[BlockList[int], list[int], list[int]]:
    """A list, what it holds, and the first numbers of the blocks that are made while it is read."""
    calls: list[int] = []

    class Counted(Numbers):
        def made(self) -> range:
            calls.append(self.first)
            return super().made()

    found = BlockList[int]([-1])
    for first, size in ((0, 2), (10, 2)):
        found.extend(BlockList.of(Counted(first, size)))
    found.items.append(-2)
    found.extend(BlockList.of(Counted(20, 1)))
    return found, [-1, 0, 1, 10, 11, -2, 20], calls


def test_parts_may_begin_in_the_middle_of_a_block() -> None:
    found = BlockList[int]()
    for first in (0, 3):
        found.extend(BlockList.of(Numbers(first, 3)))
    assert [part if isinstance(part, list) else part.size for part in found.parts(6)] == []
    assert [part if isinstance(part, list) else part.size for part in found.parts(3)] == [3]
    assert [part if isinstance(part, list) else part.size for part in found.parts(1)] == [[1, 2], 3]


def test_values_are_made_later_and_once() -> None:
    calls = list[int]()

    def make() -> list[int]:
        calls.append(1)
        return [3, 4, 5]

    values = Later(3, make)
    assert len(values) == 3 and not calls
    assert values[1] == 4 and values[-2:] == (4, 5) and list(values) == [3, 4, 5]
    assert values == (3, 4, 5) and values == Later(3, make) and values != (3, 4) and values != [3, 4, 5]
    assert hash(values) == hash((3, 4, 5)) and repr(values) == "(3, 4, 5)"
    assert values.made() is values.made() and len(calls) == 2


def test_records_that_are_alike_have_columns() -> None:
    files = Alike(OpenFile, 2, [1, 2], [7, 8], [0, 1])
    assert files.columns == OpenFile([1, 2], [7, 8], [0, 1])  # type: ignore[arg-type]
    assert files == (OpenFile(1, 7, 0), OpenFile(2, 8, 1)) and files.size == 2
