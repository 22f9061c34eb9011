"""The strip of operations keeps the places of chips that did not change."""

from __future__ import annotations

from random import Random

from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.timeline.operations import OperationStrip
from hwpoison_gui.view.facts.operation_chips import Chip


def chip(number: int, random: Random) -> Chip:
    title = "break frame 0x" + "4f" * random.randrange(1, 4)
    joined = number > 0 and random.random() < 0.2
    return Chip(number, title, random.choice(("", "Recovered")), "good", "tick", number, number + 1, joined=joined)


def test_places_are_those_of_a_strip_that_is_laid_out_anew(qtbot: QtBot) -> None:
    random, kept = Random(3), OperationStrip()
    qtbot.addWidget(kept)
    chips: list[Chip] = []
    for _ in range(80):
        cut = random.randrange(len(chips) + 1) if random.random() < 0.5 else len(chips)
        chips = chips[:cut] + [chip(number, random) for number in range(cut, cut + random.randrange(3))]
        if chips and random.random() < 0.3:  # the result of an operation in the middle becomes known
            at = random.randrange(len(chips))
            chips = [*chips[:at], chips[at]._replace(result="Failed"), *chips[at + 1 :]]
        forks = {random.randrange(len(chips) + 1): random.randrange(1, 4) for _ in range(random.randrange(3))}
        kept.set_operations(chips, forks)
        fresh = OperationStrip()
        qtbot.addWidget(fresh)
        fresh.set_operations(chips, forks)
        assert kept._places == fresh._places
        assert kept._ends == fresh._ends
