"""The rows of a table add up to all of memory, whatever they are grouped by."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.tables import GROUPINGS, find_table
from hwpoison_gui.view.damage.worst import worst_processes
from hwpoison_gui.view.filter.expression import parse
from tests.view.outcome.states import scramble, with_huge_pages


@pytest.fixture(params=["desktop", "odd"], name="damage", scope="module")
def _damage(request: pytest.FixtureRequest) -> Damage:
    if request.param == "desktop":
        return Damage.of(Session.fresh(8192, 2, "desktop", profile="6.1").machine, 1)
    rng = np.random.default_rng(4)
    m = with_huge_pages("6.12", rng).machine
    scramble(m, rng)
    return Damage.of(m, 1)


@pytest.mark.parametrize("by", GROUPINGS)
def test_rows_add_up_to_the_whole(damage: Damage, by: str) -> None:
    table = to_the_end(find_table(damage, by))
    codes = damage.assessment.classes()
    assert table.whole.frames == tuple(np.bincount(codes, minlength=len(table.whole.frames)).tolist())
    assert sum(table.whole.frames) == table.whole.share == damage.m.frames
    assert table.whole.lost == int((damage.lost[damage.assessment.class_of] > 0).sum())
    assert sum(row.share for row in table.rows) == pytest.approx(damage.m.frames)
    if by == "process":  # a frame of several processes counts in each
        assert all(sum(row.frames) >= row.share - 1e-6 for row in table.rows)
        return
    assert tuple(np.sum([row.frames for row in table.rows], axis=0).tolist()) == table.whole.frames
    assert sum(row.lost for row in table.rows) == table.whole.lost


def test_frames_are_counted_one_by_one(damage: Damage) -> None:
    """By other means: frame by frame, and entry by entry."""
    m, codes = damage.m, damage.assessment.classes().tolist()
    kinds = Counter((KINDS[kind_of(m.page(pfn))].name, codes[pfn]) for pfn in range(m.frames))
    for row in to_the_end(find_table(damage, "kind")).rows:
        assert row.frames == tuple(kinds[row.name, code] for code in range(len(row.frames)))
    files = Counter((number, codes[pfn]) for pfn in range(m.frames) if (number := _inode(m, pfn)) is not None)
    cached = Counter(number for number, _ in files.elements())
    rows = to_the_end(find_table(damage, "file")).rows
    assert sorted(sum(row.frames) for row in rows[:-1]) == sorted(cached.values())


def _inode(m: Machine, pfn: int) -> int | None:
    inode = m.inode_of(m.compound_head(pfn) if m.page(pfn) & pf.COMPOUND_TAIL else pfn)
    return None if inode is None else inode.id


def test_processes_stand_in_the_order_of_the_worst_ones(damage: Damage) -> None:
    rows, worst = to_the_end(find_table(damage, "process")).rows[:-1], worst_processes(damage, 100)
    assert [row.kills for row in rows][: len(worst)] == [one.kills for one in worst]
    assert [row.danger for row in rows] == sorted((row.danger for row in rows), reverse=True)


@pytest.mark.parametrize("by", ["process", "file", "zone", "node"])
def test_the_term_of_a_row_is_a_filter_that_finds_its_frames(by: str) -> None:
    m = Session.fresh(8192, 2, "desktop", profile="6.1").machine
    damage = Damage.of(m)
    rows = [row for row in to_the_end(find_table(damage, by)).rows if row.term]
    paths = Counter(row.term for row in rows)
    assert rows
    for row in rows[:12]:
        if paths[row.term] > 1:  # several deleted files of one path
            continue
        parsed = parse(":".join(row.term))
        assert parsed is not None
        frames = parsed.match(m, lambda lens: np.zeros(m.frames, np.uint8)).frames
        assert frames is not None
        # Entries that no reverse map leads to are no use; a swap entry is no mapping; a hole is no page.
        assert 0.9 * sum(row.frames) <= int(frames.sum()) <= 1.1 * sum(row.frames), row.name
