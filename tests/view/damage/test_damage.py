"""What is foretold for each frame and process at once is what the prediction for the frame alone says."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import SAFE
from hwpoison_gui.view.base.kinds import kind_of
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.damage import hits as module
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.policy import early_kill, early_kill_of
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.prediction import predict
from tests.session.test_properties import EXAMPLES
from tests.view.outcome.states import scramble, with_huge_pages
from tests.workbench import do


def assert_as_predicted(m: Machine, damage: Damage, pfns: list[int]) -> None:
    """The toll of each frame alone is its prediction, to the process."""
    with early_kill(m, damage.early):
        for pfn in pfns:
            ahead, toll = predict(m, pfn), damage.toll(np.array([pfn]))
            wanted = {tgid: kind for kind, tgids in ahead.hits.items() for tgid in tgids if kind != SAFE}
            assert toll.frames[ahead.code] == sum(toll.frames) == 1, hex(pfn)
            assert bool(toll.lost) == ahead.lost, hex(pfn)
            assert toll.hit == ({} if ahead.code == outcomes.POISONED else wanted), hex(pfn)


def some_of(damage: Damage, rng: np.random.Generator, most: int) -> list[int]:
    used = np.unique(damage.hits.frame)
    pfns = np.concatenate((rng.choice(used, min(most, len(used)), replace=False), rng.integers(0, damage.m.frames, 8)))
    return list(np.unique(pfns).tolist())


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("profile", PROFILES)
def test_each_process_is_hit_as_the_prediction_of_the_frame_says(profile: str, early: int) -> None:
    for seed in range(max(1, EXAMPLES // 50)):
        rng = np.random.default_rng(10 * seed + early)
        m = with_huge_pages(profile, rng).machine
        scramble(m, rng)
        damage = Damage.of(m, early)
        assert_as_predicted(m, damage, some_of(damage, rng, 2 * EXAMPLES))


@pytest.mark.parametrize("profile", PROFILES)
def test_no_more_bytes_are_lost_than_the_pages_of_the_frames_have(profile: str) -> None:
    rng = np.random.default_rng(3)
    m = with_huge_pages(profile, rng).machine
    damage = Damage.of(m, 0)
    huge = (m.flags.view[: m.frames] & np.uint64(pf.HUGE)) != 0
    assert profile == "v7" or (damage.lost[damage.assessment.class_of[huge]] > 0).any()
    for size in (1, 7, 300, m.frames // 2, m.frames):
        pfns = np.sort(rng.choice(m.frames, size, replace=False))
        pages = len(np.unique(np.where(huge[pfns], pfns // HPAGE_PMD_NR + m.frames, pfns)))
        heads = np.unique(pfns[huge[pfns]] // HPAGE_PMD_NR)
        covered = (pages - len(heads) + HPAGE_PMD_NR * len(heads)) * FRAME_SIZE
        lost = damage.toll(pfns).lost
        assert 0 <= lost <= covered
        apart = [damage.toll(pfns[pfns // HPAGE_PMD_NR % 2 == half]).lost for half in (0, 1)]
        assert sum(apart) == lost  # no huge page is in both parts
        assert lost <= sum(damage.toll(part).lost for part in (pfns[::2], pfns[1::2]))
        kinds = np.array([kind_of(int(word)) for word in m.flags.view[pfns]])
        assert lost == sum(damage.toll(pfns[kinds == kind]).lost for kind in np.unique(kinds))


@pytest.mark.parametrize("early", [0, 1])
def test_so_it_is_on_a_desktop_with_broken_frames(early: int) -> None:
    session, rng = Session.fresh(8192, 2, "desktop", profile="6.1"), np.random.default_rng(1)
    for what in ("anon", "file", "slab"):
        do(session, "poison", frame=f"any:{what}")
    damage = Damage.of(session.machine, early)
    broken = [operation.outcome.pfn for operation in session.operations if operation.outcome.pfn is not None]
    assert_as_predicted(session.machine, damage, sorted({*broken, *some_of(damage, rng, 40)}))


def test_the_sysctl_has_its_own_value_between_two_slices() -> None:
    m = Session.fresh(4096, 3, "desktop", profile="6.1").machine
    digest, own = m.gate.digest(), early_kill_of(m)
    for _ in Damage(m, 1 - own).work():
        assert early_kill_of(m) == own and not m.gate.changed
    assert m.gate.digest() == digest


def test_the_work_says_how_much_of_it_is_done() -> None:
    done = list(Damage(Session.fresh(4096, 3, "desktop").machine).work())
    assert done == sorted(done) and 0 <= done[0] < 0.1 and 0.9 < done[-1] <= 1


def test_hits_do_not_depend_on_how_many_are_done_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    m = with_huge_pages("6.12", np.random.default_rng(1)).machine
    whole = Damage.of(m).hits
    monkeypatch.setattr(module, "_AT_ONCE", 1000)
    monkeypatch.setattr("hwpoison_gui.view.damage.uses._AT_ONCE", 777)
    monkeypatch.setattr("hwpoison_gui.view.damage.uses._CHUNK", 1000)
    parts = Damage.of(m).hits
    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(one, other)


def test_a_process_is_hit_as_by_the_worst_of_several_errors() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "file", path="/f", pages=1)
    do(session, "mmap", task="a", name="f", pages=1, file="/f")
    do(session, "read", task="a", at="f+0")
    pfns = np.array(sorted(session.resolve_frame(at) for at in ("a:m+0", "a:f+0")))
    toll = Damage.of(session.machine, 0).toll(pfns)
    assert list(toll.hit.values()) == ["later"] and toll.lost == 4096
    assert toll.frames[outcomes.LATE] == toll.frames[outcomes.SILENT] == 1
