"""The reverse-map panel: what the walk leaves on it, and that it can be read with any number of users."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.rmap.paint import RmapPainter
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import mapping_words
from tests.gui.conftest import workers
from tests.workbench import do

Key = Qt.Key


def acts(user) -> list[Act]:
    return [step.mark.act for step in user.session.steps]


def test_the_walk_visits_cuts_and_strikes_out(user) -> None:
    first = len(user.session.steps)
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    view = user.window.docks["rmap"].content()
    graph = view.graph
    assert [mapper.task for mapper in graph.mappers] == ["srv:101", "w0:102", "w1:103", "w2:104"]
    seen: dict[int, tuple[int, int, int]] = {}
    for position in range(first, len(user.session.steps) + 1):
        user.window.controller.seek(position)
        state = view.state
        dead = sum(one.kind == "killed" for one in state.standings.values())
        seen[position] = (len(state.visited), len(state.unmapped), dead)
        assert view.graph is graph or position == first
    counts = list(seen.values())
    assert counts[0] == (0, 0, 0) and counts[-1] == (4, 4, 4)
    for one in range(3):
        column = [count[one] for count in counts]
        assert column == sorted(column), "it goes only forward"


def test_a_passed_task_says_why(user) -> None:
    user.window.controller.set_tasks("policy", ["w1"], "late")
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    view = user.window.docks["rmap"].content()
    passed = {mapper.task: view.state.skipped.get(mapper.vma) for mapper in view.graph.mappers}
    assert passed["w1:103"] is not None and "policy" in passed["w1:103"].short
    assert passed["w0:102"] is None
    number = next(n for n, row in enumerate(view._layout.rows) if row.mappers[0].task == "w1:103")
    left, width = view._layout.columns.task
    tip = view.tip_at(QPointF(left + width / 2, view._layout.tops[number] + 5))
    assert "PR_MCE_KILL is late" in tip and "hwpoison" in tip


def test_each_head_and_box_has_the_tip_of_its_own_word(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    view = user.window.docks["rmap"].content()
    columns = view._layout.columns
    gap = (columns.mapping[0] + columns.mapping[1] + columns.vma[0]) / 2
    middles = {name: left + width / 2 for name, (left, width) in zip(columns._fields, columns, strict=True)}
    words = {"frame": "Frame:", "mapping": "Mapping:", "vma": "VMAs:", "task": "Tasks:", "pte": "PTEs:"}
    for name, x in {**middles, "pte": gap}.items():
        assert view.tip_at(QPointF(x, 4)).startswith(words[name])
    middle = view.viewport().height() / 2
    assert view.tip_at(QPointF(middles["mapping"], middle)).startswith("anon_vma")
    assert view.tip_at(QPointF(middles["frame"], middle)).startswith(f"{view.graph.pfn:#x}: ")


def test_the_head_speaks_of_the_frame_shown_and_no_other(user) -> None:
    window, other = user.window, user.frame("/srv/data@1")
    window.controller.fire(user.frame("srv:heap+1"))
    window.actions_["last"].trigger()
    subject = window.docks["rmap"].head.subject
    assert "20 pairs: " in subject.text() and f"{user.session.operations[-1].outcome.pfn:#x}" in subject.text()
    window.controller.selection.select(other)
    assert subject.text() == f"who uses {other:#x}  ·  the selected frame"


def test_sentence_and_head_name_their_frames_where_another_one_is_selected_between_steps(user) -> None:
    window, pfn, other = user.window, user.frame("srv:heap+1"), user.frame("/srv/data@1")
    window.controller.fire(pfn)
    head = window.docks["rmap"].head.subject
    window.actions_["first"].trigger()
    assert head.text() == f"who uses {pfn:#x}"
    window.controller.selection.select(other)
    for position in range(len(user.session.steps) - 5, len(user.session.steps) + 1):
        window.controller.seek(position)
        said, shown = window.sentence.sentence, window.docks["rmap"].content().graph.pfn
        assert f"{pfn:#x}" in said.text and f"Selected: {other:#x}" in said.detail
        assert f"who uses {shown:#x}" in head.text() and "selected" in head.text()
        assert shown == (other if position == len(user.session.steps) else pfn)


def test_idle_it_shows_the_selected_frame(user) -> None:
    user.window.controller.seek(0)
    user.window.controller.seek(len(user.session.steps))
    pfn = user.frame("/srv/data@1")
    user.window.controller.selection.select(pfn)
    graph = user.window.docks["rmap"].content().graph
    assert graph.pfn == pfn
    assert graph.mapping.kind == "file" and graph.mapping.title == "/srv/data"
    entries = {mapper.task: user.window.docks["rmap"].content().state.entries[mapper.vma] for mapper in graph.mappers}
    assert entries == {"srv:101": "none", "w0:102": "clean", "w1:103": "clean", "w2:104": "clean"}


def test_a_click_on_a_row_selects_the_task(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    view = user.window.docks["rmap"].content()
    left, width = view._layout.columns.task
    at = QPointF(left + width / 2, view._layout.tops[2] + 6).toPoint()
    user.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert user.window.controller.selection.task == view.graph.mappers[2].tgid


def shared_by(count: int) -> Session:
    session = Session.fresh(8192)
    do(session, "task", name="top")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0", value="x")
    for number in range(count - 1):
        do(session, "fork", task="top", child=f"worker-{number}")
    return session


@pytest.mark.parametrize("count", [1, 3, 20, 60])
def test_any_number_of_users_can_be_shown_and_broken(open_window, count: int) -> None:
    session = shared_by(count)
    user = open_window(session)
    user.click_frame(session.resolve_frame("top:m+0"))
    view = user.window.docks["rmap"].content()
    assert len(view.graph.mappers) == count
    assert len(view._layout.rows) == (count if count < 25 else 2)
    user.key(Key.Key_End)
    assert sum(one.kind == "killed" for one in view.state.standings.values()) == count
    view.grab()


def test_a_group_unfolds(open_window) -> None:
    session = shared_by(60)
    user = open_window(session)
    user.window.controller.selection.select(session.resolve_frame("top:m+0"))
    view = user.window.docks["rmap"].content()
    left, width = view._layout.columns.task
    at = QPointF(left + width / 2, view._layout.tops[1] + 6).toPoint()
    user.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert len(view._layout.rows) == 2 + 59
    assert view.verticalScrollBar().maximum() > 0


def test_a_folded_group_has_the_colour_of_the_same_fate_of_one_task(open_window) -> None:
    session = shared_by(60)
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    user = open_window(session)
    user.click_frame(session.resolve_frame("top:m+0"))
    user.key(Key.Key_End)
    view = user.window.docks["rmap"].content()
    left, width = view._layout.columns.task
    picture = view.viewport().grab().toImage()
    theme = user.window.appearance.theme
    warn, kill = QColor(theme.warn).hue(), QColor(theme.kill).hue()
    for top in view._layout.tops:  # of the one task, and of the group of the others
        box = QRect(round(left) + 13, round(top) + 3, round(width) - 18, round(view._layout.row_height) - 6)
        inks = [
            picture.pixelColor(x, y) for x in range(box.left(), box.right()) for y in range(box.top(), box.bottom())
        ]
        hues = [ink.hue() for ink in inks if min(ink.saturation(), ink.value()) > 150]
        assert hues and all(abs(hue - warn) < abs(hue - kill) for hue in hues)


@pytest.mark.parametrize("steady", [False, True])
def test_a_frame_without_users_is_laid_out_at_any_width(user, steady: bool) -> None:
    user.window.controller.selection.select(user.frame("any:free"))
    shown, view = user.window.docks["rmap"].content(), RmapView()
    user.qtbot.addWidget(view)
    view.set_walk(shown.graph, shown.state, {}, None)
    view.set_steady(steady)
    view.show()
    for width in range(1, 900, 23):
        view.resize(width, 130)
        columns = view._layout.columns
        assert columns.mapping[0] + columns.mapping[1] <= columns.vma[0]


def test_nobody_uses_a_free_frame(user) -> None:
    user.window.controller.selection.select(user.frame("any:free"))
    assert user.window.docks["rmap"].content().graph.mappers == ()
    user.window.docks["rmap"].content().grab()


def test_where_the_mapping_has_no_room_the_tip_of_the_frame_names_it(user) -> None:
    from hwpoison_gui.gui.rmap.view import RmapView

    user.window.controller.selection.select(user.frame("srv:heap+1"))
    shown, view = user.window.docks["rmap"].content(), RmapView()
    user.qtbot.addWidget(view)
    view.set_walk(shown.graph, shown.state, {}, None)
    view.show()
    tips = {}
    for width in range(900, 240, -10):
        view.resize(width, 130)
        columns = view._layout.columns
        tips[columns.mapping[1] > 0] = view.tip_at(QPointF(columns.frame[0] + 5, 70))
    assert "anon_vma" in tips[False] and "anon_vma" not in tips[True]


@pytest.mark.parametrize("height", [110, 150, 200, 300])
def test_the_mapping_is_named_at_every_size(qtbot: QtBot, monkeypatch, height: int) -> None:
    session = workers()
    pfn = session.resolve_frame("srv:heap+1")
    graph = map_for(session, pfn)
    assert graph is not None and graph.mapping.kind == "anon"
    view = RmapView()
    qtbot.addWidget(view)
    drawn: list[str] = []
    draw = RmapPainter._text
    monkeypatch.setattr(RmapPainter, "_text", lambda self, rect, text, *rest: (
        drawn.append(text), draw(self, rect, text, *rest)))  # fmt: skip
    view.show()
    view.set_walk(graph, state_of(session, graph), {}, None)
    for width in range(300, 700, 40):
        view.resize(width, height)
        drawn.clear()
        view.grab()
        assert "anon_vma" in "".join(drawn), width  # it may be broken after the sign


@pytest.mark.parametrize("size", [(300, 120), (430, 120), (446, 170), (525, 120), (640, 170), (787, 200)])
@pytest.mark.parametrize("percent", [100, 150])
def test_the_names_of_tasks_are_whole_and_in_view(qtbot: QtBot, monkeypatch, size, percent: int) -> None:
    session = workers()
    pfn = session.resolve_frame("srv:heap+1")
    do(session, "poison", frame="srv:heap+1")
    graph = map_for(session, pfn)
    view = RmapView()
    qtbot.addWidget(view)
    view.set_scale(percent / 100)
    view.resize(*size)
    view.show()
    drawn: dict[str, QRectF] = {}
    whole: set[str] = set()

    def draw(self, rect, text, font, colour, strike=False) -> None:
        drawn[text] = rect.translated(-view.horizontalScrollBar().value(), 0)
        if QFontMetricsF(font).horizontalAdvance(text) <= rect.width():
            whole.add(text)

    monkeypatch.setattr(RmapPainter, "_text", draw)
    view.set_walk(graph, state_of(session, graph), {}, None)
    view.grab()
    for mapper in graph.mappers:
        assert mapper.task in whole and drawn[mapper.task].left() >= 0
        assert drawn[mapper.task].right() <= view.viewport().width()


def test_a_narrow_map_shows_the_tasks_of_the_next_frame_and_stays_where_it_was_scrolled(qtbot: QtBot) -> None:
    session = workers()
    view = RmapView()
    qtbot.addWidget(view)
    view.resize(200, 120)
    view.show()
    bar = view.horizontalScrollBar()
    shown = [map_for(session, session.resolve_frame(page)) for page in ("srv:heap+1", "any:free", "srv:heap+2")]
    for graph in shown:
        view.set_walk(graph, state_of(session, graph), {}, None)
        assert bar.value() == (bar.maximum() if graph.mappers else 0)
    assert bar.maximum() > 0
    bar.setValue(0)
    view.set_walk(shown[-1], state_of(session, shown[-1]), {}, None)
    view.resize(210, 120)
    assert bar.value() == 0


def test_a_map_that_is_a_little_narrow_is_drawn_smaller_and_not_scrolled(qtbot: QtBot) -> None:
    session = workers()
    graph = map_for(session, session.resolve_frame("srv:heap+1"))
    view = RmapView()
    qtbot.addWidget(view)
    view.set_scale(1.5)
    view.show()
    view.set_walk(graph, state_of(session, graph), {}, None)
    bar, size = view.horizontalScrollBar(), view._usual.name.pointSizeF()
    scrolled = []
    for width in range(600, 180, -10):
        view.resize(width, 300)
        share = view._fonts.name.pointSizeF() / size
        scrolled.append(bar.maximum() > 0)
        assert (share == 1) if scrolled[-1] else (share > 0.78)
    assert scrolled == sorted(scrolled) and scrolled[-1]
    view.resize(600, 300)
    assert bar.maximum() == 0 and view._fonts.name.pointSizeF() == size


@pytest.mark.parametrize("percent", [100, 150])
def test_no_word_of_a_mapping_is_broken_where_nobody_uses_the_frame(user, monkeypatch, percent: int) -> None:
    user.window.appearance.choose_text_size(percent)
    user.window.controller.selection.select(user.frame("any:free"))
    view = user.window.docks["rmap"].content()
    drawn: list[str] = []
    monkeypatch.setattr(RmapPainter, "_text", lambda self, rect, text, *rest: drawn.append(text))
    view.grab()
    detail = mapping_words(view.graph, view.state)[1]
    assert "page->mapping" in detail
    assert [word for line in drawn for word in line.split() if word in detail.split()] == detail.split()


def test_what_is_counted_of_a_group_is_never_cut(qtbot: QtBot, monkeypatch) -> None:
    session = shared_by(60)
    do(session, "sigaction", task="worker-3", sigbus="handler")
    do(session, "poison", frame="top:m+0")
    graph = map_for(session, -1)
    view = RmapView()
    qtbot.addWidget(view)
    view.show()
    drawn: dict[str, bool] = {}

    def draw(self, rect, text, font, colour, strike=False) -> None:
        if any(word in text for word in ("killed", "signalled", "found", "unmapped", "skipped")) and text[0].isdigit():
            drawn[text] = drawn.get(text, True) and QFontMetricsF(font).horizontalAdvance(text) <= rect.width()

    monkeypatch.setattr(RmapPainter, "_text", draw)
    operation = session.operations[-1]
    for position in range(operation.first + 30, operation.last, 40):
        session.seek(position)
        view.set_walk(graph, state_of(session, graph), {}, None)
        for width in (300, 360, 420, 500, 600, 800):
            view.resize(width, 170)
            view.grab()
    assert drawn and all(drawn.values())


def test_the_map_of_an_operation_stays_at_its_end_until_another_frame_is_selected_after_it(user) -> None:
    c, dock = user.window.controller, user.window.docks["rmap"]
    broken, other, third = map(user.frame, ("srv:heap+1", "any:slab", "any:free"))
    user.click_frame(broken)
    c.playback.pause()
    assert c.session.position != len(c.session.steps)
    c.selection.select(other)
    c.seek(len(c.session.steps))
    assert dock.content().graph.pfn == broken, "of whose tasks the sentence speaks"
    assert dock.head.subject.text().startswith(f"who uses {broken:#x}  ·  {other:#x} is selected")
    c.selection.select(third)
    assert dock.content().graph.pfn == third
    c.selection.select(other)
    assert dock.content().graph.pfn == other


def test_why_a_task_is_skipped_is_told_briefly_where_there_is_no_room(qtbot: QtBot, monkeypatch) -> None:
    session = shared_by(2)
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "poison", frame="top:m+0")
    session.seek(session.operations[-1].last - 2)
    view = RmapView()
    qtbot.addWidget(view)
    view.show()
    graph = map_for(session, -1)
    view.set_walk(graph, state_of(session, graph), {}, None)
    drawn: set[str] = set()
    monkeypatch.setattr(RmapPainter, "_text", lambda self, rect, text, *rest: drawn.add(text))
    for width, words in ((1000, "not now: early_kill is 0"), (330, "not now")):
        view.resize(width, 400)
        drawn.clear()
        view.grab()
        assert {text for text in drawn if text.startswith("not now")} == {words}
