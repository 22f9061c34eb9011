"""The menu Export: pictures of what is shown, and what another process makes of what was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProgressDialog

from hwpoison_gui.gui.window.files import exporting
from tests.gui.waiting import until
from tests.gui.window.files.test_saving import Dialog, dialog, said  # noqa: F401  a fixture
from tests.gui.window.files.test_unsaved import question, work


def export(user, name: str) -> None:
    user.window.actions_[name].trigger()
    until(lambda: not user.window.keeping.saving.background.busy)


def test_pictures(keeper, dialog: Dialog, tmp_path: Path) -> None:  # noqa: F811
    work(keeper)
    for name in ("picture", "picture-map", "picture-rmap", "picture-outline"):
        (tmp_path / name).mkdir()
        picture_of_each_kind(keeper, dialog, tmp_path / name, name)


def picture_of_each_kind(keeper, dialog: Dialog, folder: Path, name: str) -> None:  # noqa: F811
    sizes = {}
    for kind, file in (("PNG (", "a.png"), ("four times", "b.png"), ("SVG", "c.svg")):
        dialog.answer, dialog.kind = str(folder / file), kind
        export(keeper, name)
        assert file in said(keeper), name
        sizes[file] = QImage(str(folder / file)).width()
    assert sizes["b.png"] == 4 * sizes["a.png"] > 0, name
    assert (folder / "c.svg").read_text().startswith("<?xml"), name


def test_a_suffix_wins_over_the_kind_that_is_chosen(keeper, dialog: Dialog, tmp_path: Path) -> None:  # noqa: F811
    dialog.answer, dialog.kind = str(tmp_path / "a.svg"), "PNG ("
    export(keeper, "picture")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_what_goes_wrong_elsewhere_is_said_here(keeper, dialog: Dialog, tmp_path: Path) -> None:  # noqa: F811
    assert not keeper.window.actions_["save-film"].isEnabled()
    work(keeper)
    dialog.answer = str(tmp_path / "no/where.apng")
    export(keeper, "save-film")
    assert "cannot be written: No such file" in question(keeper.window).informativeText()
    question(keeper.window).close()


def test_a_film_can_be_cancelled(
    keeper,
    dialog: Dialog,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeper.click_frame(keeper.frame("any:anon"))
    until(lambda: not keeper.window.controller.busy)
    slow = {"Animation, PNG (*.apng)": (".apng", ("--fps", "60", "--size", "1920x1080"))}
    monkeypatch.setattr(exporting, "FILMS", slow)
    dialog.answer, dialog.kind = str(tmp_path / "a.apng"), "Animation, PNG"
    keeper.window.actions_["save-film"].trigger()
    background = keeper.window.keeping.saving.background
    shown = keeper.window.findChild(QProgressDialog)
    assert background.busy and shown is not None
    until(lambda: "picture" in shown.labelText())
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):  # pressed by habit
        QTest.keyClick(shown.focusWidget() or shown, key)
    assert not shown.wasCanceled() and dialog.asked == ["walk"]
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    until(lambda: not background.busy)
    assert list(tmp_path.glob("*.apng")) == [] and said(keeper) == "Making a.apng: cancelled; nothing was written."
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".tmp")]


def test_a_film_is_made_and_the_window_stays_where_it_is(
    keeper,
    dialog: Dialog,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work(keeper)
    keeper.window.controller.seek(1)
    quick = {"Animation, PNG (*.apng)": (".apng", ("--size", "320x180", "--steps", "1-2"))}
    monkeypatch.setattr(exporting, "FILMS", quick)
    dialog.answer = str(tmp_path / "a")
    export(keeper, "save-film")
    assert "a.apng" in said(keeper) and QImage(str(tmp_path / "a.apng")).width() == 320
    assert keeper.session.position == 1
