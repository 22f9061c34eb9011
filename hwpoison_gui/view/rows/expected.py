"""Rows and words about an expectation from fault rates: faults and processes hit in a thousand machine-years."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hwpoison_gui.dram.rates import DEVICES_PER_RANK, Rates
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.damage.expected import MACHINE_YEARS, AssessedRates, Bounds, summed
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.words.words import counted

ALL: Final = "all"
_BOUNDED: Final = "0.15 (0.025 to 0.62)"


class ExpectedRow(Record):
    """One sort of fault, or all of them: the values without bounds, and as `shown` by the field of a column.

    `hit_0`, `hit_1`: processes hit under late and early kill.
    """

    key: int
    name: str
    hit_0: float
    hit_1: float
    faults: float
    frames: float
    fit: float
    shown: Mapping[str, str]


def expected_columns(rows: Sequence[ExpectedRow]) -> tuple[TextColumn, ...]:
    """The columns of rows; processes hit have one where the policies agree."""
    years, bounds = f"in {MACHINE_YEARS:,} machine-years", "with the bounds in brackets"
    agree = all(row.shown["hit_0"] == row.shown["hit_1"] for row in rows)
    hit = [(f"hit_{early}", f"processes hit\n{KILL[early]}", f"; {KILL[early]}") for early in (0, 1)]
    if agree:
        hit = [("hit_0", "processes\nhit", "; with either policy")]
    return (
        TextColumn("name", "Sort of fault", "As the study names it", "several banks"),
        *(TextColumn(field, head, f"Processes hit {years}, {bounds}{policy}", _BOUNDED, number=True)
          for field, head, policy in hit),
        TextColumn("faults", "faults", f"Faults of this machine {years}, {bounds}", _BOUNDED, number=True),
        TextColumn("frames", "frames\neach", "Frames that one fault reaches, on average", "000,000", number=True),
        TextColumn("fit", "FIT", "Faults of one DRAM device in 10⁹ hours of its operation", "00.0", number=True),
    )  # fmt: skip


def expected_rows(one: AssessedRates) -> list[ExpectedRow]:
    """The sum of all sorts of faults, and each, under late and early kill in this order."""
    late, early = (found for _, found in one.found)
    (faults, hit_0), (_, hit_1) = summed(late), summed(early)
    rows = [_row(0, ALL, faults, hit_0, hit_1, 0, sum(row.fit for row in late))]
    for first, second in zip(late, early, strict=True):
        rows.append(_row(len(rows), first.name, first.faults, first.hit, second.hit, first.mean.frames, first.fit))
    return rows


def _row(key: int, name: str, faults: Bounds, hit_0: Bounds, hit_1: Bounds, frames: float, fit: float) -> ExpectedRow:
    shown = {
        "name": name,
        "hit_0": bounded(hit_0),
        "hit_1": bounded(hit_1),
        "faults": bounded(faults),
        "frames": f"{frames:,.0f}" if frames else "",
        "fit": fit_words(fit),
    }
    return ExpectedRow(key, name, hit_0[1], hit_1[1], faults[1], frames, fit, shown)


def cells_of(columns: Sequence[TextColumn]) -> Callable[[ExpectedRow], tuple[str, ...]]:
    """Return a function from a row to its texts in these columns."""
    return lambda row: tuple(row.shown[column.field] for column in columns)


def heading(one: AssessedRates) -> str:
    """Heading of the expectation: its time, and the study of its rates."""
    return f"Expected in {MACHINE_YEARS:,} machine-years by the rates of {one.rates.title}"


def devices_words(one: AssessedRates, how: str) -> str:
    """Number of devices of the machine. `how`: the way for the user to set it, shown where it is assumed."""
    assumed = f", assumed: {DEVICES_PER_RANK} a rank; {how}" if one.is_assumed else ""
    return f"{counted(one.devices, 'device')}{assumed}"


def expected_notes(one: AssessedRates) -> list[str]:
    """List the basis of the numbers, what they do not cover, and what is not known of them."""
    rates = one.rates
    notes = ["Nothing is corrected in this count: with ECC, most faults of one device are, and these are upper bounds.",
             _bounds_words(rates)]  # fmt: skip
    if rates.has_shares:
        notes.append(f"Of the sorts of faults the source gives shares only; their sum is {rates.total:g} FIT.")
    if one.geometry.merged:
        notes.append("The geometry does not tell ranks apart: a rank is a whole DIMM here, and counted as one rank.")
    notes += [f"Not covered: {text}." for text in rates.not_covered]
    notes += [f"Source: {text}." for text in rates.sources]
    return notes + [f"Not known: {text}." for text in rates.unpublished]


def _bounds_words(rates: Rates) -> str:
    """Explain the numbers in brackets."""
    if rates.low * rates.high == 1:
        said = f"a factor of {rates.high:g} to both sides"
    else:
        said = f"{rates.low:.2g} to {rates.high:.2g} times the rate"
    said = f"In brackets: {said}, as {rates.bounds_source}"
    if not rates.device_hours:
        return f"{said}."
    hours = f"{rates.device_hours / 1e9:g} billion device-hours"
    return f"{said}; widened by the 95 % Poisson limits of the faults that the study saw in {hours}."


def fit_words(fit: float) -> str:
    """A rate with as many digits as it is published with."""
    return f"{fit:.1f}" if fit >= 1 else f"{fit:.2g}"


def bounded(bounds: Bounds) -> str:
    """A number with its bounds."""
    low, middle, high = map(_rounded, bounds)
    return f"{middle} ({low} to {high})"


def _rounded(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"
