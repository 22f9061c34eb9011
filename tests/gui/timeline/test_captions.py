"""Captions above the map: shown while a scenario is stepped through, as plain text, and gone with it."""

from __future__ import annotations

from hwpoison_gui.opening import opening
from hwpoison_gui.view.base.palette import DARK, LIGHT
from tests.gui.conftest import workers
from tests.view.story.test_captions import STORY


def test_the_caption_follows_the_steps_and_the_summary_stays_visible(open_window, tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY.replace("It breaks.", "It <b>breaks</b>."), "utf-8")
    user = open_window(opening.open_file(path))
    bar = user.window.on_demand.caption(False)
    assert bar.isVisible() and bar.text.toPlainText() == "It maps memory."
    assert "What happens." in bar.head.text()
    top = user.window.map.y()
    user.window.controller.seek(len(user.session.steps))
    assert bar.text.toPlainText() == "It <b>breaks</b>."
    user.window.controller.seek(0)
    assert bar.text.toPlainText() == "What happens."
    assert user.window.map.y() == top
    assert bar.text.font().pointSizeF() > user.window.font().pointSizeF()


def test_another_machine_without_captions_hides_them(open_window, tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY, "utf-8")
    user = open_window(opening.open_file(path))
    user.window.controller.open(opening.Opened(workers(), "another"))
    assert not user.window.on_demand.caption(False).isVisible()


def test_a_machine_without_captions_has_no_bar(user) -> None:
    assert user.window.on_demand.caption(False) is None


def test_the_notebook_shows_captions_without_markdown(open_window, tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY, "utf-8")
    user = open_window(opening.open_file(path))
    assert [row.text for row in user.window.docks["notebook"].content().book.rows] == ["It maps memory.", "It breaks."]


def test_the_summary_has_the_ink_of_another_theme(open_window, tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY, "utf-8")
    user = open_window(opening.open_file(path))
    head = user.window.on_demand.caption(False).head
    for theme in (LIGHT, DARK):
        user.window.appearance.choose_theme(theme.name)
        assert head.palette().color(head.foregroundRole()).name() == theme.muted
