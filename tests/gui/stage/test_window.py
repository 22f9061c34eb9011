"""The stage: a remote's keys go from stop to stop, questions may leave the path, and one key leads back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from hwpoison_gui import lessons, resources
from hwpoison_gui.gui.stage import speaker
from hwpoison_gui.gui.stage.motion import between
from hwpoison_gui.gui.stage.window import StageWindow
from hwpoison_gui.gui.toolbar.sysctl_slider import SysctlSlider
from hwpoison_gui.opening.opening import Opened, open_file
from hwpoison_gui.opening.start import open_to_present
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.lenses import KIND
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.story.stops import ASIDES, stops_of
from tests.gui.conftest import made_machine
from tests.gui.waiting import until

Key = Qt.Key


@pytest.fixture
def presented(open_window: Callable[..., object]) -> Iterator[Callable[[Opened], tuple[object, StageWindow]]]:
    """Opens a machine and presents it, without motion."""
    shown: list[StageWindow] = []

    def present(opened: Opened, still: bool = True) -> tuple[object, StageWindow]:
        user = open_window(opened)
        user.window.appearance.choose_motion(still)
        QTest.keyClick(user.window, Key.Key_F5)
        stage = user.window.presentation.shown
        assert stage is not None
        shown.append(stage)
        stage.showNormal()
        stage.resize(1280, 720)
        stage.activateWindow()
        until(stage.isActiveWindow)
        return user, stage

    yield present


@pytest.fixture
def lesson(presented: Callable[..., tuple[object, StageWindow]]) -> tuple[object, StageWindow]:
    return presented(open_file(resources.path("lessons/07-one-page-many-processes.toml")))


def press(stage: StageWindow, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(stage, key)


def again_from_the_title(lesson: tuple[object, StageWindow]) -> None:
    """For the next step of a test: as a lesson begins."""
    _, stage = lesson
    press(stage, Key.Key_Home)
    stage.card.show()
    stage.activateWindow()
    until(stage.isActiveWindow)


def turn(slider: SysctlSlider) -> None:
    """Clicks the digit of the other value."""
    place = slider._digit(1 - slider.value()).center().toPoint()
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def it_begins_with_the_title_whatever_was_shown_before(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    assert user.session.position == 0 and stage.card.isVisible()
    assert stage.card.title.text() == "One page, many processes"
    assert "share the accident" in stage.card.text.text()


def the_first_caption_is_read_on_the_way_to_it(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    stage.card.hide()
    stage._walk(1, 0.0)
    assert user.session.position == 1 < stage.stops[1]
    assert stage.caption.text().startswith("A server keeps its configuration")


def a_remote_goes_through_every_stop_and_back(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    stops = stops_of(user.session)
    seen = [0]
    for _ in stops:
        press(stage, Key.Key_PageDown)
        seen.append(user.session.position)
    assert seen == [*stops, stops[-1]] and not stage.card.isVisible()
    press(stage, Key.Key_PageUp)  # back from what comes after the lesson
    for stop in reversed(stops[:-1]):
        press(stage, Key.Key_PageUp)
        assert user.session.position == stop
    assert stage.card.isVisible()


def number_and_enter_home_and_end(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_1, Key.Key_2, Key.Key_Return)
    assert user.session.position == stage.stops[12]
    press(stage, Key.Key_End)
    assert user.session.position == stage.stops[-1]
    press(stage, Key.Key_Home)
    assert user.session.position == 0
    press(stage, *[Key.Key_9] * 8, Key.Key_Return)
    assert user.session.position == stage.stops[-1]


def a_full_stop_blanks_and_any_key_brings_it_back(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_Period)
    assert stage.blank.isVisible()
    press(stage, Key.Key_PageDown)
    assert not stage.blank.isVisible() and stage.stop == 1


def the_caption_the_decision_and_the_newest_line_are_shown(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    texts = set()
    for _ in stage.stops:
        press(stage, Key.Key_PageDown)
        texts.add(stage.board.head.text())
        position = user.session.position
        operation = user.session.operation_at(position)
        told = [one.telling.caption for one in user.session.operations if one.telling.caption and one.first < position]
        assert operation is None or stage.caption.text() == told[-1]
    assert "May the kernel try to recover?" in texts and "What is left" in texts
    assert stage.log.text() == "MCE 0x43: dirty LRU page recovery: Recovered"


def test_motion_arrives_at_once_on_the_next_press(presented: Callable[..., tuple[object, StageWindow]]) -> None:
    user, stage = presented(open_file(resources.path("lessons/05-anonymous-early-kill.toml")), still=False)
    press(stage, Key.Key_PageDown)
    assert stage.motion.moving
    press(stage, Key.Key_PageDown)
    assert not stage.motion.moving and user.session.position == stage.stops[1] and stage.stop == 1
    press(stage, Key.Key_PageDown, Key.Key_PageUp)
    assert not stage.motion.moving or stage.stop == 0
    until(lambda: not stage.motion.moving)
    assert user.session.position == stage.stops[stage.stop]


def it_flies_near_for_the_walk_and_far_for_the_end(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    click = next(one for one in user.session.operations if one.name == "poison")
    near = stage.stops.index(click.first + 1)
    for _ in range(near):
        press(stage, Key.Key_PageDown)
    cell = stage.map.view.item.rect_of(click.outcome.pfn)
    assert cell.width() > 20 and stage.map.view.viewport().rect().contains(cell.center().toPoint())
    while user.session.position < click.last:
        press(stage, Key.Key_PageDown)
    assert stage.map.view.camera.is_fit


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_flight_keeps_its_end_in_view_and_sizes_in_between(share: float) -> None:
    start = Camera(256, 256, 600, 400).fitted()
    end = start.centred(40.5, 200.5, 30.0)
    here = between(start, end, share)
    x, y = here.to_view(40.5, 200.5)
    assert 0 <= x <= 600 and 0 <= y <= 400
    assert start.cell <= here.cell <= end.cell
    assert (here == end) == (share == 1.0)


def a_click_leaves_the_path_and_one_key_returns_to_the_stop(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    line = [(one.name, one.args) for one in user.session.operations]
    press(stage, Key.Key_PageDown, Key.Key_PageDown)
    left_at = user.session.position
    free = user.session.resolve_frame("any:free")
    stage.map.center_on(free)
    point = stage.map.view.item.rect_of(free).center().toPoint()
    QTest.mouseClick(stage.map.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    until(lambda: not user.window.controller.busy)
    assert user.session.operations[-1].args["frame"] == f"pfn:{free:#x}"
    assert "R returns to stop 2" in stage.where.text()
    press(stage, Key.Key_End)
    assert user.session.machine.hardware_corrupted_kb == 4
    press(stage, Key.Key_R)
    until(lambda: not user.window.controller.busy)
    assert [(one.name, one.args) for one in user.session.operations] == line
    assert user.session.position == left_at and stage.stop == 2
    assert stage.where.text() == f"2 / {len(stage.stops) - 1}"


def test_a_slider_on_the_stage_is_the_sysctl(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_S)
    assert stage.sliders.isVisible()
    slider = stage.switches[0]
    turn(slider)
    until(lambda: not user.window.controller.busy)
    assert "sysctl" in [one.name for one in user.session.operations]
    press(stage, Key.Key_R)
    until(lambda: not user.window.controller.busy)
    assert "sysctl" not in [one.name for one in user.session.operations]


def off_the_path_the_caption_says_what_was_done_and_the_reverse_map_stays(
    lesson: tuple[object, StageWindow],
) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_PageDown, Key.Key_S)
    told, seen = stage.caption.text(), stage.rmap.graph.pfn
    turn(stage.switches[0])
    until(lambda: not user.window.controller.busy)
    assert stage.caption.text() == "vm.memory_failure_early_kill = 0"
    assert stage.rmap.graph is not None and stage.rmap.graph.pfn == seen
    stage.map.fired.emit(seen)
    until(lambda: not user.window.controller.busy)
    user.window.controller.finish()
    assert stage.caption.text() == f"Break frame {seen:#x}"
    press(stage, Key.Key_PageUp, Key.Key_PageUp, Key.Key_PageUp)
    while user.session.operations[-2].first < user.session.position:
        press(stage, Key.Key_PageUp)
    assert stage.caption.text() != f"Break frame {seen:#x}"
    press(stage, Key.Key_R)
    until(lambda: not user.window.controller.busy)
    assert stage.caption.text() == told


def sliders_are_as_large_as_the_text_of_the_room(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_S)
    assert all(slider.height() >= 2 * stage.unit for slider in stage.switches)
    assert sum(slider.width() for slider in stage.switches) < stage.width()
    heights = stage.switches[0].height()
    stage.resize(1920, 1080)
    until(lambda: stage.switches[0].height() > 1.3 * heights)
    for _ in range(6):
        press(stage, Key.Key_Plus)  # then with fewer words
    assert sum(slider.width() for slider in stage.switches) < stage.width()


def test_the_clock_goes_on_while_the_notes_are_hidden(
    lesson: tuple[object, StageWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N, Key.Key_N)
    monkeypatch.setattr(speaker.time, "monotonic", lambda: stage._began + 75.5)
    press(stage, Key.Key_N)
    assert stage._speaker.elapsed.text().startswith("1:15 of")


def test_all_that_is_left_is_read_from_the_back_row(presented: Callable[..., tuple[object, StageWindow]]) -> None:
    user, stage = presented(open_file(resources.path("lessons/09-blocked-and-ignored.toml")))
    (click,) = [one for one in user.session.operations if one.name == "poison"]
    stage.begin_at(click.last - 1)
    before = stage.board.height()
    stage.begin_at(click.last)
    facts = [line for line in stage.board.lines if not line.isHidden()]
    assert len(facts) == 6 and stage.board.height() == before
    assert min(line.font().pixelSize() for line in facts) > 0.7 * stage.unit
    assert facts[-1].geometry().bottom() < stage.board.height()


def test_before_an_error_the_frame_that_was_told_of_stays_in_view(
    presented: Callable[..., tuple[object, StageWindow]],
) -> None:
    user, stage = presented(open_file(resources.path("lessons/08-a-policy-of-ones-own.toml")))
    press(stage, Key.Key_PageDown)
    told = stage.rmap.graph.pfn
    press(stage, Key.Key_PageDown)
    assert user.session.operation_at(user.session.position).name == "prctl"
    assert stage.rmap.graph is not None and stage.rmap.graph.pfn == told


def test_on_the_way_to_a_stop_the_reverse_map_is_not_emptied(
    presented: Callable[..., tuple[object, StageWindow]],
) -> None:
    user, stage = presented(open_file(resources.path("lessons/18-shared-memory-today.toml")))
    press(stage, Key.Key_End, Key.Key_PageUp)
    assert stage.rmap.graph is not None
    mapped = [one for one in user.session.operations if one.name == "mmap" and one.first >= user.session.position]
    stage.motion.set_motion(True)
    press(stage, Key.Key_PageDown)
    stage._walk(mapped[-1].last, 0.0)
    assert stage.motion.moving and user.window.present.graph is None and stage.rmap.graph is not None
    stage.motion.finish()


def test_memory_that_is_handed_out_leaves_the_broken_frame_in_view(
    presented: Callable[..., tuple[object, StageWindow]],
) -> None:
    user, stage = presented(open_file(resources.path("lessons/02-a-free-page.toml")))
    press(stage, Key.Key_End)
    broken = [one.outcome.pfn for one in user.session.operations if one.name == "poison"]
    assert user.session.operations[-1].name == "alloc" and stage.rmap.graph.pfn == broken[-1]


def naming_a_frame_says_nothing_on_the_stage(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    named = next(one for one in user.session.operations if one.name in ASIDES)
    stage.begin_at(named.last)
    assert not stage.board.head.isVisible() and not stage.board.said.isVisible()


def the_keys_are_the_stages_after_a_click_on_a_slider(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_S)
    slider = stage.switches[0]
    turn(slider)
    until(lambda: not user.window.controller.busy)
    assert not slider.hasFocus() and stage.focusWidget() is not slider
    value, stop = slider.value(), stage.stop
    QTest.keyClick(stage.focusWidget() or stage, Key.Key_PageDown)
    assert slider.value() == value and stage.stop == stop + 1


def the_last_stop_off_the_path_leads_back_with_a_remote(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    line = [(one.name, one.args) for one in user.session.operations]
    press(stage, Key.Key_PageDown, Key.Key_PageDown)
    left_at = user.session.position
    stage.map.fired.emit(user.session.resolve_frame("any:free"))
    until(lambda: not user.window.controller.busy)
    press(stage, Key.Key_End)
    assert user.session.machine.hardware_corrupted_kb == 4
    press(stage, Key.Key_PageDown)
    until(lambda: not user.window.controller.busy)
    assert [(one.name, one.args) for one in user.session.operations] == line
    assert user.session.position == left_at and stage.stop == 2


def test_questions_leave_the_path_and_lead_back(lesson: tuple[object, StageWindow]) -> None:
    """By a click, and by a slider."""
    a_click_leaves_the_path_and_one_key_returns_to_the_stop(lesson)
    again_from_the_title(lesson)
    off_the_path_the_caption_says_what_was_done_and_the_reverse_map_stays(lesson)
    again_from_the_title(lesson)
    the_last_stop_off_the_path_leads_back_with_a_remote(lesson)
    again_from_the_title(lesson)
    the_keys_are_the_stages_after_a_click_on_a_slider(lesson)


def the_speakers_window_may_be_closed_by_its_own_button(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N)
    stage._speaker.close()
    assert stage._speaker is None
    press(stage, Key.Key_PageDown)
    assert stage.stop == 2
    press(stage, Key.Key_N, Key.Key_N)
    assert stage._speaker is None


def the_notes_stay_in_front_after_a_click_on_the_stage(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N)
    notes = stage._speaker
    until(notes.isActiveWindow)
    stage.activateWindow()  # as a click does
    until(stage.isActiveWindow)
    until(notes.isActiveWindow)
    QTest.keyClick(notes, Key.Key_PageDown)
    assert stage.stop == 2
    press(stage, Key.Key_N)
    until(stage.isActiveWindow)
    assert stage._speaker is None


def test_the_speaker_sees_an_error_without_a_caption_come_next(presented, tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    story = ['format = 1\ntitle = "Two"', *(f'[[step]]\nop = "poison"\nframe = "pfn:{pfn:#x}"' for pfn in (100, 200))]
    file.write_text("\n".join([*story[:2], 'caption = "One."', story[2]]), "utf-8")
    _, stage = presented(open_to_present(file))
    press(stage, Key.Key_PageDown, Key.Key_N)
    assert stage._speaker is not None and stage._speaker.next.text() == "Next: break frame 0xc8"
    press(stage, Key.Key_End)
    assert stage._speaker.next.text() == "Next: the end" and stage._caption(off=False) == ""
    press(stage, Key.Key_N)


def the_speaker_sees_notes_and_what_comes_next(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N)
    speaker = stage._speaker
    assert speaker is not None and "all of them fork" in speaker.notes.toPlainText()
    assert speaker.next.text().startswith("Next: fork copies no memory")
    QTest.keyClick(speaker, Key.Key_PageDown)
    assert stage.stop == 2 and "Copy-on-write" in speaker.notes.toPlainText()
    press(stage, Key.Key_N)


def test_the_speakers_notes(lesson: tuple[object, StageWindow]) -> None:
    """They are shown, keep the clock, stay in front and may be closed."""
    the_notes_stay_in_front_after_a_click_on_the_stage(lesson)
    again_from_the_title(lesson)
    the_speaker_sees_notes_and_what_comes_next(lesson)
    again_from_the_title(lesson)
    the_speakers_window_may_be_closed_by_its_own_button(lesson)


def a_question_mark_shows_the_keys_and_digits_are_seen(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_Question)
    assert stage.help.isVisible() and "Home, End: first and last stop\n" in stage.help.text.text()
    press(stage, Key.Key_PageDown)  # any key hides them, and does nothing else
    assert not stage.help.isVisible() and stage.stop == 1
    press(stage, Key.Key_1, Key.Key_2)
    assert not stage.help.isVisible() and stage.where.text() == "to stop 12 ⏎"
    press(stage, Key.Key_PageDown)
    assert stage.stop == 2 and stage.where.text().startswith("2 /")


def test_a_remote_and_keys_go_from_stop_to_stop(lesson: tuple[object, StageWindow]) -> None:
    """From the title to what comes after, and back."""
    it_begins_with_the_title_whatever_was_shown_before(lesson)
    again_from_the_title(lesson)
    a_remote_goes_through_every_stop_and_back(lesson)
    again_from_the_title(lesson)
    number_and_enter_home_and_end(lesson)
    again_from_the_title(lesson)
    a_full_stop_blanks_and_any_key_brings_it_back(lesson)
    again_from_the_title(lesson)
    a_question_mark_shows_the_keys_and_digits_are_seen(lesson)
    again_from_the_title(lesson)
    the_caption_the_decision_and_the_newest_line_are_shown(lesson)
    again_from_the_title(lesson)
    it_flies_near_for_the_walk_and_far_for_the_end(lesson)
    again_from_the_title(lesson)
    naming_a_frame_says_nothing_on_the_stage(lesson)
    again_from_the_title(lesson)
    the_first_caption_is_read_on_the_way_to_it(lesson)


def text_grows_and_a_long_caption_still_fits(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown)
    before = stage.caption.font().pixelSize()
    press(stage, Key.Key_Plus)
    assert stage.caption.font().pixelSize() > before
    stage.caption.setText("word " * 200)
    press(stage, Key.Key_Plus)  # fits the words again
    width, flags = stage.caption.width(), Qt.TextFlag.TextWordWrap
    needed = stage.caption.fontMetrics().boundingRect(0, 0, width, 1 << 20, flags, stage.caption.text())
    assert needed.height() <= stage.caption.height() or stage.caption.font().pixelSize() == 12


def test_sizes_of_words_and_sliders(lesson: tuple[object, StageWindow]) -> None:
    """They grow with the room and by keys."""
    text_grows_and_a_long_caption_still_fits(lesson)
    again_from_the_title(lesson)
    sliders_are_as_large_as_the_text_of_the_room(lesson)


def test_after_a_lesson_comes_the_next_one(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_End, Key.Key_PageDown)
    assert stage.after.isVisible() and stage.after.title.text() == "A policy of one's own"
    press(stage, Key.Key_PageUp)
    assert not stage.after.isVisible() and stage.stop == len(stage.stops) - 1
    press(stage, Key.Key_N, Key.Key_PageDown, Key.Key_PageDown)
    until(lambda: user.window.presentation.shown is not stage)
    following = user.window.presentation.shown
    assert not following.card.isVisible() and following.stop == 1  # its title was there already
    assert following.has_notes and user.session.position == following.stops[1]
    press(following, Key.Key_Escape)
    assert user.window.presentation.shown is None and user.window.controller.machine.file.endswith("own.toml")


def test_the_last_lesson_and_other_stories_are_followed_by_none(
    presented: Callable[..., tuple[object, StageWindow]], tmp_path: Path
) -> None:
    last = lessons.paths()[-1]
    copy = tmp_path / lessons.paths()[0].name
    copy.write_bytes(lessons.paths()[0].read_bytes())
    for path in (last, copy):
        user, stage = presented(open_file(path))
        press(stage, Key.Key_End)
        assert stage.board.head.text() == "What is left" and not stage.after.isVisible()
        press(stage, Key.Key_PageDown, Key.Key_PageDown)
        assert (stage.after.title.text(), stage.after.hint.text()) == (
            "End of the story",
            "Esc leaves, PageUp goes back",
        )
        assert stage.after.isVisible() and user.window.presentation.shown is stage
        press(stage, Key.Key_PageUp)
        assert not stage.after.isVisible() and stage.stop == len(stage.stops) - 1
        press(stage, Key.Key_Escape)


def test_where_nothing_was_done_a_key_shows_the_map_to_be_clicked(
    presented: Callable[..., tuple[object, StageWindow]],
) -> None:
    user, stage = presented(made_machine())
    assert len(stage.stops) == 1 and stage.card.isVisible()
    press(stage, Key.Key_PageDown, Key.Key_PageDown)
    assert not stage.card.isVisible() and not stage.after.isVisible()
    stage.map.fired.emit(3001)
    until(lambda: not user.window.controller.occupied and len(stage.stops) > 1)


def test_escape_ends_it_and_it_can_begin_again(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_Escape)
    assert user.window.presentation.shown is None
    user.window.controller.seek(0)
    user.window.activateWindow()
    until(user.window.isActiveWindow)
    QTest.keyClick(user.window, Key.Key_F5)
    assert user.window.presentation.shown not in (None, stage)
    user.window.presentation.shown.close()


def foot_of(line: QLabel) -> int:
    return 0 if line.isHidden() else line.geometry().bottom()


def test_nothing_moves_from_stop_to_stop(lesson: tuple[object, StageWindow]) -> None:
    """Neither for a long line of the log, nor for the words of an ending, nor for the sysctls."""
    user, stage = lesson
    seen, columns = set(), set()
    for number, _ in enumerate(stage.stops[1:]):
        press(stage, Key.Key_PageDown, *[Key.Key_S] * (number % 3 == 0))
        until(lambda: not stage.motion.moving)
        parts = (stage.caption, stage.map, stage.rmap, stage.key, stage.board)
        seen.add((*(part.geometry().getRect() for part in parts), stage.log.y(), stage.log.height()))
        columns.add(stage.rmap._layout.columns)
        until(lambda: max(map(foot_of, stage.board.lines)) <= stage.board.contentsRect().bottom())
    assert len(seen) == len(columns) == 1
    assert any("Killing worker-2" in line.text for line in log_lines(user.session))


def test_the_colours_of_the_map_are_named(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    counts = stage.map.plane.class_counts()
    named = stage.key.named()
    assert named[0].name == "hardware poison"
    assert {one.id for one in named[1:]} == {one.id for one in KIND.classes[1:-1] if counts[one.id]}
    stage.resize(900, 720)
    until(lambda: stage.key.width() < 900)
    fewer = stage.key.named()
    assert fewer[0].name == "hardware poison" and 2 < len(fewer) < len(named)
    assert min(counts[one.id] for one in fewer[1:]) >= max(counts[one.id] for one in set(named) - set(fewer))


def test_numbers_beside_the_map_follow_the_height_of_the_screen(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    before = stage.map.view.item.edge
    stage.resize(1920, 1080)
    until(lambda: stage.map.view.item.edge > 1.3 * before)


def test_a_broken_frame_is_a_filled_mark_on_any_projector(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_End)
    pfn = next(one.outcome.pfn for one in user.session.operations if one.name == "poison")
    for size in ((1280, 720), (1920, 1080), (3840, 2160)):
        stage.resize(*size)
        until(lambda height=size[1]: stage.height() == height)
        view = stage.map.view
        point = view.item.rect_of(pfn).center()
        picture, reach = view.viewport().grab().toImage(), stage.unit // 2
        inks = [picture.pixelColor(int(point.x()) + dx, int(point.y()) + dy).name()
                for dx, dy in ((reach, 0), (-reach, 0), (0, reach))]  # fmt: skip
        assert inks.count(QColor(stage._theme.poison).name()) >= 2, (size, inks)


def test_the_last_stop_says_what_is_left_of_all_errors(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_End)
    shown = [line.text() for line in stage.board.lines if not line.isHidden()]
    assert stage.board.head.text() == "What is left"
    assert shown == [
        "Killed: server:1803, worker-1:1804 and worker-2:1805.",
        "Alive: worker-3:1806.",
        "Lost: 4 KiB of anonymous memory of server:1803, worker-1:1804 and worker-2:1805.",
        "HardwareCorrupted 4 kB.",
    ]


HALF = """
format = 1
title = "Half a story"
profile = "6.1"
memory = { frames = 4096, background = "desktop" }
[[step]]
op = "poison"
frame = "any:free"
caption = "A free page breaks."
[[step]]
op = "pin"
frame = "any:free-inside"
caption = "Never seen."
"""


def test_a_story_that_fails_half_way_says_so_at_the_last_good_step(
    presented: Callable[..., tuple[object, StageWindow]], tmp_path: Path
) -> None:
    path = tmp_path / "half.toml"
    path.write_text(HALF)
    with pytest.raises(ScenarioError):
        open_file(path)
    user, stage = presented(open_to_present(path))
    press(stage, Key.Key_PageDown)
    assert stage.caption.text() == "A free page breaks."
    press(stage, Key.Key_End)
    assert "step 2" in stage.caption.text() and "cannot be pinned" in stage.caption.text()
    assert user.session.position == len(user.session.steps) > 0
    press(stage, Key.Key_PageUp)
    assert stage.caption.text() == "A free page breaks."


def test_a_story_whose_first_step_fails_says_so_on_its_title(
    presented: Callable[..., tuple[object, StageWindow]], tmp_path: Path
) -> None:
    path = tmp_path / "none.toml"
    path.write_text(HALF.replace('op = "poison"', 'op = "pin"'))
    _, stage = presented(open_to_present(path))
    assert stage.card.isVisible() and "step 1" in stage.card.text.text()
    press(stage, Key.Key_PageDown, Key.Key_End)


def test_between_errors_the_broken_frame_stays_in_view(presented: Callable[..., tuple[object, StageWindow]]) -> None:
    user, stage = presented(open_file(resources.path("lessons/04-a-dirty-file-page.toml")))
    broken = next(one for one in user.session.operations if one.name == "poison")
    synced = [one.last for one in user.session.operations if one.name == "fsync"]
    for position in synced:
        stop = list(stage.stops).index(position)
        press(stage, *(Key(Key.Key_0 + int(digit)) for digit in str(stop)), Key.Key_Return)
        assert user.session.position == position
        assert user.window.present.graph is not None and user.window.present.graph.pfn == broken.outcome.pfn
    press(stage, Key.Key_Home)
    assert user.window.present.graph is None


def test_the_same_story_goes_on_where_it_was_left(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, *[Key.Key_PageDown] * 6, Key.Key_Escape)
    again = begin_again(user)
    assert again.stop == 6 and user.session.position == again.stops[6] and not again.card.isVisible()
    assert again.place.began == stage.place.began
    press(again, Key.Key_Home, Key.Key_F5)
    again = begin_again(user)
    assert again.stop == 0 and again.card.isVisible()
    again.close()


def begin_again(user: object) -> StageWindow:
    user.window.activateWindow()
    until(user.window.isActiveWindow)
    QTest.keyClick(user.window, Key.Key_F5)
    shown = user.window.presentation.shown
    assert shown is not None
    shown.activateWindow()
    until(shown.isActiveWindow)
    return shown


def test_a_question_that_was_left_by_escape_still_leads_back(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    line = [(one.name, one.args) for one in user.session.operations]
    press(stage, Key.Key_PageDown, Key.Key_PageDown)
    ask(user, stage, user.session.resolve_frame("any:free"))
    press(stage, Key.Key_Escape)
    again = begin_again(user)
    assert "to stop 2" in again.where.text()
    press(again, Key.Key_R)
    until(lambda: not user.window.controller.busy)
    assert [(one.name, one.args) for one in user.session.operations] == line and again.stop == 2
    assert not user.window.keeping.work.any
    again.close()


def ask(user: object, stage: StageWindow, pfn: int) -> None:
    stage.map.fired.emit(pfn)
    until(lambda: not user.window.controller.busy)
    user.window.controller.finish()
    until(lambda: not user.window.controller.busy)


def test_a_question_shows_no_result_of_the_stop_that_it_leaves(
    presented: Callable[..., tuple[object, StageWindow]],
) -> None:
    user, stage = presented(open_file(resources.path("lessons/04-a-dirty-file-page.toml")))
    press(stage, *[Key.Key_PageDown] * 3)
    (click,) = [one for one in user.session.operations if one.name == "poison"]
    assert click.first < user.session.position < click.last and stage.log.text() == ""
    ask(user, stage, user.session.resolve_frame("any:free"))
    facts = " ".join(line.text() for line in stage.board.lines if not line.isHidden())
    assert "orders.db" not in facts and "HardwareCorrupted 4 kB" in facts
    assert f"{click.outcome.pfn:#x}" not in stage.log.text()


def test_a_question_on_the_path_again_is_no_unsaved_work(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    work = user.window.keeping.work
    press(stage, Key.Key_PageDown, Key.Key_S)
    turn(stage.switches[0])
    until(lambda: not user.window.controller.busy)
    assert work.any
    press(stage, Key.Key_R)
    until(lambda: not user.window.controller.busy)
    assert not work.any
    user.window.controller.act("poison", {"frame": "any:free"})
    until(lambda: not user.window.controller.busy)
    assert work.any


def test_next_plays_the_story_on_under_another_sysctl(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    (click,) = [one for one in user.session.operations if one.name == "poison"]
    while not click.first < user.session.position < click.last:
        press(stage, Key.Key_PageDown)
    left, line = stage.stop, [one.name for one in user.session.operations]
    was = user.session.machine.sysctl.view["memory_failure_early_kill"]
    press(stage, Key.Key_S)
    turn(stage.switches[0])
    until(lambda: not user.window.controller.busy)
    assert sorted(one.name for one in user.session.operations) == sorted([*line, "sysctl"])
    assert f"Next plays on, R returns to stop {left}" in stage.where.text()
    assert (stage.progress._at, stage.progress._of) == (left, stage._path.stops.index(stage._path.stops[-1]))
    assert stage.map.view.item.highlights
    press(stage, Key.Key_PageDown)
    assert user.session.operation_at(user.session.position).name == "poison"
    assert stage.caption.text().startswith("Break")
    while "Next plays on" in stage.where.text():
        press(stage, Key.Key_PageDown)
    assert user.session.machine.sysctl.view["memory_failure_early_kill"] == 1 - was
    press(stage, Key.Key_PageDown)
    until(lambda: not user.window.controller.busy)
    assert stage.stop == left and [one.name for one in user.session.operations] == line


def test_tab_and_space_write_a_sysctl_and_escape_closes_the_strip(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_Tab)
    assert stage.focusWidget() in (None, stage)
    press(stage, Key.Key_S, Key.Key_Tab)
    slider = stage.switches[0]
    assert slider.hasFocus()
    was = slider.value()
    QTest.keyClick(slider, Key.Key_Space)
    until(lambda: not user.window.controller.busy)
    assert slider.value() == 1 - was
    QTest.keyClick(slider, Key.Key_Escape)
    assert stage.sliders.isHidden() and user.window.presentation.shown is stage and stage.hasFocus()
    press(stage, Key.Key_Period, Key.Key_Escape)
    assert stage.blank.isHidden() and user.window.presentation.shown is stage
    press(stage, Key.Key_Escape)
    assert user.window.presentation.shown is None


def test_the_times_of_the_speaker_add_up(lesson: tuple[object, StageWindow], monkeypatch: pytest.MonkeyPatch) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N)
    monkeypatch.setattr(speaker.time, "monotonic", lambda: stage._began + 1.5)
    stage._tell_speaker()
    words = f"{stage._speaker.elapsed.text()} {stage._speaker.left.text()}"
    gone, planned, left, ahead = (int(m) * 60 + int(s) for m, s in re.findall(r"(\d+):(\d\d)", words))
    assert gone + left + ahead == planned and words.endswith("ahead")
    press(stage, Key.Key_N)


def test_the_label_of_a_frame_does_not_stay_over_what_a_click_changed(lesson: tuple[object, StageWindow]) -> None:
    user, stage = lesson
    press(stage, Key.Key_PageDown)
    stage.map.view.hover(stage.map.view.item.rect_of(3001).center())
    assert stage.map.view.item.described >= 0
    ask(user, stage, 3001)
    assert stage.map.view.item.described < 0


def test_on_one_screen_the_notes_leave_caption_and_map_in_view(lesson: tuple[object, StageWindow]) -> None:
    _, stage = lesson
    press(stage, Key.Key_PageDown, Key.Key_N)
    over = stage._speaker.geometry().translated(-stage.pos())
    assert not over.intersects(stage.caption.geometry()) and not over.intersects(stage.map.geometry())
    press(stage, Key.Key_N)
