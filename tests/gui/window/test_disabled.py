"""Whatever is disabled says in its tip why; and what is shown can be acted on, selected or not."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from hwpoison_gui import resources
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening import opening
from tests.gui.conftest import User
from tests.gui.waiting import until


def unexplained(window: MainWindow) -> list[str]:
    """What is disabled in the window without a reason: commands, and controls in sight."""
    actions = window.actions_
    found = [
        name for name, action in actions.actions.items()
        if not action.isEnabled() and (not actions.missing_of(name) or actions.missing_of(name) not in action.toolTip())
    ]  # fmt: skip
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not widget.isEnabled() and widget.parentWidget().isEnabled() and not widget.toolTip():
            found.append(widget.accessibleName() or widget.objectName() or type(widget).__name__)
    return found


def silent(menu: QMenu) -> list[str]:
    """Disabled entries of a menu, below its title, whose tip says no more than their text."""
    entries = [action for action in menu.actions()[1:] if not action.isSeparator()]
    found = [action.text() for action in entries if not action.isEnabled() and has_no_reason(action)]
    for action in entries:
        if (under := action.menu()) is not None and isinstance(under, QMenu):
            found += [one.text() for one in under.actions() if not one.isEnabled() and has_no_reason(one)]
    return found


def has_no_reason(action: QAction) -> bool:
    return action.toolTip() in ("", action.text(), action.text().replace("&", ""))


def test_what_is_disabled_says_why(user: User) -> None:
    window = user.window
    assert unexplained(window) == []
    window.controller.selection.select(user.frame("srv:heap+0"))
    assert unexplained(window) == []
    window.finder.open_search()
    window.finder.set_text("flags:(")
    QApplication.processEvents()
    window.show_panel("pages")
    assert unexplained(window) == []
    window.controller.fire(user.frame("srv:heap+0"))
    assert unexplained(window) == []
    window.controller.seek(len(user.session.steps))
    assert unexplained(window) == []


def test_disabled_entries_of_context_menus_say_why(user: User) -> None:
    menus, session = user.window.menus, user.session
    window = user.window
    pfns = [user.frame("srv:heap+0"), session.resolve_frame("any:free"), user.frame("/srv/data@1")]
    tasks = {name: session.world.task_names.view[name] for name in ("srv", "other")}

    def all_silent() -> list[str]:
        made = [menus.frame_menu(pfn) for pfn in pfns] + [menus.frames_menu(pfns)]
        made += [menus.task_menu(tgid) for tgid in tasks.values()] + [menus.tasks_menu(list(tasks.values()))]
        found = [text for menu in made for text in silent(menu)]
        for menu in made:
            menu.deleteLater()
        return found

    assert all_silent() == []
    window.controller.fire(pfns[0])
    window.controller.seek(len(session.steps))
    assert session.machine.processes.view[tasks["srv"]].ended
    assert all_silent() == [], "srv is dead"


def test_the_frame_of_an_operation_can_be_acted_on_without_being_selected(user: User) -> None:
    """As after opening a lesson or a recorded case, one step before its error."""
    window = user.window
    window.controller.open(opening.open_file(resources.path("lessons/07-one-page-many-processes.toml")))
    window.show_panel("frame", focus=False)
    session, controller = window.controller.session, window.controller
    broken = next(op for op in session.operations if op.name == "poison")
    controller.seek(broken.first)
    assert controller.selection.frame == -1 and window.present.frame == session.resolve_frame("server:heap+0")
    until(lambda: window.docks["frame"].made is not None)
    until(lambda: f"{window.present.frame:#x}" in window.docks["frame"].made.toPlainText())
    for name in ("break", "break-by", "touch", "copy-frame", "centre", "compare", "kernels"):
        assert window.actions_[name].isEnabled(), name
    window.actions_["copy-frame"].trigger()
    assert QApplication.clipboard().text().startswith(f"frame {window.present.frame:#x}")
    window.actions_["break"].trigger()
    assert controller.selection.frame == session.operations[-1].outcome.pfn == broken.outcome.pfn
