"""The order of frames, files and processes by danger."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import DEAD, ENDS, IGNORED, LATER, PANICS, USES
from hwpoison_gui.view.base.kinds import kind_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.per_frame import per_frame
from hwpoison_gui.view.damage.report import find_report, survival
from hwpoison_gui.view.damage.worst import Ranking, tolls_of_files, tolls_of_processes, worst_frames
from hwpoison_gui.view.outcome import classes as outcomes
from tests.workbench import do


@pytest.fixture(name="server", scope="module")
def _server() -> Damage:
    return Damage.of(open_file(resources.path("machines/server.npz")).session.machine, 1)


def shared_by_some(**init: object) -> Session:
    """Three frames of `a` alone, of `a` and `b`, and of `a` and `c`; `c` is the init of a PID namespace with `d`."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a", **init)
    do(session, "mmap", task="a", name="m", pages=3)
    do(session, "write", task="a", at="m+1", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "write", task="a", at="m+2", value="x")
    do(session, "fork", task="a", child="c", newpid=True)
    do(session, "write", task="a", at="m+0", value="y")
    do(session, "write", task="c", at="m+0", value="y")
    do(session, "write", task="c", at="m+1", value="y")
    do(session, "fork", task="c", child="d")
    return session


def test_what_kills_more_is_more_dangerous() -> None:
    session = shared_by_some()
    worst = worst_frames(Damage.of(session.machine, 0), 3)
    names = {session.resolve_frame(f"a:m+{page}"): page for page in range(3)}
    # m+2 is of a, c and d, and with c its namespace, d included, ends; c and d share a page, too.
    assert names[worst[0].pfn] == 2 and worst[0].dead == 4
    assert [one.kind for one in worst[0].hit] == [ENDS, LATER, LATER]
    assert worst[0].lost == 4096 and worst[0].outcome == outcomes.NAMESPACE


def test_a_panic_is_worse_than_any_number_of_deaths() -> None:
    session = shared_by_some()
    do(session, "task", name="init", pid=1)
    do(session, "mmap", task="init", name="m", pages=1)
    do(session, "write", task="init", at="m+0", value="x")
    damage = Damage.of(session.machine, 0)
    worst = worst_frames(damage, 2)
    assert worst[0].pfn == session.resolve_frame("init:m+0") and [one.kind for one in worst[0].hit] == [PANICS]
    assert tolls_of_processes(damage)[0].tgid == 1
    assert max(tolls_of_processes(damage), key=lambda one: one.danger).tgid == 1


def test_the_worst_are_the_first_of_all_frames_in_order(server: Damage) -> None:
    """By other means: every frame ranked by what the toll of it alone says."""
    damage, m = server, server.m
    counts, codes, every = per_frame(damage), damage.assessment.classes(), np.arange(m.frames)
    dead, hit = counts.of(counts.dead, every), counts.of(counts.hit, every)
    in_use = np.isin(codes, (outcomes.STUCK, outcomes.IGNORED))
    lost = damage.lost[damage.assessment.class_of]
    rank = np.lexsort((every, -hit, -lost, ~in_use, -dead, codes != outcomes.INIT))
    ranking = Ranking(damage)
    worst = ranking.worst(40)
    place = np.argsort(rank)
    assert [place[one.pfn] for one in worst] == sorted(place[one.pfn] for one in worst) and worst[0].pfn == rank[0]
    groups = [ranking.alike(one.pfn) for one in worst]
    listed = np.concatenate(groups)
    assert len(np.unique(listed)) == len(listed) == sum(one.alike for one in worst)
    for one, alike in zip(worst, groups, strict=True):
        assert alike[0] == one.pfn and (alike[: one.run] == one.pfn + np.arange(one.run)).all()
        assert one.run == len(alike) or alike[one.run] > one.pfn + one.run
        first, last = damage.toll(alike[:1]), damage.toll(alike[-1:])
        assert first == last and kind_of(m.page(one.pfn)) == kind_of(m.page(int(alike[-1])))
    # Nothing worse than the last of them is left out.
    left = np.setdiff1d(every, listed)
    scores = np.stack([codes == outcomes.INIT, dead, in_use, lost, hit])
    last = tuple(scores[:, worst[-1].pfn])
    assert all(tuple(scores[:, pfn]) <= last for pfn in left[np.argsort(place[left])][:50].tolist())
    assert [one.pfn for one in ranking.worst(10)] == [one.pfn for one in worst[:10]]


def test_frames_without_danger_are_not_listed() -> None:
    m = Session.fresh(4096, profile="6.1").machine
    damage = Damage.of(m, 1)
    ranking = Ranking(damage)
    worst = ranking.worst(m.frames)
    in_use = np.flatnonzero(damage.assessment.classes() == outcomes.IGNORED).tolist()
    listed = np.sort(np.concatenate([ranking.alike(one.pfn) for one in worst])).tolist()
    assert listed == in_use, "nobody uses memory: what stays in use is the kernel's"
    assert [one.kind for one in worst] == list(dict.fromkeys(one.kind for one in worst))


def test_tolls_are_those_of_the_frames_one_by_one() -> None:
    m = Session.fresh(4096, 3, "desktop", profile="6.1").machine
    damage = Damage.of(m, 1)
    tolls = [damage.toll(np.array([pfn])) for pfn in range(m.frames)]
    for process in tolls_of_processes(damage):
        mine = [toll.hit[process.tgid] for toll in tolls if process.tgid in toll.hit]
        assert sum(process.impacts) == len(mine), process.label
        assert process.kills == sum(kind in (DEAD, LATER, ENDS, PANICS, IGNORED) for kind in mine)
        assert process.now == sum(kind not in (LATER, ENDS, PANICS, USES, "caught", "stale", "zeros") for kind in mine)
    for file in filter(None, tolls_of_files(damage)):
        pfns = [pfn for pfn in m.page_cache.of(file.inode).values()]
        assert sum(file.outcomes) == len(pfns), file.path
        assert file.lost == sum(bool(tolls[pfn].lost) for pfn in pfns), file.path


def test_survival_counts_each_frame_that_can_break_once(server: Damage) -> None:
    (late, early) = to_the_end(find_report(server.m, (0, 1), "kind", 3))
    for report in (late, early):
        found = survival(report.table.whole.frames)
        holes = report.table.whole.frames[outcomes.HOLE]
        assert found.frames == server.m.frames - holes
        assert found.panic_late == 7435 and found.panic_now == 0
        assert found.share(found.panic_late) == pytest.approx(7435 / found.frames)
        assert sum(sum(frames) for frames in report.soft_offline.frames.values()) == found.frames
    assert late.signalled_now == 0 < late.signalled_late and early.signalled_now > 50 and early.killed == late.killed
