"""Type scale, spacing scale, and Qt's palette from a theme's colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui.view.base.palette import DARK, HIGH_CONTRAST, LIGHT, Theme, mixed

# Spacing in pixels; all gaps use one of these.
HAIR: Final = 2
TIGHT: Final = 4
SMALL: Final = 8
MEDIUM: Final = 12
LARGE: Final = 16

TIGHT_WINDOW: Final = 465  # height of windows, at 100 % text, below which only the most important is shown in full

LEAST_MAP: Final = 72  # pixels of height that the map has at least
_BESIDES_MAP: Final = 448  # pixels that bars and panels need above and below the map at least, at 100 % text

# Type scale, as factors of the chosen text size.
CAPTION: Final = 0.88
BODY: Final = 1.0
TITLE: Final = 1.12
HEADLINE: Final = 1.3
SENTENCE: Final = 1.55
STAGE: Final = 1.9  # legible from the last row of a hall

# Icon sizes in pixels at 100 % text: on buttons, and in menus.
ICON: Final = 20
SMALL_ICON: Final = 16

TEXT_SIZES: Final = (85, 100, 115, 130, 150, 175, 200)  # per cent of the desktop's text size
USUAL_TEXT: Final = 100

SYSTEM: Final = "system"

_scale = 1.0  # of text; set by set_text_size()
# page-types has flags `l` (LRU) and `I` (RECLAIM): in the first set of fonts they look like the digit 1, in the second
# they do not.
_LOOK_ALIKE: Final = frozenset({"Noto Sans Mono", "Liberation Mono", "Courier New", "Nimbus Mono PS", "Courier"})
_TOLD_APART: Final = ("DejaVu Sans Mono", "Hack", "JetBrains Mono", "Source Code Pro", "Cascadia Mono", "Consolas")

_FONTS: Final = 64  # cached: the same few are requested a thousand times before the window is shown


def set_text_size(percent: int) -> None:
    """Set the application's text size, one of TEXT_SIZES. Widgets that measure or draw text must then update."""
    global _scale
    _scale = percent / USUAL_TEXT
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made.setPointSizeF(made.pointSizeF() * _scale)
    _font.cache_clear()  # before widgets measure their text, which they do within setFont()
    _mono.cache_clear()
    QApplication.setFont(made)


def scale() -> float:
    """Present text size relative to 100 %; icons, switches and signs scale with it."""
    return _scale


def px(pixels: float) -> int:
    """Scale pixels given for 100 % text to the present text size."""
    return round(pixels * scale())


def map_room(window: QWidget) -> int:
    """Pixels of height that a window has for the map and its caption while all else has the least that it needs."""
    return window.height() - round(_BESIDES_MAP * scale() ** 0.75)  # text is about three quarters of that


def icon_size() -> QSize:
    """Size of icons on buttons."""
    return QSize(px(ICON), px(ICON))


def font(scale: float = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The window's font in a size of the scale, with tabular figures."""
    return QFont(_font(scale, weight))


@lru_cache(_FONTS)
def _font(scale: float, weight: QFont.Weight) -> QFont:
    made = QFont(QGuiApplication.font())
    made.setPointSizeF(max(6.0, made.pointSizeF() * scale))
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def mono(scale: float = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The monospaced font, for addresses, flags and the kernel's names: one in which `l` is no `1`."""
    return QFont(_mono(scale, weight))


@lru_cache(_FONTS)
def _mono(scale: float, weight: QFont.Weight) -> QFont:
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if _family_of(made.family()) in _LOOK_ALIKE:
        made.setFamilies([*_TOLD_APART, made.family()])  # Qt takes the first that is installed
    made.setPointSizeF(max(6.0, QGuiApplication.font().pointSizeF() * scale))
    made.setWeight(weight)
    return made


@lru_cache(_FONTS)
def _family_of(name: str) -> str:
    """The installed family that stands for a name, such as `monospace`."""
    return QFontInfo(QFont(name)).family()


def ink(label: QWidget, colour: str) -> None:
    """Set the text colour of a label by its palette; a style sheet would reset its font."""
    colours = label.palette()
    colours.setColor(label.foregroundRole(), QColor(colour))
    label.setPalette(colours)


def system_theme() -> Theme:
    """The theme that matches the desktop: dark, light or high contrast."""
    hints = QGuiApplication.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    return LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK


def system_is_still() -> bool:
    """Return whether animations are turned off in the desktop."""
    from PySide6.QtWidgets import QStyle  # PySide creates the 566 constants of its enumerations

    return not QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animate)


def selection_of(theme: Theme) -> str:
    """Background of selected rows: quieter than the accent; text keeps its colour."""
    return theme.accent if theme.name == "high-contrast" else mixed(theme.base, theme.accent, 0.18)


def menu_ground(theme: Theme) -> str:
    """Background of a menu's entry that would be taken, and of a pressed button: text and icons keep their colour."""
    return mixed(theme.raised, theme.accent, 0.18)


def selected_text_of(theme: Theme) -> str:
    """Text colour on that background."""
    return theme.accent_text if theme.name == "high-contrast" else theme.text


def lit_ground(theme: Theme) -> str:
    """Background of the present step's rows; every text colour of the theme is legible on it."""
    return mixed(theme.base, theme.warn, 0.12)


def dead_ground(theme: Theme) -> str:
    """Background of killed processes; text on it has the normal colour."""
    return mixed(theme.raised, theme.kill, 0.22)


def edge_of(theme: Theme) -> str:
    """Border of input fields and controls: contrast of at least 3:1 to every background."""
    return mixed(theme.window, theme.text, 0.55)


def palette_of(theme: Theme) -> QPalette:
    """Qt's palette, from which the Fusion style draws everything."""
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
    """Colour of disabled controls."""
    return mixed(theme.muted, theme.window, 0.55)
