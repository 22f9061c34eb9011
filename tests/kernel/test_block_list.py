"""A list with blocks reads as a plain list, whatever was read, cut off or put back before."""

from __future__ import annotations

from typing import NamedTuple

import hypothesis.strategies as st
from hypothesis import given, settings

from hwpoison_gui.kernel.block_list import BlockList


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
