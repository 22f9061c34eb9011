"""Aligns the clocks of several sources of one machine.

A log counts from boot, a database has the date in whole seconds, `dmesg -T` computes a date that drifts. What all of
them have are the same errors in the same order: the shift between two clocks is the one on which most of these agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Source
from hwpoison_gui.sources.records.incidents import Incident

_BIN_S: Final = 5.0
_MOST_PAIRS: Final = 200_000
_MOST_OF_ONE: Final = 16  # repeats of an error that are compared with those of another source

Key = tuple[str, int | None, str]  # operation, frame, result


class Shift(Record):
    """Offset that is added to the times of a source, in seconds.

    `how` says why; `found` is False if it is only assumed. `within`: how far from the truth it may be, in seconds.
    """

    seconds: float
    how: str
    found: bool
    within: float = 0.0


def key_of(incident: Incident) -> Key:
    """Return the key that identifies an error in all sources."""
    return incident.operation, incident.pfn, incident.result


class Common:
    """Times of the errors that are already on the common clock."""

    def __init__(self) -> None:
        self._where: dict[Key, list[tuple[float, int]]] = {}

    def note(self, incident: Incident, time: float, source: int) -> None:
        """Remember when an error happened, according to a source."""
        if incident.pfn is not None:
            times = self._where.setdefault(key_of(incident), [])
            if len(times) < _MOST_OF_ONE:
                times.append((time, source))

    def shift_of(self, other: Sequence[Incident], source: int) -> float | None:
        """The offset, in seconds, between the clock of `source` and those of the other sources.

        It is the one on which most errors that both recorded agree, and None where they have no error in common.
        `other` are the incidents of `source`.
        """
        apart = list(_differences(self._where, other, source))
        if not apart:
            return None
        bins = Counter(round(difference / _BIN_S) for difference in apart)
        best = max(bins, key=lambda one: (bins[one - 1] + bins[one] + bins[one + 1], bins[one]))
        return median(one for one in apart if abs(one / _BIN_S - best) <= 1.5)


def _differences(where: dict[Key, list[tuple[float, int]]], other: Iterable[Incident], source: int) -> Iterable[float]:
    left = _MOST_PAIRS
    for incident in other:
        if incident.time is None:
            continue
        for time, noted_by in where.get(key_of(incident), ()):
            if noted_by == source:  # noted by the same source, in another boot
                continue
            yield time - incident.time
            left -= 1
            if not left:
                return


def own_shift(source: Source, boot: int, clock: str) -> Shift | None:
    """The shift from a source's clock to UTC, if the source itself tells; else None."""
    if clock == ev.UTC:
        return Shift(0.0, "its times are in UTC", True)
    if clock == ev.BOOT and boot < len(source.boots):
        epoch = source.boots[boot].epoch
        if epoch is not None:
            return Shift(
                epoch, "times are based on the log line in which the kernel set its clock, in whole seconds", True, 1.0
            )
    return None
