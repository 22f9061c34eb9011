"""Makes pictures and films of a session without a display."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hwpoison_gui import atomic_file
from hwpoison_gui.export import apng, extras, gif, video
from hwpoison_gui.export.shots import Film, Shot, shots_of
from hwpoison_gui.export.wanted import PICTURES, SIZE, UnsuitedError, Wanted
from hwpoison_gui.view.base.palette import THEMES

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QApplication, QWidget

    from hwpoison_gui.gui.export.film import FilmStage
    from hwpoison_gui.gui.look.appearance import Appearance
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.view.charts.chart import Chart

Progress = Callable[[float, str], None]  # the share that is done, and what is being done
T = TypeVar("T")


def render(opened: Opened, wanted: Wanted, progress: Progress) -> None:
    """Make the file that is wanted; the old one stays until the new one is complete.

    Raises
    ------
    UnsuitedError, MissingExtraError
    OSError
        If the file cannot be written.
    """
    first, last = wanted.within(opened.session)
    needs = {".gif": gif.NEEDS, ".mp4": video.NEEDS, ".webm": video.NEEDS}.get(wanted.kind)
    if needs is not None:
        extras.required(*needs)  # before the work, not after it
    app = _application()
    with _without_complaints():
        if wanted.kind in PICTURES:
            data = _picture(app, opened, wanted, last)
            progress(1.0, "picture")
            atomic_file.write(wanted.out, data)
        else:
            _film(app, opened, wanted, (first, last), progress)


def _application() -> QApplication:
    # Even if there is a display: pictures look the same everywhere, and no window appears.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from hwpoison_gui.gui.app.run import application

    return application()


@contextmanager
def _without_complaints() -> Iterator[None]:
    """Suppress Qt's messages about what the offscreen platform does not support; pictures do not need it."""
    from PySide6.QtCore import qInstallMessageHandler

    def say(kind: object, context: object, text: str) -> None:
        if not text.startswith("This plugin does not support"):
            print(text, file=sys.stderr)

    before = qInstallMessageHandler(say)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


# -- pictures


def render_chart(chart: Chart, wanted: Wanted) -> bytes:
    """A picture of a chart: all of it, with its title and what its colours mean."""
    app = _application()
    from PySide6.QtCore import QSize

    from hwpoison_gui.gui.charts.sheet import ChartSheet
    from hwpoison_gui.gui.export.still import as_png, as_svg

    with _without_complaints():
        sheet = ChartSheet(chart, THEMES[wanted.theme], QSize(*wanted.size) if wanted.size else None)
        made = as_png(sheet, scale=wanted.scale) if wanted.kind == ".png" else as_svg(sheet, title=chart.title)
        sheet.close()
        sheet.deleteLater()
        app.processEvents()
    return made


def _picture(app: QApplication, opened: Opened, wanted: Wanted, position: int) -> bytes:
    from hwpoison_gui.gui.export.still import as_png, as_svg

    if wanted.what == "window":
        owner, shown = _window(app, opened, wanted, position)
    else:
        owner, shown = _part(app, opened, wanted, position)
    try:
        return as_png(shown, scale=wanted.scale) if wanted.kind == ".png" else as_svg(shown, title=opened.title)
    finally:
        shown.close()
        shown.deleteLater()
        owner.deleteLater()
        app.processEvents()


def _window(app: QApplication, opened: Opened, wanted: Wanted, position: int) -> tuple[QObject, QWidget]:
    from hwpoison_gui.gui.rmap.view import RmapView
    from hwpoison_gui.gui.window.main_window import MainWindow

    window = MainWindow(opened, remember=False)
    window.appearance.choose_theme(wanted.theme)
    window.appearance.choose_motion(True)  # docks that still move have no tabs
    window.resize(*(wanted.size or SIZE))
    window.show()
    window.room.reset()
    window.controller.seek(position)
    window.controller.work.finish()
    window.present.finish()
    app.processEvents()
    window.panels.make_what_is_seen()
    for view in window.findChildren(RmapView):
        view.empty = ""  # nobody clicks in a picture
    app.processEvents()
    return window, window


def _part(app: QApplication, opened: Opened, wanted: Wanted, position: int) -> tuple[QObject, QWidget]:
    from PySide6.QtCore import QSize

    from hwpoison_gui.gui.export import subjects

    if wanted.what == "stage":
        film = _stage(app, opened, wanted)
        film.stage.pose(Shot(0.0, position, position))
        return film, film.stage
    seen = subjects.Seen(opened, _appearance(app, wanted), position)
    size = QSize(*wanted.size) if wanted.size is not None else None
    if wanted.what == "map":
        return seen, subjects.frame_map(opened.session, seen.present, seen.theme, size or QSize(*SIZE))
    if wanted.what == "rmap":
        return seen, subjects.reverse_map(seen.present, seen.theme, size)
    return seen, subjects.outline(opened.session, seen.theme, size)


def _appearance(app: QApplication, wanted: Wanted) -> Appearance:
    from hwpoison_gui.gui.look.appearance import Appearance
    from hwpoison_gui.gui.look.settings import Settings

    appearance = Appearance(Settings(), app)
    appearance.choose_theme(wanted.theme)
    return appearance


# -- films


def _stage(app: QApplication, opened: Opened, wanted: Wanted) -> FilmStage:
    from PySide6.QtCore import QSize

    from hwpoison_gui.gui.export.film import FilmStage

    return FilmStage(opened, _appearance(app, wanted), QSize(*(wanted.size or SIZE)), wanted.moving)


def _film(app: QApplication, opened: Opened, wanted: Wanted, steps: tuple[int, int], progress: Progress) -> None:
    size = wanted.size or SIZE
    if wanted.kind in (".mp4", ".webm") and (size[0] % 2 or size[1] % 2):
        raise UnsuitedError(f"--size {size[0]}x{size[1]}: a video has an even width and height")
    summary = opened.scenario.summary if opened.scenario is not None else ""
    film = Film(*steps, wanted.fps, wanted.speed, wanted.moving, f"{opened.title}. {summary}")
    shots = list(shots_of(opened.session, film))
    stage = _stage(app, opened, wanted)
    try:
        with atomic_file.writing(wanted.out) as file:
            pictures = stage.pictures(_counted(shots, progress))
            if wanted.kind == ".gif":
                gif.write(file, pictures, size, stage.samples(shots))
            elif wanted.kind == ".apng":
                apng.write(file, pictures, size)
            else:
                video.write(file, pictures, size, wanted.fps, wanted.kind[1:])
    finally:
        stage.close()
        app.processEvents()


def _counted(shots: Iterable[T], progress: Progress) -> Iterator[T]:
    shots = list(shots)
    for number, shot in enumerate(shots):
        progress(number / len(shots), f"picture {number + 1} of {len(shots)}")
        yield shot
