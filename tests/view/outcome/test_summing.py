"""How an operation on many frames is summed up: the order of its frames, its counts, and who has a page elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session import timeline
from hwpoison_gui.session.operation import Operation, Parts
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import UNTOLD
from hwpoison_gui.view.base.impacts import CAUGHT, DEAD, IGNORED, LATER, PANICS, SAFE, USES, Fate
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.outcome import summing
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.many import OneFrame, Summary, badness, said_of
from hwpoison_gui.view.outcome.summing import said_in_short, summary_of
from tests.session.test_many import busy
from tests.workbench import do

# What a loss leaves of a frame, and the bit for it.
GONE, IN_USE, BROKEN, HUGE = 1, 2, 4, 8
KINDS: Final = (PANICS, LATER, CAUGHT, IGNORED, USES, SAFE)


def signal(pid: int, effect: str) -> SignalSeen:
    return SignalSeen("a", 0, "SIGBUS", "BUS_MCEERR_AO", 0, 12, effect, "a", pid)


def drawn(rng: np.random.Generator, frames: int) -> tuple[Parts, list[int], dict[int, dict[int, str]]]:
    """Outcomes, losses and next touches of some frames; most are hurt little, a few by crowds."""
    parts, losses, touches = Parts("poison", {}, 0), list[int](), dict[int, dict[int, str]]()
    for number in range(frames):
        effects = rng.choice(["killed", "handled", "pending"], rng.choice([0, 0, 1, 2, 12])).tolist()
        signals = tuple(signal(int(rng.integers(1, 14)), effect) for effect in effects)
        parts.add(1000 + number, number + 1, Outcome("poison", signals=signals, panic=bool(rng.random() < 0.1)))
        losses.append(int(rng.integers(16)))
        if (count := int(rng.choice([0, 0, 1, 2, 20]))) > 0:
            kinds = rng.choice(KINDS[int(rng.random() < 0.8) :], count).tolist()
            touches[number] = dict(enumerate(kinds, start=20))
    return parts, losses, touches


def summed(parts: Parts, losses: list[int], touches: Mapping[int, Mapping[int, str]]) -> Summary:
    found = summing._Found(parts)
    found.losses[:] = bytes(losses)
    found.touches.update(touches)
    operation = Operation("poison", {"frames": ("0x3e8",)}, UNTOLD, 0, len(parts), Outcome("poison"), parts)
    return to_the_end(summing._summed(operation, parts, found, {}))


@pytest.mark.parametrize("seed", range(4))
def test_frames_are_in_the_order_of_their_badness_and_what_they_lost_is_counted(seed: int) -> None:
    parts, losses, touches = drawn(np.random.default_rng(seed), 60)
    summary = summed(parts, losses, touches)
    effects = [[(seen.label, seen.effect) for seen in parts.plain(number).signals] for number in range(60)]
    killed = [{label for label, effect in each if effect == "killed"} for each in effects]
    lives = [{label for label, _ in each} - killed[number] for number, each in enumerate(effects)]
    bad = [(*badness(parts.plain(n).panic, len(killed[n]), len(lives[n]), touches.get(n, {})),
            bool(losses[n] & GONE), bool(losses[n] & IN_USE)) for n in range(60)]  # fmt: skip
    worst_first = sorted(range(60), key=lambda number: bad[number], reverse=True)
    assert [one.number for one in summary.frames] == worst_first
    for one in summary.frames:
        assert (set(one.killed), set(one.signalled)) == (killed[one.number], lives[one.number])
        assert one.badness == bad[one.number]
    gone = [bits for bits in losses if bits & GONE]
    assert summary.lost == sum(512 if bits & HUGE else 1 for bits in gone) * FRAME_SIZE
    assert summary.in_use == sum(bits & IN_USE != 0 for bits in losses)


@pytest.mark.parametrize("losses", [[BROKEN], [HUGE], [BROKEN, HUGE], [HUGE | BROKEN], [0, HUGE | BROKEN, GONE], []])
def test_whether_a_frame_was_broken_before_with_its_hugetlb_page(losses: list[int]) -> None:
    parts = Parts("poison", {}, 0)
    for number in range(len(losses)):
        parts.add(1000 + number, number + 1, Outcome("poison"))
    assert summed(parts, losses, {}).again_huge is (HUGE | BROKEN in losses)


@pytest.mark.parametrize(("worse", "other"), [
    ((False, 0, 1, {7: CAUGHT}), (False, 0, 1, {})), ((False, 1, 0, {}), (False, 0, 9, {})),
    ((False, 0, 0, {7: PANICS}), (False, 9, 9, {})), ((True, 0, 0, {}), (False, 9, 9, {7: PANICS})),
])  # fmt: skip
def test_what_decides_how_bad_a_frame_is(
    worse: tuple[bool, int, int, dict[int, str]], other: tuple[bool, int, int, dict[int, str]]
) -> None:
    assert badness(*worse) > badness(*other)


def test_the_words_of_a_frame_leave_out_whom_the_next_touch_does_not_hurt() -> None:
    one = OneFrame(0, 1, Outcome("poison"), (), (), False, True, {1: SAFE, 2: USES, 3: LATER})
    assert one.words == "1 dies on touch, stays in use, broken"


def test_the_sentence_counts_results_hits_and_losses() -> None:
    session = busy("6.1", memory_failure_early_kill=1)
    do(session, "fork", task="b", child="c")
    dead = [session.world.process(name).tgid for name in "bc"]
    again = session.resolve_frame("any:slab")
    do(session, "poison", frame="any:slab")
    do(session, "poison", frames=["any:free", "a:m+0", "any:pgtable", hex(again)])
    operation = session.operations[-1]
    results = "1 Ignored, 2 Recovered, 1 already hardware poisoned"
    assert said_in_short(operation) == f"{results}; who is hit and what is lost is not summed up yet."
    summary = summary_of(session, operation)
    came = "2 killed; 1 signalled; content lost: 4 KiB; 1 frame stays in use, broken"
    assert said_of(summary) == f"{results}: {came}."
    assert summary.processes(DEAD) == dead


def test_refused_errors_are_said_to_be_filtered() -> None:
    session = busy("6.1")
    for name, value in (("memcg", 99), ("enable", 1)):
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    do(session, "poison", frames=["a:m+0", "a:m+1"])
    summary = summary_of(session, session.operations[-1])
    assert [one.words for one in summary.frames] == ["filtered", "filtered"]
    assert said_of(summary) == "2 filtered: nothing is lost, no process is hit."


def test_a_process_whose_swap_entry_leads_to_the_page_is_hit_and_one_with_another_is_not() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    for name in ("a", "d"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=2)
        for page in range(2):
            do(session, "write", task=name, at=f"m+{page}", value="x")
    for name in ("a", "d"):
        do(session, "madvise", task=name, at="m+0", pages=1, advice="pageout")
    do(session, "fork", task="a", child="c")
    do(session, "swapin", task="a", at="m+0")
    (swapped,) = session.machine.swap_cache.view.values()
    session.machine.set_flags(swapped, pf.DIRTY)
    do(session, "write", task="c", at="m+1", value="own")
    do(session, "poison", frames=[hex(swapped), "d:m+1"])
    operation = session.operations[-1]
    summary = summary_of(session, operation)
    for one in summary.frames:
        part = operation.parts[one.number]
        alone = at(session, part.last, lambda part=part: loss_of(session, part))
        assert alone is not None and dict(one.touches) == {hit.tgid: hit.kind for hit in alone.hits}
    tgids = {name: session.world.process(name).tgid for name in "acd"}
    own = operation.parts[1].outcome.pfn
    assert own is not None
    wanted = {"a": Fate(LATER, swapped), "c": Fate(LATER, swapped), "d": Fate(LATER, own)}
    assert summary.impacts == {tgids[name]: fate for name, fate in wanted.items()}


@pytest.mark.parametrize("where", ["before", "at the end"])
def test_it_is_summed_up_from_anywhere_and_the_progress_only_grows(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long walk of the machine, there or back, pauses after every slice of steps."""
    monkeypatch.setattr(timeline, "STEPS_PER_SLICE", 4)
    session = busy("6.1", memory_failure_early_kill=0)
    before = session.position
    do(session, "poison", frames=["a:m+0", "a:s+1", "any:free", "any:slab"])
    operation = session.operations[-1]
    session.seek(before if where == "before" else operation.last)
    position, digest, said = session.position, session.machine.gate.digest(), list[int]()
    for words in summing.find_summary(session, operation):
        if (found := re.fullmatch(r"Summing up: ([\d,]+) of 4 frames", words)) is not None:
            said.append(int(found[1]))
    assert said == sorted(said) and said[0] >= 1 and said[-1] == 4
    assert len(said) - said.count(4) > 3, "a frame takes more than one slice of steps"
    walks = [operation.last - before, abs(operation.last - position)]
    assert said.count(4) >= sum(steps // 4 - 1 for steps in walks)
    assert (session.position, session.machine.gate.digest()) == (position, digest)
    assert {impact.kind for impact in summary_of(session, operation).impacts.values()} == {CAUGHT, LATER}
