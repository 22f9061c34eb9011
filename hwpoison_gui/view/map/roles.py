"""Roles of the frames that the map outlines."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record


class Role(Record):
    """Why frames are outlined. `colour`: for frames of a process, the number of its colour (palette.Theme.task)."""

    name: str
    colour: int = -1


TARGET: Final = Role("target")
VISITED: Final = Role("visited")
SKIPPED: Final = Role("skipped")
UNMAPPED: Final = Role("unmapped")
FREED: Final = Role("freed")

RECORDED: Final = Role("recorded")
RECORDED_LATER: Final = Role("recorded later")
RECORDED_HERE: Final = Role("recorded here")

_MEANINGS: Final = {
    FREED: "freed by the last exit",
    RECORDED: "a real error is recorded",
    RECORDED_LATER: "a real error is recorded, later than the chosen record",
    RECORDED_HERE: "the chosen record of a real error",
}


def owned(colour: int) -> Role:
    """The role of frames that the process of the present step maps."""
    return Role("owned", colour)


def of_selected(colour: int) -> Role:
    """The role of frames that the selected process maps: marked by another shape than those of the step's process."""
    return Role("selected", colour)


def meaning_of(role: Role) -> str:
    """The meaning of a mark, for its tooltip; empty where the sentence of the step already gives it."""
    return _MEANINGS.get(role, "")
