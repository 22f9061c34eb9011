"""Panels are notified in turns after map and bars, of all that they missed and of nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QObject

from hwpoison_gui.gui.control import feed as feed_module
from hwpoison_gui.gui.control.feed import Feeds, together
from hwpoison_gui.gui.control.notifier import MOST_STEPS, Moved
from hwpoison_gui.view.facts import groundwork
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.rows.tasks import task_row
from hwpoison_gui.view.walk.state import Follower
from tests.gui.conftest import workers
from tests.gui.waiting import until


@pytest.fixture(autouse=True)
def in_turns(panels_at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the program has it, and no other test of the window."""
    monkeypatch.setattr(feed_module, "_AT_ONCE", 0.0)


@pytest.fixture
def crowd(user, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """To this window every machine is a crowd."""
    monkeypatch.setattr(groundwork, "_MANY", -1)
    return user


def move(*pfns: int, acted: bool = False, steps: tuple[object, ...] | None = ()) -> Moved:
    return Moved(np.array(pfns, np.int64), frozenset({f"t{len(pfns)}"}), acted, steps)  # type: ignore[arg-type]


def test_two_moves_are_one_of_everything() -> None:
    one = together(move(1, 5, steps=("a",)), move(5, 7, 9, acted=True, steps=("b", "c")))
    assert one.pfns.tolist() == [1, 5, 7, 9] and one.tables == {"t2", "t3"} and one.acted
    assert one.steps == ("a", "b", "c")
    assert together(move(1), move(2, steps=None)).steps is None
    many = tuple(range(MOST_STEPS))
    assert together(move(steps=many), move(steps=())).steps == many
    assert together(move(steps=many), move(steps=("one more",))).steps is None


def test_a_panel_hears_once_of_all_that_it_missed_and_ends_with_its_feed(qtbot) -> None:
    above, ready = QObject(), [False]
    feeds, heard = Feeds(above, lambda: ready[0]), []
    panels = [QObject(above), QObject(above)]
    for number, panel in enumerate(panels):
        feed = feeds.add(panel)
        feed.moved.connect(lambda moved, number=number: heard.append((number, moved.pfns.tolist())))
        feed.looked.connect(lambda number=number: heard.append((number, "looked")))
    feeds.notify(move(3), False)
    feeds.notify(None, True)
    feeds.notify(move(2), False)
    assert not heard and feeds.late, "the machine cannot be read yet"
    ready[0] = True
    until(lambda: not feeds.late)
    assert heard == [(0, [2, 3]), (0, "looked"), (1, [2, 3]), (1, "looked")]
    heard.clear()
    panels[0].deleteLater()
    until(lambda: len(feeds._feeds) == 1)
    feeds.notify(move(4), False)
    feeds.notify(None, True)
    feeds.finish()
    assert heard == [(1, [4]), (1, "looked")] and not feeds.late
    feeds.notify(move(5), False)
    feeds.forget()
    assert not feeds.late


def test_a_panel_hears_once_of_a_move_and_a_look_together(qtbot) -> None:
    above, heard = QObject(), list[str]()
    feeds = Feeds(above, lambda: True)
    feed = feeds.add(QObject(above))
    feed.moved.connect(lambda _: heard.append("moved"))
    feed.looked.connect(lambda: heard.append("looked"))
    feed.changed.connect(lambda: heard.append("changed"))
    feeds.notify(move(3), True)
    feeds.finish()
    assert heard == ["moved", "looked", "changed"]
    feeds.notify(move(4), False)
    feeds.notify(None, True)
    feeds.finish()
    assert heard[3:] == ["moved", "looked", "changed"]
    feeds.notify(None, True)
    feeds.finish()
    assert heard[6:] == ["looked", "changed"]


def test_no_panel_waits_while_moves_follow_quickly(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn has time for one panel, and each brings another move."""
    monkeypatch.setattr(feed_module, "_TURN", -1.0)
    above, heard = QObject(), list[int]()
    feeds = Feeds(above, lambda: True)
    for number in range(5):
        feeds.add(QObject(above)).changed.connect(lambda number=number: heard.append(number))

    def another() -> bool:
        feeds.notify(move(len(heard)), False)
        return len(heard) >= 12

    until(another)
    assert heard[:10] == [0, 1, 2, 3, 4] * 2
    feeds.forget()


def test_a_click_on_another_frame_is_one_change_of_the_window(user) -> None:
    changes = list[tuple[int, int]]()
    present, c = user.window.present, user.window.controller
    present.changed.connect(lambda: changes.append((c.selection.frame, user.session.position)))
    pfn, before = user.frame("srv:heap+1"), user.session.position
    c.fire(pfn)
    assert changes[0] == (pfn, before + 1) and len(changes) == 1


def test_what_is_undone_before_its_turn_is_never_shown_by_a_panel(user) -> None:
    """A click and its undoing in one turn: the panels go from one state at rest to the other."""
    w, c = user.window, user.window.controller
    shown: list[object] = []
    tasks = w.docks["tasks"].content()
    tasks.tasks.dataChanged.connect(lambda *_: shown.append([row.killed_by for row in tasks.tasks.rows]))
    before = user.session.position
    c.fire(user.frame("srv:heap+1"))
    c.finish()
    assert w.present.late and not any(row.killed_by for row in tasks.tasks.rows)
    c.seek(before)
    until(lambda: not w.present.late)
    assert not any(by for bys in shown for by in bys) and not any(row.killed_by for row in tasks.tasks.rows)
    c.seek(len(user.session.steps))
    until(lambda: not w.present.late)
    assert {row.name for row in tasks.tasks.rows if row.killed_by} >= {"srv", "w0"}


def test_map_and_sentence_come_first_and_the_panels_follow(crowd) -> None:
    w, c = crowd.window, crowd.window.controller
    pfn = crowd.frame("srv:heap+1")
    c.fire(pfn)
    until(lambda: w.present.late)
    assert w.transport.timeline.total == len(crowd.session.steps), "not late"
    until(lambda: not c.busy and not w.present.late)
    assert w.docks["rmap"].content().graph is w.present.graph and w.docks["rmap"].content().graph.pfn == pfn
    c.seek(c.session.position + 3)
    w.present.finish()
    assert not w.present.late and w.docks["rmap"].content().state is w.present.state


@pytest.mark.parametrize("seed", range(4))
def test_however_fast_the_user_is_all_panels_arrive_at_what_is(crowd, seed: int) -> None:
    """Moves and looks come before all panels know of the last ones; at rest they show what a new window would."""
    w, c, session, dice = crowd.window, crowd.window.controller, crowd.session, random.Random(seed)
    frames = [crowd.frame(page) for page in ("srv:heap+0", "srv:heap+1", "w0:data+1")]
    c.act("poison", {"frame": f"pfn:{frames[0]:#x}"})
    for _ in range(30):
        deed = dice.randrange(6)
        if deed < 3:
            c.seek(dice.choice((c.session.position + dice.choice((-1, 1, 5)), dice.randrange(len(session.steps)))))
        elif deed == 3:
            c.selection.select(dice.choice(frames))
        elif deed == 4:
            c.act("sysctl", {"name": "memory_failure_early_kill", "value": dice.randrange(2)})
        else:
            turns = iter(range(dice.randrange(4)))
            until(lambda turns=turns: next(turns, None) is None)
    until(lambda: not c.busy and not w.present.late)
    m = session.machine
    assert w.docks["tasks"].content().tasks.rows == [task_row(m, tgid) for tgid in m.processes.view]
    assert w.docks["log"].content().log.lines == log_lines(session)
    assert w.docks["rmap"].content().graph is w.present.graph
    assert w.docks["rmap"].content().state == Follower(w.docks["rmap"].content().graph).state_at(session)
    assert w.operations.chips and len(w.operations.chips) == len(session.operations)


def test_moves_of_the_last_machine_are_dropped_with_it(crowd) -> None:
    w, c = crowd.window, crowd.window.controller
    c.seek(len(crowd.session.steps) - 5)
    until(lambda: w.present.late)
    c.open(c.machine._replace(session=workers(), plane=None))
    assert not w.present.late
    assert w.docks["tasks"].content().tasks.rows == [
        task_row(c.session.machine, tgid) for tgid in c.session.machine.processes.view
    ]
