"""Departure of a page from a frame that a finished or running operation broke or offlined."""

from __future__ import annotations

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.migrate import MOVED, REMAPPED
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session


class Departed(Record):
    """`to`: the frame that the page was migrated to, or -1. `ptes`: PTEs that were remapped with it, or unmapped."""

    to: int = -1
    ptes: int = 0


def departed(session: Session, pfn: int) -> Departed:
    """Return the departure of the page from a frame, by the steps before the present position."""
    here, ptes = session.position, 0
    for operation in reversed(tuple(session.parts(here, pfn))):
        marks = session.steps.marks[operation.first : min(operation.last, here)]
        ptes += sum(len(mark.ptes) for mark in marks if mark.act is Act.UNMAP)
        moved = next((mark for mark in marks if mark.site is MOVED), None)
        if moved is not None:  # for a huge page the mark names the heads
            head, new = moved.frames
            return Departed(new + pfn - head, sum(mark.site is REMAPPED for mark in marks))
    return Departed(-1, ptes)
