"""Several frames are marked by mouse and keyboard, and one operation is done to all of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.many import MOST_FRAMES
from tests.gui.waiting import until

Key, Modifier, LEFT = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton


def marked(user) -> tuple[int, ...]:
    assert user.window.map.view.item.marked == user.window.controller.selection.marked
    return user.window.controller.selection.marked


def click(user, pfn: int, keys: Qt.KeyboardModifier) -> None:
    QTest.mouseClick(user.window.map.view.viewport(), LEFT, keys, user.point(pfn))


def test_ctrl_marks_one_more_and_shift_a_range(user) -> None:
    user.window.map.center_on(1000)
    click(user, 1000, Modifier.ControlModifier)
    click(user, 1002, Modifier.ControlModifier)
    assert marked(user) == (1000, 1002)
    click(user, 1000, Modifier.ControlModifier)
    assert marked(user) == (1002,)
    click(user, 1005, Modifier.ShiftModifier)
    assert marked(user) == (1000, 1001, 1002, 1003, 1004, 1005)
    assert not any(op.name == "poison" for op in user.session.operations)
    user.click_frame(1000)
    assert marked(user) == () and user.session.operations[-1].name == "poison"


def test_a_drag_with_a_modifier_marks_a_rectangle(user) -> None:
    view, plane = user.window.map.view, user.window.map.plane
    user.window.map.center_on(1000)
    width = plane.layout.width
    camera = view.camera
    QTest.mousePress(view.viewport(), LEFT, Modifier.ShiftModifier, user.point(1000))
    here = user.point(1000 + 2 + 3 * width)
    QTest.mouseMove(view.viewport(), (user.point(1000) + here) / 2)
    QTest.mouseMove(view.viewport(), here)
    QTest.mouseRelease(view.viewport(), LEFT, Modifier.ShiftModifier, here)
    assert marked(user) == tuple(1000 + across + down * width for down in range(4) for across in range(3))
    assert view.camera == camera, "it does not pan"
    assert view.marking.frames_in(QPoint(0, 0).toPointF(), QPoint(-50, -50).toPointF()) is not None


def test_the_keyboard_marks_and_forgets(user) -> None:
    view = user.window.map.view
    view.setFocus()
    user.window.controller.selection.select(1000)
    for _ in range(3):
        QTest.keyClick(view, Key.Key_Right, Modifier.ShiftModifier)
    assert marked(user) == (1000, 1001, 1002, 1003)
    QTest.keyClick(view, Key.Key_Left, Modifier.ShiftModifier)
    assert marked(user) == (1000, 1001, 1002)
    QTest.keyClick(view, Key.Key_Escape)
    assert marked(user) == ()
    QTest.keyClick(view, Key.Key_Space, Modifier.ControlModifier)
    assert user.window.controller.selection.frame in marked(user)
    QTest.keyClick(view, Key.Key_Right)
    assert marked(user) == ()


def test_what_is_chosen_is_done_to_all_and_undone_at_once(user) -> None:
    window, session = user.window, user.session
    pfns = sorted(user.frame(f"srv:heap+{page}") for page in range(3))
    window.controller.selection.mark(pfns)
    before, done = session.position, len(session.operations)
    user.choose(window.menus.frames_menu(pfns), "Break all")
    until(lambda: not window.controller.work.busy)
    (broke,) = session.operations[done:]
    assert [part.outcome.pfn for part in broke.parts] == pfns
    assert (
        "break 3 frames" in window.operations.chips[done].title
        and "2 Ignored, 1 Recovered" in window.sentence.text.text()
    )
    assert all(session.machine.page(pfn) & pf.HWPOISON for pfn in pfns)
    window.actions_["previous"].trigger()
    assert session.position == before and not any(session.machine.page(pfn) & pf.HWPOISON for pfn in pfns)
    menu = window.menus.frames_menu(range(MOST_FRAMES + 1))
    assert not next(action for action in menu.actions() if action.text() == "Break all").isEnabled()


def test_another_machine_has_no_marks(user) -> None:
    user.window.controller.selection.mark((1, 2))
    user.window.controller.open(user.window.controller.machine)
    assert marked(user) == ()


def test_rows_selected_in_the_table_of_pages_are_marked(user) -> None:
    window = user.window
    window.show_panel("pages")
    view = window.tables.pages.view
    window.controller.selection.select(1000)
    for _ in range(3):
        QTest.keyClick(view, Key.Key_Down, Modifier.ShiftModifier)
    assert marked(user) == (1000, 1001, 1002, 1003)
    QTest.keyClick(view, Key.Key_Down)
    assert marked(user) == ()
