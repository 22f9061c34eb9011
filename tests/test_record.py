"""Records are named tuples in everything but the time that it takes to make their classes."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

import pytest

from hwpoison_gui.record import Record, from_columns


class Place(Record):
    """Position of an object."""

    pfn: int
    node: Undefined = 0  # type: ignore[name-defined]  # noqa: F821  # annotations stay text
    zone: str = "Normal"

    @property
    def both(self) -> str:
        return f"{self.zone}:{self.pfn}"


class Named(NamedTuple):
    pfn: int
    node: int = 0
    zone: str = "Normal"


def test_a_record_is_a_tuple_with_names() -> None:
    place = Place(7, zone="DMA")
    assert place == (7, 0, "DMA") and hash(place) == hash((7, 0, "DMA"))
    assert (place.pfn, place.node, place.zone, place.both) == (7, 0, "DMA", "DMA:7")
    assert repr(place) == "Place(pfn=7, node=0, zone='DMA')"
    assert place._fields == Named._fields and Place._field_defaults == Named._field_defaults
    assert place._asdict() == Named(7, zone="DMA")._asdict()


def test_it_is_changed_by_a_copy_only() -> None:
    place = Place(7)
    assert place._replace(pfn=8) == Place(8) and type(place._replace(pfn=8)) is Place
    with pytest.raises(AttributeError):
        place.pfn = 8  # type: ignore[misc]
    with pytest.raises(AttributeError):
        place.other = 8  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        place._replace(other=8)  # type: ignore[call-arg]


@pytest.mark.parametrize("values", [(), (1, 2, "Normal", 4)])
def test_the_constructor_takes_exactly_its_fields(values: tuple[object, ...]) -> None:
    for kind in (Place, Named):
        for _ in range(2):  # the first call compiles the constructor
            with pytest.raises(TypeError):
                kind(*values)
    with pytest.raises(TypeError):
        Place(1, other=2)  # type: ignore[call-arg]


def test_records_of_one_class_do_not_touch_another() -> None:
    class Other(Record):
        pfn: int

    assert Place._make((1, 2, "DMA")) == (1, 2, "DMA")
    assert Other(3) == (3,) and Other._fields == ("pfn",)


def test_a_class_that_inherits_from_a_record_can_keep_what_it_computes() -> None:
    class Kept(Place):
        @cached_property
        def twice(self) -> int:
            return 2 * self.pfn

    kept = Kept(7)
    assert kept == Place(7) and kept.twice == 14 and vars(kept) == {"twice": 14}


def test_it_can_be_copied_pickled_and_matched() -> None:
    place = Place(7, 1)
    for other in (pickle.loads(pickle.dumps(place)), copy.deepcopy(place), copy.copy(place)):
        assert other == place and type(other) is Place
    match place:
        case Place(pfn, zone=zone):
            assert (pfn, zone) == (7, "Normal")


def test_records_made_as_columns_are_those_made_one_by_one() -> None:
    made = list(from_columns(Place, (7, 8), repeat(1), ["DMA", "Normal"]))
    assert made == [Place(7, 1, "DMA"), Place(8, 1)] and {type(one) for one in made} == {Place}
