"""Rows of the table of frames that another kernel gives another outcome, with the differences that decide it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.record import Record
from hwpoison_gui.session.fidelity.differences import Difference, read_on
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.lenses import KIND
from hwpoison_gui.view.outcome.between_kernels import Between, Decider, Group
from hwpoison_gui.view.outcome.classes import LONGEST
from hwpoison_gui.view.words.differences import kernels_words
from hwpoison_gui.view.words.words import counted

_SHORT: Final = {one.name: one.shortest for one in KIND.classes}
_UNDECIDED: Final = "no single set of differences"

WHAT_IS_COMPARED: Final = (
    "An error injected by frame number, in the memory as it lies: neither kernel gets the folios that it would have "
    "made itself. Compared are the outcome, the result and whether data is lost, not the kind or the log."
)


class BetweenRow(Record):
    """One group of frames; `key` is its number in `Between.numbers`.

    `sources` cites what decides it; `explained` has each difference and its source on lines of their own.
    """

    key: int
    frames: int
    kind: str
    before: str
    after: str
    decided_by: str
    sources: str
    explained: str
    first: int


BETWEEN_COLUMNS: Final = (
    TextColumn("frames", "Frames", "Number of frames with this outcome under both kernels", "00,000,000", number=True),
    TextColumn("memory", "Memory", "The same as an amount of memory", "000.0 MiB", number=True),
    TextColumn("kind", "Kind", "What the frames hold", "page table"),
    TextColumn("before", "From", "Outcome of an error under the kernel of this machine", LONGEST),
    TextColumn("after", "To", "Outcome of an error under the other kernel", LONGEST),
    TextColumn("decided_by", "Decided by", "The differences of the kernels that decide it: if the newer kernel had "
               "none of them, it had the outcome of the older one; the tip has those that alone lead to a third",
               "a page without ref", wide=True),
)  # fmt: skip


def between_rows(between: Between) -> list[BetweenRow]:
    """The groups, the largest first."""
    rows = []
    for group in between.groups:
        parts = decided_words(group, between)
        head, first = parts[0] if parts else ("", [])
        decided = f"{head}{': ' * bool(head)}{'; '.join(what for what, _ in first)}"
        differences = [one.difference for one in group.decided_by]
        sources = "; ".join(dict.fromkeys(cited(one, between) for one in differences))
        explained = "\n".join(
            line
            for head, ones in parts
            for line in (*[f"{head}:"] * bool(head), *(f"{what}\n    {source}" for what, source in ones))
        )
        outcomes = group.before.beside(group.after), group.after.beside(group.before)
        rows.append(
            BetweenRow(group.number, group.frames, _SHORT[group.kind], *outcomes, decided or _UNDECIDED, sources,
                       explained, group.first)
        )  # fmt: skip
    return rows


def between_cells(row: BetweenRow) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of BETWEEN_COLUMNS."""
    memory = amount(row.frames * FRAME_SIZE)
    return f"{row.frames:,}", memory, row.kind, row.before, row.after, row.decided_by


def decided_words(group: Group, between: Between) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return one or two parts about what decides the outcome of a group.

    A part has a heading, which may be empty, and the words and the source of each difference.
    """
    enough, rest = between.deciding(group)
    parts = [("any one of" if len(enough) > 1 else "", enough)] if enough else []
    if rest:
        parts.append(("otherwise decided by" if enough else "only together", rest))
    return [
        (head, [(f"{difference_words(one.difference, between.back)}{_alone(one, enough)}",
                 cited(one.difference, between)) for one in ones])
        for head, ones in parts
    ]  # fmt: skip


def _alone(one: Decider, enough: Sequence[Decider]) -> str:
    return "" if one in enough else f" (outcome then: {one.alone.words})"


def difference_words(difference: Difference, back: bool = False) -> str:
    """A difference in one line of plain text: what it is about, and how each kernel has it; `back`: the newer first."""
    kernels = kernels_words(difference)[:: -1 if back else 1]
    before, after = (text.replace("`", "").rstrip(".") for text in kernels)
    return f"{difference.meaning.replace('`', '')}: {before} → {after}"


def cited(difference: Difference, between: Between) -> str:
    """Commit, or file, function and version of a difference, and the section of the docs that says more."""
    return f"{difference.source}, see {read_on(difference.name, PROFILES[between.one], PROFILES[between.other])}"


def between_summary(between: Between) -> str:
    """Describe the number of frames with another outcome."""
    frames = sum(group.frames for group in between.groups)
    if not frames:
        return f"every frame has the same outcome under {between.one} and {between.other}"
    number = f"{counted(frames, 'frame')} ({amount(frames * FRAME_SIZE)})"
    have = "has" if frames == 1 else "have"
    return f"{number} {have} another outcome under {between.other} than under {between.one}"
