"""Words about the most dangerous frames: which they are, whom an error there hits and why, and what ranks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.view.base.impacts import IMPACTS, Hit
from hwpoison_gui.view.base.naming import listed
from hwpoison_gui.view.damage.worst import WorstFrame

RANKED_BY: Final = (
    "The worst first: the kernel panics; then by how many processes die, by broken pages that stay in use, by content "
    "lost, and by how many processes are hit but live. Frames that are alike are one line."
)
HARMFUL_TIP: Final = "Frames whose error signals, loses data or panics, and failed ones; ignored ones are not counted"
_MOST_NAMES: Final = 3


def who_and_why(hits: Sequence[Hit], most: int = _MOST_NAMES) -> list[str]:
    """Describe the impacts of an error on processes, a clause each, the worst first; the impact precedes the names.

    `python3:239 dies on touch`, `14 die on touch: nginx:142, nginx:143, nginx:144 and 11 more`.
    """
    clauses = []
    for impact in IMPACTS.values():
        who = [hit.task for hit in hits if hit.kind == impact.kind]
        if len(who) == 1:
            clauses.append(f"{who[0]} {impact.clause}")
        elif who:
            clauses.append(f"{len(who):,} {impact.named or impact.counted[1]}: {listed(who, most)}")
    return clauses


def frames_named(worst: WorstFrame) -> str:
    """Name the first run of frames that are alike by its ends, `0x293a to 0x2943`, or a single frame by its number."""
    return f"{worst.pfn:#x}" + (f" to {worst.pfn + worst.run - 1:#x}" if worst.run > 1 else "")


def more_alike(worst: WorstFrame) -> str:
    """Number of further frames of the same kind, `and 7,425 more like these`; empty for none."""
    rest = worst.alike - worst.run
    return f"and {rest:,} more like {'these' if worst.run > 1 else 'it'}" if rest else ""
