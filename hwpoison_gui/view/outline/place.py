"""Assigns each step of an operation to a part of the outline.

The code runs from top to bottom, so the current part only moves down; a step that no part claims stays in the part
of the step before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hwpoison_gui.kernel.mark import Mark, Site
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.record import Record
from hwpoison_gui.view.outline.part import AFTER_STEPS, NO_STEP, Part, Silent, Way, sites_of

ROOT = Part("")


@dataclass(eq=False, repr=False)  # generating these methods would slow start-up
class Place:
    """A part at one position. `order` numbers all places from the top; those below it have numbers less than `end`.

    `steps`: the numbers of its own steps; `taken`: way -> step; `silent`: the way that was taken without a step, or
    None. `first` and `last` (exclusive) span all steps in and below it; `passed` is the step at which it was passed.
    """

    part: Part
    parent: Place | None
    order: int
    ways: tuple[Way, ...]
    end: int = 0
    children: list[Place] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)
    silent: int | None = None
    first: int = -1
    last: int = -1
    passed: int = -1

    @property
    def decided_at(self) -> int:
        """The number of the step before which the ways stand; steps before it led to the decision."""
        if self.silent is not None and self.ways[self.silent].sign is AFTER_STEPS:
            return self.passed + 1
        return min(self.taken.values(), default=self.first)


class _Claim(Record):
    """The claim of a place to the steps of a site; `way` is -1 for a step that is no way."""

    order: int
    way: int


def place(parts: Sequence[Part], profile: Profile, marks: Iterable[Mark], first: int, last: int) -> Place:
    """Build all places and assign the steps `first` to `last`; returns the root."""
    root = Place(ROOT, None, 0, ())
    for part in parts:
        _spread(part, root, profile, 1 if root.end == 0 else root.end)
    places = list(_all(root))
    root.end = len(places)
    orders = _assign(places, marks, first)
    _span(root)
    for one in places:
        after = bisect_right(orders, one.order)
        one.passed = min(first + after, last - 1) if orders else last
        _find_silent(one, went_on=after < len(orders))
    return root


def _spread(part: Part, parent: Place, profile: Profile, order: int) -> None:
    if not part.is_of(profile):
        return
    made = Place(part, parent, order, part.ways)
    parent.children.append(made)
    made.end = order + 1
    for inner in part.parts:
        _spread(inner, made, profile, made.end)
    parent.end = made.end


def _all(place: Place) -> Iterator[Place]:
    yield place
    for child in place.children:
        yield from _all(child)


def _claims(places: Sequence[Place]) -> dict[Site, list[_Claim]]:
    """Map each site to its claims, from the top; the ways of a place come before its other signs."""
    found: defaultdict[Site, list[_Claim]] = defaultdict(list)
    for one in places:
        for number, way in enumerate(one.ways):
            for site in sites_of(way.sign):
                found[site].append(_Claim(one.order, number))
        for site in one.part.signs:
            found[site].append(_Claim(one.order, -1))
    return found


def _assign(places: Sequence[Place], marks: Iterable[Mark], first: int) -> list[int]:
    """Assign each step to a place; returns the place of each step."""
    claims = _claims(places)
    current, orders = 0, list[int]()
    settled: Site | None = None  # the site of the step before, if another step of it stays in the same place
    for number, mark in enumerate(marks, first):
        if mark.site is not settled:
            claim, before = _best(claims.get(mark.site, ()), places, current), current
            if claim is not None:
                current = claim.order
                if claim.way >= 0:
                    places[current].taken.setdefault(claim.way, number)
            settled = mark.site if current == before else None
        places[current].steps.append(number)
        orders.append(current)
    return orders


def _best(claims: Sequence[_Claim], places: Sequence[Place], current: int) -> _Claim | None:
    for claim in claims:
        one = places[claim.order]
        if claim.order < current:
            continue
        if one.part.local and one.parent is not None and not one.parent.order <= current < one.parent.end:
            continue
        return claim
    return None


def _span(place: Place) -> None:
    numbers = [place.steps[0], place.steps[-1] + 1] if place.steps else []
    for child in place.children:
        _span(child)
        if child.first >= 0:
            numbers += [child.first, child.last]
    if numbers:
        place.first, place.last = min(numbers), max(numbers)


def _find_silent(place: Place, went_on: bool) -> None:
    """Find the way without a step: taken if the code came by and no other way was.

    `went_on`: whether a step lies further down. Without one the code has left before this place.
    """
    number = next((number for number, way in enumerate(place.ways) if isinstance(way.sign, Silent)), None)
    if number is None or place.taken:
        return
    if place.steps or (went_on and place.ways[number].sign is NO_STEP and _came_by(place)):
        place.silent = number
        if place.steps:
            place.passed = place.steps[-1] if place.ways[number].sign is AFTER_STEPS else place.steps[0]


def _came_by(place: Place) -> bool:
    parent = place.parent
    assert parent is not None
    if parent.last <= place.passed or parent.first < 0:
        return False
    before = parent.children[: parent.children.index(place)]
    sure = [one for one in before if not one.part.quiet and all(way.sign is not NO_STEP for way in one.ways)]
    return not sure or sure[-1].first >= 0
