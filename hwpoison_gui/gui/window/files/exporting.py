"""Exports pictures of the window and its parts, and films.

Pictures are drawn by the window. A film takes Qt's thread for seconds or minutes, so another process makes it, from a
copy of the session: the window goes on answering, and the work can be cancelled at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.files.saving import Saving
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document.document import SUFFIX, Document

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.charts.panel import ChartsPanel

_PICTURES: Final = {
    "PNG (*.png)": (".png", 1),
    "PNG, twice as fine (*.png)": (".png", 2),
    "PNG, three times as fine (*.png)": (".png", 3),
    "PNG, four times as fine (*.png)": (".png", 4),
    "SVG, for enlarging (*.svg)": (".svg", 1),
}
_TABLES: Final = {"Comma-separated values (*.csv)": (".csv", 1)}
# Names of filters in the dialog, suffixes, and arguments of `render`.
FILMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Video, MP4, 1280 × 720 (*.mp4)": (".mp4", ()),
    "Video, MP4, 1920 × 1080 (*.mp4)": (".mp4", ("--size", "1920x1080")),
    "Video, WebM, 1280 × 720 (*.webm)": (".webm", ()),
    "Animation, GIF, 1280 × 720 (*.gif)": (".gif", ()),
    "Animation, GIF, 960 × 540, read twice as fast (*.gif)": (".gif", ("--size", "960x540", "--speed", "2")),
    "Animation, PNG, 1280 × 720 (*.apng)": (".apng", ()),
}
_MOST_ERRORS: Final = 1000  # characters of an error message


class Exporting:
    """`parts`: the widgets in a picture of the window, and of its map, below each other."""

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        saving: Saving,
        parts: Mapping[str, tuple[QWidget, ...]],
    ) -> None:
        self._above, self._controller, self._present, self._appearance = above, controller, present, appearance
        self._saving, self._parts = saving, parts

    def missing(self) -> str:
        """Why there is nothing to tell; empty if there is something."""
        return "" if self._controller.session.operations else "Nothing was done yet: click a frame."

    # -- pictures

    def save_picture(self, what: str) -> None:
        """Save a picture of the window, or of a part of it: `map`, `rmap` or `outline`."""
        title = self._controller.machine.title

        def made(suffix: str, scale: int) -> bytes:
            shown = self._shown(what)
            try:
                return _picture_of(shown, title, suffix, scale)
            finally:
                for widget in set(shown) - set(self._parts.get(what, ())):  # those of the picture alone
                    widget.deleteLater()

        self._save("picture", what, _PICTURES, made)

    def save_chart(self, panel: ChartsPanel, what: str) -> None:
        """Save a chart as a picture, with what its colours mean, or its `table` as comma-separated values."""
        from hwpoison_gui.view.charts.chart import as_csv

        chart = panel.chart
        if chart is None:
            return
        if what == "table":
            self._save("chart", "chart", _TABLES, lambda suffix, scale: as_csv(chart).encode())
            return
        part = tuple(panel.plot.getViewBox().viewRange()[0])

        def picture(suffix: str, scale: int) -> bytes:
            from hwpoison_gui.gui.charts.sheet import ChartSheet

            sheet = ChartSheet(chart, self._appearance.theme, part=part)
            made = _picture_of((sheet,), chart.title, suffix, scale)
            sheet.deleteLater()
            return made

        self._save("chart", "chart", _PICTURES, picture)

    def _save(
        self, thing: str, name: str, kinds: Mapping[str, tuple[str, int]], made: Callable[[str, int], bytes]
    ) -> None:
        """Ask where to, and write what is `made` for a suffix of `kinds` and a scale.

        `name` has no suffix: the kind that is chosen in the dialog gives it.
        """
        from hwpoison_gui import atomic_file

        name, kind = self._ask(f"Save a {thing}", name, list(kinds))
        if not name:
            return
        suffix, scale = kinds.get(kind, next(iter(kinds.values())))
        own = Path(name).suffix.lower()
        suffix = own if own in {known for known, _ in kinds.values()} else suffix

        def write(path: Path) -> None:
            try:
                atomic_file.write(path, made(suffix, scale))
            except OSError as error:
                show_error(self._above, f"The {thing} cannot be saved", f"{path}: {error.strerror or error}")
            else:
                self._saving.said.emit(f"{thing.capitalize()} saved to {path.absolute()}")

        self._saving.with_suffix(name, suffix, write)

    def _shown(self, what: str) -> tuple[QWidget, ...]:
        from hwpoison_gui.gui.export import subjects

        theme = self._appearance.theme
        if what == "rmap":
            return (subjects.reverse_map(self._present, theme),)
        if what == "outline":
            return (subjects.outline(self._controller.session, theme),)
        return self._parts[what]

    # -- films

    def save_film(self) -> None:
        """Save everything that was done as an animation or a video."""
        name, kind = self._ask("Save an animation or a video", "walk", list(FILMS))
        if not name:
            return
        suffix, size = FILMS.get(kind, (".mp4", ()))
        own = Path(name).suffix.lower()
        if own != suffix and own in {known for known, _ in FILMS.values()}:
            suffix, size = own, ()
        still = ("--reduced-motion",) if self._appearance.still else ()
        looks = (*size, *still, "--theme", self._appearance.theme.name)

        def make(path: Path) -> None:
            command = ("render", "--to", str(path.absolute()), *looks, "--progress")
            work = partial(_made_elsewhere, self._controller.machine, self._saving.document(), command)
            done = f"Saved to {path.absolute()}"
            background, said = self._saving.background, self._saving.said
            background.run(f"Making {path.name}", work, lambda _: said.emit(done), writes=True)

        self._saving.with_suffix(name, suffix, make)

    # -- both

    def _ask(self, head: str, suggested: str, kinds: Sequence[str]) -> tuple[str, str]:
        from PySide6.QtWidgets import QFileDialog

        folder = Path(self._saving.folder)
        name, kind = QFileDialog.getSaveFileName(self._above, head, str(folder / suggested), ";;".join(kinds))
        if name:
            self._saving.folder = str(Path(name).parent)
        return name, kind


def _picture_of(shown: Sequence[QWidget], title: str, suffix: str, scale: int) -> bytes:
    """A picture file of widgets below each other."""
    from hwpoison_gui.gui.export.still import as_png, as_svg

    return as_svg(*shown, title=title) if suffix == ".svg" else as_png(*shown, scale=scale)


def _made_elsewhere(
    machine: Opened, document: Document, arguments: tuple[str, ...], progress: Progress, cancelled: Cancelled
) -> None:
    """Work for a thread: the command, on what was done on a machine.

    Raises
    ------
    OSError
        With what the command complains of.
    CancelledError
    """
    import subprocess  # imported here to keep start-up fast
    import tempfile

    from hwpoison_gui.opening import saving
    from hwpoison_gui.sources.errors import CancelledError

    with tempfile.TemporaryDirectory(prefix="hwpoison-gui-") as folder, open(Path(folder) / "said", "w+b") as said:
        path = Path(folder) / f"session{SUFFIX}"
        saving.save_session(machine, document, path, False, cancelled)
        command = [sys.executable, "-m", "hwpoison_gui", *arguments, str(path)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True)
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                share, _, doing = line.strip().partition(" ")
                progress(float(share), doing)
                if cancelled():
                    process.terminate()
        if process.returncode and cancelled():
            raise CancelledError
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().replace(f"{path}: ", "")
            raise OSError(words[-_MOST_ERRORS:] or f"the command ended with status {process.returncode}")
