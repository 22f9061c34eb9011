"""The look: one type scale, one spacing scale, and Qt's palette from a table of colours."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui.view.base.palette import DARK, HIGH_CONTRAST, LIGHT, Theme, mixed

# Spacing, in pixels: everything is one of these apart.
HAIR: Final = 2
TIGHT: Final = 4
SMALL: Final = 8
MEDIUM: Final = 12
LARGE: Final = 16

# Type, as factors of the size that the user chose.
CAPTION: Final = 0.88
BODY: Final = 1.0
TITLE: Final = 1.12
HEADLINE: Final = 1.3
SENTENCE: Final = 1.55
STAGE: Final = 1.9  # to be read from the last row of a room

# Icons, in pixels beside text of the usual size: on buttons, and in menus.
ICON: Final = 20
SMALL_ICON: Final = 16

TEXT_SIZES: Final = (85, 100, 115, 130, 150, 175, 200)  # per cent of the desktop's own size
USUAL_TEXT: Final = 100

SYSTEM: Final = "system"


def set_text_size(percent: int) -> None:
    """Text of the application in one of TEXT_SIZES. Whoever measures or draws text has to be told afterwards."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made.setPointSizeF(made.pointSizeF() * percent / USUAL_TEXT)
    QApplication.setFont(made)


def scale() -> float:
    """How much larger than usual text is now: what stands beside text (icons, switches, signs) grows with it."""
    usual = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF()
    return QGuiApplication.font().pointSizeF() / usual


def px(pixels: float) -> int:
    """Pixels that something beside text takes, of those that it takes beside text of the usual size."""
    return round(pixels * scale())


def icon_size() -> QSize:
    """Of icons on buttons."""
    return QSize(px(ICON), px(ICON))


def font(scale: float = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The window's face in one of the sizes, with figures of one width."""
    made = QFont(QGuiApplication.font())
    made.setPointSizeF(max(6.0, made.pointSizeF() * scale))
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def mono(scale: float = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The monospaced face, for addresses, flags and the kernel's names."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPointSizeF(max(6.0, QGuiApplication.font().pointSizeF() * scale))
    made.setWeight(weight)
    return made


def ink(label: QWidget, colour: str) -> None:
    """The colour of a label's words. A style sheet of its own would take its font away."""
    colours = label.palette()
    colours.setColor(label.foregroundRole(), QColor(colour))
    label.setPalette(colours)


def system_theme() -> Theme:
    """Dark or light, as the desktop is; high contrast where it was told to have it."""
    hints = QGuiApplication.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    return LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK


def system_is_still() -> bool:
    """Whether the desktop was told to animate nothing."""
    from PySide6.QtWidgets import QStyle  # with its large enumerations; the first picture of the map moves nothing

    return not QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animate)


def selection_of(theme: Theme) -> str:
    """The ground of selected rows: quieter than the accent, text stays as it is."""
    return theme.accent if theme.name == "high-contrast" else mixed(theme.base, theme.accent, 0.18)


def selected_text_of(theme: Theme) -> str:
    """Text on that ground."""
    return theme.accent_text if theme.name == "high-contrast" else theme.text


def lit_ground(theme: Theme) -> str:
    """The ground of what the present step is about: every ink of the theme can be read on it."""
    return mixed(theme.base, theme.warn, 0.12)


def dead_ground(theme: Theme) -> str:
    """The ground of what has been killed; words on it are in the colour of text."""
    return mixed(theme.raised, theme.kill, 0.22)


def edge_of(theme: Theme) -> str:
    """Around what is written into, chosen from or dragged: it stands out from every ground by 3 to 1."""
    return mixed(theme.window, theme.text, 0.55)


def palette_of(theme: Theme) -> QPalette:
    """Qt's palette; the Fusion style draws everything from it."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: mixed(theme.base, theme.raised, 0.5),
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.kill,
        role.Highlight: selection_of(theme),
        role.HighlightedText: selected_text_of(theme),
        role.Link: theme.text,
        role.LinkVisited: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Light: mixed(theme.raised, theme.text, 0.1),
        role.Midlight: mixed(theme.raised, theme.text, 0.05),
        role.Mid: theme.line,
        role.Dark: mixed(theme.window, theme.line, 0.6),
        role.Shadow: mixed(theme.window, "#000000", 0.6),
    }
    palette = QPalette()
    for where, colour in colours.items():
        palette.setColor(where, QColor(colour))
    off = mixed(theme.muted, theme.window, 0.45)
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(off))
    return palette


def disabled_of(theme: Theme) -> str:
    """The colour of what cannot be used now."""
    return mixed(theme.muted, theme.window, 0.55)
