"""Rows of the Assess panel: frames by group and outcome, with a column for each policy where the policies differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.units import mebibytes
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.report import RUNS_ON, survival
from hwpoison_gui.view.damage.tables import Row, Table, memory_of
from hwpoison_gui.view.damage.words import HARMFUL_TIP
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.classes import CLASSES, SHORT

ALL: Final = -1  # for a column: every frame that is memory
KILLS: Final = -3  # for a column: every frame whose error kills the process of the row
HARM: Final = -2  # for a column: every frame of an outcome of classes.HARMFUL
# Harmful outcomes first, then pages that stay in use, then the rest.
_ORDER: Final = tuple(
    CLASSES[code]
    for code in (
        *sorted(outcomes.HARMFUL, key=lambda code: (code == outcomes.STUCK, -code)), outcomes.IGNORED, outcomes.SILENT,
        outcomes.FREE, outcomes.POISONED,
    )
)  # fmt: skip


class AssessColumn(Record):
    """Frames of one outcome.

    `code`: its class (classes.CLASSES), ALL, HARM or KILLS. `early`: the policy, or None where all policies agree.
    `head`: one or two lines.
    """

    code: int
    early: int | None
    head: str
    tip: str


class AssessRow(Record):
    """A group. `term`: see tables.Row. `frames`: their number in each column. `is_whole`: it has all of memory."""

    key: int
    name: str
    term: tuple[str, str] | tuple[()]
    frames: tuple[int, ...]
    is_whole: bool = False


class AssessSheet(Record):
    """Content of the panel; the first row has all of memory."""

    by: str
    columns: tuple[AssessColumn, ...]
    rows: tuple[AssessRow, ...]
    note: str


def sheet_of(tables: Mapping[int, Table]) -> AssessSheet:
    """Tables of one grouping by policy (vm.memory_failure_early_kill), as one."""
    policies = sorted(tables)
    first = tables[policies[0]]
    every = [(tables[early].whole, *tables[early].rows) for early in policies]
    columns = [AssessColumn(ALL, None, "all", "Memory: all frames that have a page")]
    if any(row.danger for row in every[0]):
        counts = [[row.kills for row in rows] for rows in every]
        columns += _columns_of(
            KILLS, "kills it", "Frames whose error kills the process, mapped or not", counts, policies
        )
    columns += _columns_of(HARM, "harmful", HARMFUL_TIP, [[row.harmful for row in rows] for rows in every], policies)
    for one in _ORDER:
        counts = [[row.frames[one.id] for row in rows] for rows in every]
        if any(map(any, counts)):
            tip = f"{one.name}: {one.meaning}"
            columns += _columns_of(one.id, SHORT.get(one.key, one.name), tip, counts, policies)
    rows = [_row(number, [rows[number] for rows in every], columns, policies) for number in range(len(every[0]))]
    rows[0] = rows[0]._replace(is_whole=True)
    return AssessSheet(first.by, tuple(columns), tuple(rows), first.note)


def _columns_of(
    code: int, name: str, tip: str, counts: Sequence[Sequence[int]], policies: Sequence[int]
) -> list[AssessColumn]:
    if all(count == counts[0] for count in counts):
        return [AssessColumn(code, None, "\n".join(name.split(" ", 1)), tip)]
    of_policy = zip(policies, counts, strict=True)
    return [
        AssessColumn(code, early, f"{name}\n{KILL[early]}", f"{tip}; with {KILL[early]}")
        for early, count in of_policy
        if any(count)
    ]


def _row(key: int, rows: Sequence[Row], columns: Sequence[AssessColumn], policies: Sequence[int]) -> AssessRow:
    """One group under all policies, which count the same frames in it."""
    frames = []
    for column in columns:
        row = rows[0] if column.early is None else rows[policies.index(column.early)]
        of_all = {ALL: memory_of(row.frames), HARM: row.harmful, KILLS: row.kills}
        frames.append(of_all[column.code] if column.code in of_all else row.frames[column.code])
    return AssessRow(key, rows[0].name, rows[0].term, tuple(frames))


def assess_cells(row: AssessRow, as_frames: bool) -> tuple[str, ...]:
    """The name and the numbers of a row as they are shown: frames, or MiB; empty for none."""
    return row.name, *((f"{n:,}" if n else "") if as_frames else mebibytes(n) for n in row.frames)


def survival_words(tables: Mapping[int, Table]) -> str:
    """The share of errors that the machine survives, under each policy, as a short text."""
    said = {}
    for early in sorted(tables):
        found = survival(tables[early].whole.frames)
        shares = {word: found.share(getattr(found, field)) for field, word in RUNS_ON.items()}
        said[KILL[early]] = ", ".join(f"{word} {100 * share:.1f} %" for word, share in shares.items() if share)
    if len(said) > 1 and len(set(said.values())) == 1:
        return f"{next(iter(said.values()))}, with either policy"
    return "; ".join(f"{policy}: {words}" for policy, words in said.items())
