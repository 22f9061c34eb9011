"""Draws the pictures of README.md again: `python -m tests.pictures` writes docs/images/, without a display."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.app.run import application
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.demo import shared_anonymous_page
from hwpoison_gui.opening.opening import Opened

OUT = Path(__file__).resolve().parents[1] / "docs/images"
SERVER = OUT.parents[1] / "resources/machines/server.npz"
PATIENCE = 120.0  # seconds


def main() -> None:
    app = application()

    def until(condition: Callable[[], object]) -> None:
        end = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < end
            app.processEvents()

    def window_on(opened: Opened) -> MainWindow:
        window = MainWindow(opened, remember=False)
        window.resize(1280, 800)
        window.show()
        window.room.reset()
        until(lambda: window.is_complete)
        return window

    def save(widget: QWidget, name: str) -> None:
        for _ in range(200):
            app.processEvents()
        assert widget.grab().save(str(OUT / name))
        print(OUT / name)

    window = window_on(opening.default_machine())
    window.show_start_page()
    assert window.starting is not None
    page = window.starting.page
    until(lambda: page.hook.scene is not None and page.lessons.lessons.lessons)
    until(lambda: all(lesson.picture is not None for lesson in page.lessons.lessons.lessons))
    save(window, "start.png")
    window.starting.leave()
    controller = window.controller
    session = controller.session
    controller.set_sysctl("memory_failure_early_kill", 1)
    until(lambda: not controller.busy)
    pfn = shared_anonymous_page(session.machine)
    assert pfn is not None
    controller.selection.select(pfn)
    controller.fire(pfn)
    until(lambda: not controller.busy and session.operations[-1].name == "poison")
    controller.playback.pause()
    marks = session.steps.marks
    sent = [number for number, mark in enumerate(marks) if mark.act is Act.SIGNAL]
    controller.seek(sent[len(sent) // 2] + 1)
    window.show_panel("log")
    window.map.setFocus()
    save(window, "window.png")
    window.actions_["compare"].trigger()
    until(lambda: window.comparison.shown is not None)
    compared = window.comparison.shown
    assert compared is not None
    until(lambda: compared.compared is not None)
    compared.resize(1180, 700)
    compared.walk.seek(compared.walk.last)
    save(compared, "compare.png")
    compared.close()
    window.close()

    window = window_on(opening.open_file(SERVER))
    window.appearance.choose_theme("light")
    window.lenses.choose("outcome")
    until(lambda: not window.controller.busy)
    save(window, "outcome.png")
    window.close()


if __name__ == "__main__":
    main()
