"""The summary of an operation on many frames agrees with what is said of each frame alone."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import CAUGHT, DEAD, LATER, Fate
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.foretold import foretold
from hwpoison_gui.view.facts.counters import counters_of
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.outcome import summing
from hwpoison_gui.view.outcome.loss import Loss, loss_of
from hwpoison_gui.view.outcome.loss_words import content_words
from hwpoison_gui.view.outcome.many import OneFrame, said_of, worst_of
from hwpoison_gui.view.outcome.summing import summary_of
from hwpoison_gui.view.rows.broken import broken_cells, broken_columns, broken_rows
from tests.session.test_many import busy
from tests.view.outcome.states import with_huge_pages
from tests.workbench import chips_of, do

FRAMES = ["a:m+0", "a:m+3", "a:s+1", "any:free", "any:slab", "any:pgtable"]


def broken(profile: str = "6.1", **sysctl: int) -> Session:
    session = busy(profile, **sysctl)
    do(session, "poison", frames=FRAMES)
    return session


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("early", [0, 1])
def test_it_counts_what_each_frame_lost(profile: str, early: int) -> None:
    session = broken(profile, memory_failure_early_kill=early)
    summary = summary_of(session, session.operations[-1])
    for one in summary.frames:
        alone = _alone(session, one)
        assert alone is not None
        assert (one.gone, one.in_use) == (alone.gone, alone.in_use), hex(one.pfn)
    assert sum(summary.results.values()) == len(FRAMES)


def test_early_and_late() -> None:
    early = summary_of(*_end(broken(memory_failure_early_kill=1)))
    assert {impact.kind for impact in early.impacts.values()} >= {DEAD}
    late = summary_of(*_end(broken(memory_failure_early_kill=0)))
    assert sorted(impact.kind for impact in late.impacts.values()) == sorted([CAUGHT, LATER])
    assert (late.lost, late.in_use) == (3 * FRAME_SIZE, 2)


@pytest.mark.parametrize("profile", ["6.1", "6.12", "7.2"])
def test_a_hugetlb_page_is_lost_once_as_foretold_and_its_further_frames_were_poisoned(profile: str) -> None:
    session = with_huge_pages(profile, np.random.default_rng(3))
    m = session.machine
    damage = Damage.of(m)
    losing = [pfn for pfn in damage.assessment.members.tolist() if damage.toll(np.array([pfn])).huge]
    pfns = np.arange(3) + (losing[0] & -HPAGE_PMD_NR)
    toll = damage.toll(pfns)
    do(session, "poison", frames=[hex(pfn) for pfn in pfns.tolist()])
    summary = summary_of(*_end(session))
    assert (summary.lost, summary.huge_lost) == (toll.lost, toll.huge) == (HPAGE_PMD_NR * FRAME_SIZE, 1)
    assert f"Content lost: {content_words(summary.lost, 1)}" in foretold(damage, toll)
    assert "content lost: 2.0 MiB, 1 hugetlb page whole" in said_of(summary)
    again = "2 already hardware poisoned with their hugetlb page" if profile == "6.1" else "2 Failed"
    assert again in said_of(summary)
    assert "2 errors more than frames with PG_hwpoison" in counters_of(session)[0].tip


def test_the_worst_frame_is_first_and_equal_ones_are_in_order() -> None:
    session, operation = _end(broken(memory_failure_early_kill=1))
    frames = summary_of(session, operation).frames
    assert "killed" in frames[0].words and frames[-1].words == "nothing is lost"
    assert [one.badness for one in frames] == sorted((one.badness for one in frames), reverse=True)
    assert worst_of(summary_of(session, operation)).startswith(f"Worst: {frames[0].pfn:#x} (")


def test_late_kill_counts_processes_that_have_a_shared_page_in_a_vma_without_an_entry() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/dev/shm/f", pages=8, filesystem="tmpfs")
    for name in ("a", "b", "c"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="s", pages=8, file="/dev/shm/f", shared=True)
    do(session, "mmap", task="a", name="m", pages=4)
    do(session, "write", task="a", at="m+0")
    do(session, "write", task="a", at="s+1")
    do(session, "poison", frames=["a:m+0", "a:s+1"])
    summary = summary_of(*_end(session))
    shared, alone = summary.frames
    found = _alone(session, shared)
    assert found is not None and dict(shared.touches) == {hit.tgid: hit.kind for hit in found.hits}
    assert shared.words == "3 die on touch, data lost" and alone.words == "1 dies on touch, data lost"
    assert summary.impacts == dict.fromkeys(shared.touches, Fate(LATER, shared.pfn))
    rows = broken_rows(summary)
    columns = broken_columns(rows)
    assert [column.field for column in columns] == ["frame", "touched", "lost", "result", "kind"]
    assert [broken_cells(row, columns)[1] for row in rows] == ["3 die on touch", "1 dies on touch"]


def test_merged_pages_the_swap_cache_and_init() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="init", pid=1)
    for name in ("a", "b"):
        do(session, "task", name=name)
    for name in ("init", "a", "b"):
        do(session, "mmap", task=name, name="m", pages=4)
    for name, page in (("a", 0), ("b", 0), ("a", 1), ("init", 2)):
        do(session, "write", task=name, at=f"m+{page}", value="same")
    for name in ("a", "b"):
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    do(session, "fork", task="a", child="c")
    do(session, "madvise", task="a", at="m+1", pages=1, advice="pageout")
    for name in ("a", "c"):
        do(session, "read", task=name, at="m+1")
    of_init = session.resolve_frame("init:m+2")
    do(session, "poison", frames=["a:m+1", "a:m+0", "init:m+2"])
    summary = summary_of(*_end(session))
    assert summary.frames[0].pfn == of_init
    assert summary.frames[0].words.startswith("1 process panics the kernel on touch")
    for one in summary.frames:
        alone = _alone(session, one)
        assert alone is not None and dict(one.touches) == {hit.tgid: hit.kind for hit in alone.hits}


def test_one_source_for_sentence_and_chip() -> None:
    session, operation = _end(broken())
    summary = summary_of(session, operation)
    assert sentence_of(session).text == said_of(summary)
    assert "frame 6 of 6" in sentence_of(session).where and "break 6 frames" in sentence_of(session).where
    chip = chips_of(session)[-1]
    assert all(words in said_of(summary) for words in chip.result.split(", "))
    session.seek(operation.parts[2].first + 1)
    assert "frame 3 of 6  ·  step 1 of" in sentence_of(session).where


def test_it_is_found_in_slices_and_given_up_midway_the_machine_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summing, "_MOST_AT_ONCE", 1)
    session, operation = _end(broken())
    digest = session.machine.gate.digest()
    work = summing.find_summary(session, operation)
    while session.at_rest:
        assert next(work).startswith("Summing up: ")
    assert session.position == operation.last
    work.close()
    assert session.at_rest and session.machine.gate.digest() == digest
    assert summing.summary_at_hand(session, operation) is None
    short = sentence_of(session).text
    assert short.endswith("is not summed up yet.") and said_of(summary_of(session, operation)).startswith(short[:20])
    assert sentence_of(session).text == said_of(summary_of(session, operation))


def test_a_panic_says_where_it_ended() -> None:
    session, operation = _end(broken(memory_failure_recovery=0))
    assert said_of(summary_of(session, operation)) == "The kernel gave up at frame 1 of 6: nothing runs any more."


def _end(session: Session) -> tuple[Session, Operation]:
    return session, session.operations[-1]


def _alone(session: Session, one: OneFrame) -> Loss | None:
    """What is said of the frame alone, at the end of its part of the last operation."""
    part = session.operations[-1].parts[one.number]
    return at(session, part.last, lambda: loss_of(session, part))
