"""The style sheet: what Qt's palette cannot express, from the theme's colours and the size scale."""

from __future__ import annotations

from hwpoison_gui import resources
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme, mixed


def style_sheet(theme: Theme) -> str:
    """Flat bars, plain headers, thin lines and visible edges, for the present text size."""
    return "\n".join(part(theme) for part in (_bars, _menus, _tables, _fields, _dragged))


def _bars(theme: Theme) -> str:
    """Tool bars and their buttons, menu bar, tabs, and separators between panels."""
    hover = mixed(theme.raised, theme.text, 0.08)
    return f"""
    QToolBar {{ border: 0; background: {theme.window};
                spacing: {look.SMALL}px; padding: {look.TIGHT}px {look.SMALL}px; }}
    QToolBar#tools {{ border-bottom: 1px solid {theme.line}; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 4px;
                   padding: {look.TIGHT}px; background: transparent; }}
    QToolButton#fold {{ padding: 0; }}
    QToolButton:hover {{ background: {hover}; }}
    QToolButton:focus {{ border-color: {theme.accent}; }}
    QToolButton:pressed, QToolButton:checked {{ background: {look.menu_ground(theme)}; }}
    QToolButton:checked {{ border-color: {theme.line}; }}
    QToolButton::menu-indicator {{ image: none; width: 0; }}
    QMainWindow::separator {{ background: {theme.window}; width: 5px; height: 5px; }}
    QMainWindow::separator:hover {{ background: {theme.line}; }}
    QMenuBar {{ background: {theme.window}; border-bottom: 1px solid {theme.line}; }}
    QMenuBar::item {{ padding: {look.TIGHT}px {look.SMALL}px; background: transparent; }}
    QMenuBar::item:selected {{ background: {hover}; }}
    QToolButton#boxed {{ border: 1px solid {theme.muted}; padding: {look.TIGHT}px {look.MEDIUM}px; }}
    QToolButton#boxed:disabled {{ border-color: {theme.line}; color: {look.disabled_of(theme)}; }}
    QToolButton#boxed:focus {{ border-color: {theme.accent}; }}
    QTabBar::tab {{ padding: {look.TIGHT}px {look.MEDIUM}px; background: transparent; color: {theme.muted};
                    border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; }}
    QTabBar::tab:selected:focus {{ background: {hover}; }}
    """


def _menus(theme: Theme) -> str:
    """Menus, tool tips and dialogs."""
    edge = theme.accent if theme.name == "high-contrast" else "transparent"
    return f"""
    QMenu {{ background: {theme.raised}; border: 1px solid {theme.line}; padding: {look.TIGHT}px 0; }}
    QMenu {{ menu-scrollable: 1; }} /* a long one would break into columns wider than the screen */
    QMenu {{ icon-size: {look.px(look.SMALL_ICON)}px; }}
    QMenu::item {{ padding: 5px {look.px(26)}px 5px {look.px(26)}px; }}
    QMenu[plain="true"]::item {{ padding-left: {look.MEDIUM}px; }}
    QMenu::item {{ border: 1px solid transparent; }}
    QMenu::item:selected {{ background: {look.menu_ground(theme)}; color: {theme.text}; border-color: {edge}; }}
    QMenu::item:disabled {{ color: {look.disabled_of(theme)}; }}
    QMenu::separator {{ height: 1px; background: {theme.line}; margin: {look.TIGHT}px 0; }}
    QMenu::indicator {{ width: {look.px(12)}px; height: {look.px(12)}px; padding-left: 6px; }}
    QMenu::icon {{ padding-left: 6px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line};
                padding: {look.TIGHT}px {look.SMALL}px; }}
    """


def _tables(theme: Theme) -> str:
    """Tables, lists and text views."""
    caption = look.font(look.CAPTION).pointSizeF()  # set on a header, it is lost when the table comes into a dock
    up, down = (resources.path(f"icons/sort-{way}.svg").as_posix() for way in ("up", "down"))
    # Arrows of sorting are above the words of heads: beside them they would cover those that are right-aligned.
    return f"""
    QHeaderView {{ background: {theme.window}; }}
    QHeaderView::section {{ background: {theme.window}; color: {theme.muted}; border: 0;
                            border-bottom: 1px solid {theme.line}; padding: 3px {look.SMALL}px;
                            font-size: {caption}pt; }}
    QHeaderView::up-arrow, QHeaderView::down-arrow {{ subcontrol-position: top center; width: {look.px(10)}px;
                                                      height: {look.px(5)}px; }}
    QHeaderView::up-arrow {{ image: url("{up}"); }}
    QHeaderView::down-arrow {{ image: url("{down}"); }}
    QTableView, QListView, QTreeView, QTextBrowser {{ background: {theme.base}; outline: 0;
                                                      border: 1px solid {theme.base}; }}
    QTableView:focus, QListView:focus, QTreeView:focus, QTextBrowser:focus {{ border: 1px solid {theme.accent}; }}
    QTableView::item {{ padding: 0 {look.SMALL}px; border: 0; }}
    QTableView::item:focus {{ padding: 0 {look.SMALL - 1}px; border: 1px solid {look.selected_text_of(theme)}; }}
    """


def _fields(theme: Theme) -> str:
    """Line edits, combo boxes and buttons: flat, with edges that are visible in every theme."""
    edge, arrow, least = look.edge_of(theme), resources.path("icons/arrow-down.svg").as_posix(), look.px(48)
    return f"""
    QLineEdit, QComboBox, QPushButton, QPlainTextEdit, QTextEdit#field {{ background: {theme.base}; color: {theme.text};
        border: 1px solid {edge}; border-radius: 4px; padding: 2px {look.SMALL}px; }}
    QPushButton {{ background: {theme.raised}; padding: {look.TIGHT}px {look.MEDIUM}px; min-width: {least}px; }}
    QLineEdit:focus, QComboBox:focus, QPushButton:focus, QPlainTextEdit:focus, QTextEdit#field:focus {{
        border-color: {theme.accent}; }}
    QCheckBox::indicator:unchecked {{ background: {theme.base}; border: 1px solid {edge}; border-radius: 2px; }}
    QCheckBox::indicator:unchecked:disabled {{ border-color: {theme.line}; }}
    QComboBox:disabled, QPushButton:disabled {{ color: {look.disabled_of(theme)}; border-color: {theme.line}; }}
    QComboBox::drop-down {{ border: 0; width: {look.px(16)}px; }}
    QComboBox::down-arrow {{ image: url("{arrow}"); width: {look.px(9)}px; height: {look.px(9)}px; }}
    QComboBox QAbstractItemView {{ background: {theme.raised}; border: 1px solid {edge};
        selection-background-color: {look.selection_of(theme)}; selection-color: {look.selected_text_of(theme)}; }}
    """


def _dragged(theme: Theme) -> str:
    """Sliders, scroll bars and progress bars."""
    edge = look.edge_of(theme)
    bar, grip, ball = look.px(12), look.px(28), look.px(8)
    return f"""
    QProgressBar {{ background: {theme.base}; border: 1px solid {edge}; border-radius: 4px; text-align: center; }}
    QProgressBar::chunk {{ background: {look.selection_of(theme)}; }}
    QSlider {{ min-height: {2 * ball + look.TIGHT}px; }}
    QSlider::groove:horizontal {{ height: {look.px(4)}px; background: {edge}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ width: {2 * ball - 2}px; margin: -{ball - look.px(2)}px 0; border-radius: {ball}px;
        background: {theme.text}; border: 1px solid {theme.window}; }}
    QSlider::handle:horizontal:disabled {{ background: {theme.line}; }}
    QSlider::handle:horizontal:focus {{ width: {2 * ball - 4}px;
        background: {theme.window}; border: 2px solid {theme.accent}; }}
    QScrollBar:vertical {{ width: {bar}px; background: transparent; margin: 0; }}
    QScrollBar:horizontal {{ height: {bar}px; background: transparent; margin: 0; }}
    QScrollBar::handle {{ background: {edge}; border-radius: 3px; margin: 3px; }}
    QScrollBar::handle:vertical {{ min-height: {grip}px; }}
    QScrollBar::handle:horizontal {{ min-width: {grip}px; }}
    QScrollBar::handle:hover {{ background: {theme.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QAbstractScrollArea::corner {{ background: transparent; border: 0; }}
    """
