"""The state table of a moment: a fact once the handler looked, a preview before, and the rows that fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import FAILED, Profile
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.records import Inode
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import matched_by, matched_in_run, matched_row, step_of_table
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outline.state_rows import FITS, OPEN, SPARED, TRIED, _does, rows_of, table_for
from hwpoison_gui.view.words.tables import BEHAVIOUR
from tests.paths import DATA
from tests.view.outcome.states import with_huge_pages
from tests.workbench import do

CASES = DATA / "cases"
SOME = [file for profile in ("v7", "6.1") for file in sorted((CASES / profile).glob("*.toml"))[3::6]]


def with_a_page(value: str = "x") -> Session:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value=value)
    return session


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_first_row_that_fits_is_lit_those_before_say_which_bit_those_after_are_spared(profile: Profile) -> None:
    rows = rows_of(profile, pf.LRU | pf.UPTODATE)
    lit = [row for row in rows if row.state == FITS]
    assert len(lit) == 1 and "clean LRU" in lit[0].kind
    before, after = rows[: lit[0].number], rows[lit[0].number + 1 :]
    assert all(row.state == TRIED and row.why for row in before)
    assert all(row.state == SPARED and not row.why for row in after)
    dirty = next(row for row in before if row.kind in ("LRU", "dirty LRU page"))
    assert dirty.why == "DIRTY clear"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_without_a_page_nothing_is_decided(profile: Profile) -> None:
    rows = rows_of(profile, None)
    assert [row.kind for row in rows] == [row.kind for row in profile.results.states]
    assert all(row.state == OPEN and all(bit.has is None for bit in row.bits) for row in rows)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_action_has_words(profile: Profile) -> None:
    assert all(row.does and row.means for row in rows_of(profile, None))
    for effects in (_does(profile, None), _does(profile, pf.ANON), _does(profile, pf.SWAPBACKED), _does(profile, 0)):
        assert effects.keys() == set(Effect)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_what_an_action_means_is_told_of_the_variant_that_the_kernel_runs(profile: Profile) -> None:
    rows = rows_of(profile, None)
    assert [row.means for row in rows] == [BEHAVIOUR[profile.results.actions[row.action]] for row in rows]
    dirty = next(row.means for row in rows if row.action == "me_pagecache_dirty")
    assert ("poisoned" in dirty) is profile.files.keeps_poison("tmpfs")


def test_a_preview_becomes_a_fact_when_the_handler_looks() -> None:
    session = with_a_page()
    pfn = session.resolve_frame("a:m+0")
    selected = table_for(session, pfn)
    assert not selected.fact and "if it broke now" in selected.caption
    do(session, "poison", frame="a:m+0")
    operation = session.operations[-1]
    look = step_of_table(session, operation)
    assert look is not None
    session.seek(look)
    before = table_for(session, pfn)
    session.seek(look + 1)
    after = table_for(session, pfn)
    assert not before.fact and after.fact and after.step == look + 1
    for table in (selected, before, after):
        assert next(row.kind for row in table.rows if row.state == FITS) == "LRU"
    assert "LRU" in after.remembered and "LRU" in after.flags


def test_a_frame_that_does_not_come_so_far_says_where_it_stops() -> None:
    session = with_a_page()
    free = session.resolve_frame("any:free")
    table = table_for(session, free)
    assert "free or high order kernel" in table.caption
    assert all(row.state == OPEN for row in table.rows)


def test_another_frame_is_previewed_only_when_the_operation_is_complete() -> None:
    session = with_a_page()
    do(session, "write", task="a", at="m+1", value="y")
    other = session.resolve_frame("a:m+1")
    do(session, "poison", frame="a:m+0")
    assert table_for(session, other).pfn == other
    session.seek(len(session.steps) - 3)
    assert table_for(session, other).pfn == session.operations[-1].outcome.pfn


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_flags_shown_are_those_that_decided_in_the_recorded_cases(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        operation = session.operations[-1]
        pfn, number = operation.outcome.pfn, step_of_table(session, operation)
        if operation.name != "poison" or pfn is None or not 0 <= pfn < session.machine.frames:
            continue
        found = matched_by(session.steps.marks[number], pfn) if number is not None else None
        if found is not None:
            assert found.word is not None
            states = session.machine.profile.results.states
            assert matching_row(states, found.word) is matched_row(session, operation)
        if operation.args["via"] == "corrupt-pfn":
            session.seek(operation.first)
            predicted = predict(session.machine, pfn).matched
            session.seek(operation.last)
            assert (predicted.word, predicted.own) == ((found.word, found.own) if found is not None else (None, 0))


# What holds of a page after its action did what the row says: by the inode before, the inode after, and the flag word.
_HOLDS: Final[dict[str, Callable[[Machine, Inode | None, Inode | None, int], bool]]] = {
    "leave it": lambda m, before, after, word: before == after,
    "leave it free": lambda m, before, after, word: before == after,
    "give up": lambda m, before, after, word: before == after,
    "drop it": lambda m, before, after, word: after is None and not word & pf.SWAPCACHE,
    "note EIO, drop it": lambda m, before, after, word: after is None and _noted(m, before),
    "keep it, poisoned": lambda m, before, after, word: after == before and bool(word & pf.HWPOISON),
    "note EIO, keep it": lambda m, before, after, word: _same(before, after) and _noted(m, before),
    "keep it, unwritten": lambda m, before, after, word: bool(word & pf.SWAPCACHE and not word & pf.DIRTY),
    "no more to do": lambda m, before, after, word: before is None and not word & (pf.SWAPCACHE | pf.ERROR),
    "mark ERROR": lambda m, before, after, word: before is None and bool(word & pf.ERROR),
    "the huge page": lambda m, before, after, word: _same(before, after) and not _is_whole(m, before, word),
}


def _noted(m: Machine, before: Inode | None) -> bool:
    return before is not None and m.inodes.view[before.id].wb_err > before.wb_err


def _same(before: Inode | None, after: Inode | None) -> bool:
    return (before and before.id) == (after and after.id)


def _is_whole(m: Machine, before: Inode | None, word: int) -> bool:
    """Return whether a huge page without a file is still one: the handler dissolves it."""
    return before is None and bool(word & pf.HUGE)


@pytest.mark.parametrize("name", PROFILES)
def test_what_a_row_says_of_a_page_is_what_the_handler_does_with_it(name: str) -> None:
    seen = set[str]()
    for seed in range(3):
        m = with_huge_pages(name, np.random.default_rng(seed)).machine
        used = np.flatnonzero(m.refcount.view > 0)
        for pfn in np.random.default_rng(1).permutation(used)[:300].tolist():
            before = m.inode_of(m.compound_head(pfn))
            with dry_run(m, pfn) as ran:
                found = matched_in_run(pfn, ran)
                if found.word is None or ran.result is None or ran.result.result == FAILED:
                    continue
                does = next(row.does for row in rows_of(m.profile, found.word) if row.state == FITS)
                after = m.inode_of(m.compound_head(pfn))
                assert _HOLDS[does](m, before, after, m.page(pfn)), (pfn, does, ran.result)
                seen.add(does)
    keeps = PROFILES[name].files.keeps_poison("tmpfs")
    marks = PROFILES[name].has("page_error_flag")
    assert {"drop it", "note EIO, drop it", "mark ERROR" if marks else "no more to do"} <= seen
    assert ("note EIO, keep it" in seen) is keeps


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("filesystem", ("ext4", "tmpfs"))
def test_fsync_returns_what_the_sentence_of_the_action_says(name: str, filesystem: str) -> None:
    session = Session.fresh(4096, profile=name)
    do(session, "file", path="/f", pages=2, filesystem=filesystem)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "pwrite", task="a", fd="d", page=0, value="x")
    do(session, "pwrite", task="a", fd="d", page=1, value="y")
    pfn = session.resolve_frame("/f@0")
    row = next(row for row in table_for(session, pfn).rows if row.state == FITS)
    do(session, "poison", frame="/f@0")
    returned = do(session, "fsync", task="a", fd="d").errno
    says = "except on tmpfs" not in row.means or filesystem != "tmpfs"
    assert "which fsync() returns" in row.means and returned == ("EIO" if says else 0)
    assert ("PG_error" in row.means) <= bool(session.machine.page(pfn) & pf.ERROR)
