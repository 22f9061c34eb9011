"""The tool bar: its buttons have the size of the text, whatever the theme."""

from __future__ import annotations

from hwpoison_gui.gui.look import theme as look


def test_buttons_keep_the_size_of_the_text_when_the_theme_changes(user) -> None:
    window = user.window
    try:
        window.appearance.choose_text_size(150)
        large = window.tools.iconSize()
        assert large == look.icon_size() and large.width() == round(1.5 * look.ICON)
        for theme in ("light", "dark", "light"):
            window.actions_[f"theme-{theme}"].trigger()
            assert window.tools.iconSize() == large
    finally:
        window.appearance.choose_text_size(100)
    assert window.tools.iconSize() == look.icon_size() != large
