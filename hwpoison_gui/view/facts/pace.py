"""Display time of each step of an operation, chosen so that a walk of any length can be watched.

A step that moves the story takes longer than one that only looks. Long runs of the same act speed up,
and the whole is pressed into a bearable time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.mark import Act

BASE_MS: Final[dict[Act, float]] = {
    Act.ENTER: 420,
    Act.DECIDE: 520,
    Act.VISIT: 620,
    Act.SKIP: 520,
    Act.FLAG: 480,
    Act.UNMAP: 560,
    Act.MAP: 380,
    Act.SIGNAL: 620,
    Act.DIE: 620,
    Act.DROP: 620,
    Act.RESULT: 700,
    Act.PANIC: 1200,
}
LONGEST_MS: Final = 11_500.0
_FASTER: Final = 0.82  # each step of a run takes this much of the one before it
_RUN_FROM: Final = 3
_LEAST_MS: Final = 45.0


def durations(acts: Sequence[Act]) -> list[float]:
    """Milliseconds for each step at speed 1."""
    times: list[float] = []
    run = 0
    for number, act in enumerate(acts):
        run = run + 1 if number and acts[number - 1] is act else 0
        times.append(max(_LEAST_MS, BASE_MS[act] * _FASTER ** max(0, run - _RUN_FROM + 1)))
    total = sum(times)
    if total <= LONGEST_MS:
        return times
    return [time * LONGEST_MS / total for time in times]
