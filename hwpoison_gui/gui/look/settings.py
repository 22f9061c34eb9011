"""The persistent settings, each declared once: key, type, default and accepted values.

The file may be edited by hand or written by another version: a value that its setting does not accept reads as
the default.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import isfinite
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.panel_titles import TITLES
from hwpoison_gui.view.base.palette import DARK, THEMES
from hwpoison_gui.view.map.layouts import LAYOUTS, ROWS

T = TypeVar("T")
_LARGEST: Final = 1 << 15  # pixels


class Setting(Generic[T]):
    """A setting. `read` converts a stored value, often text; it raises ValueError for an invalid one.

    `unstored`: the value where nothing is stored, as in tests and pictures; None: the default.
    """

    def __init__(self, key: str, default: T, read: Callable[[Any], T], meaning: str, unstored: T | None = None) -> None:
        self.key, self.default, self.read, self.meaning = key, default, read, meaning
        self.unstored = default if unstored is None else unstored


def _one_of(words: Collection[str]) -> Callable[[Any], str]:
    def read(kept: Any) -> str:
        if str(kept) not in words:
            raise ValueError(f"{kept!r} is none of {', '.join(words)}")
        return str(kept)

    return read


def _words_of(words: Collection[str]) -> Callable[[Any], str]:
    """Those of the words that are known: another version may have kept more."""

    def read(kept: Any) -> str:
        return " ".join(word for word in str(kept).split() if word in words)

    return read


N = TypeVar("N", int, float)


def _nearest_of(numbers: Collection[N]) -> Callable[[Any], N]:
    def read(kept: Any) -> N:
        wanted = float(str(kept))
        if not isfinite(wanted):
            raise ValueError(f"{kept!r} is near no size")
        return min(numbers, key=lambda number: abs(number - wanted))

    return read


def _count(kept: Any) -> int:
    return max(0, int(str(kept)))


def _yes_or_no(kept: Any) -> bool:
    return _one_of(("true", "false"))(str(kept).lower()) == "true"


def _geometry(kept: Any) -> str:
    """One that comes with the program, or a file."""
    from hwpoison_gui.dram.names import NAMES  # imported here to keep start-up fast

    if not isinstance(kept, str) or (kept not in NAMES and not kept.endswith(".toml")):
        raise ValueError(f"{kept!r} names no geometry")
    return kept


def _margins(kept: Any) -> str:
    if len([size for size in str(kept).split() if 0 <= int(size) < _LARGEST]) != 4:
        raise ValueError(f"{kept!r} are no margins")
    return str(kept)


def _bytes(kept: Any) -> QByteArray:
    if not isinstance(kept, QByteArray):
        raise ValueError("not a state that Qt saved")
    return kept


BELOW, BESIDE = "below", "beside"  # the map
SPEEDS: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
THEME: Final = Setting(
    "theme", look.SYSTEM, _one_of((look.SYSTEM, *THEMES)), "name of the theme, or `system`", unstored=DARK.name
)
TEXT_SIZE: Final = Setting("text-size", look.USUAL_TEXT, _nearest_of(look.TEXT_SIZES), "size of text, per cent")
STILL: Final[Setting[bool | None]] = Setting("reduced-motion", None, _yes_or_no, "no animation; None: as the desktop")
SPEED: Final = Setting("speed", 1.0, _nearest_of(SPEEDS), "speed of playback; 1: as a teacher speaks")
LAYOUT: Final = Setting("layout", ROWS, _one_of(LAYOUTS), "order of the frames on the map")
DRAM_GEOMETRY: Final = Setting("dram-geometry", "", _geometry, "geometry of DRAM, by its name or file; empty: made up")
ROW_WIDTH: Final = Setting("row-width", 0, _count, "frames per row of the map; 0: as many as suit the window")
OVERVIEW: Final = Setting("overview", True, _yes_or_no, "whether a corner of the map shows all frames")
GEOMETRY: Final = Setting("geometry", QByteArray(), _bytes, "place and size of the window")
DOCKS: Final = Setting("docks", QByteArray(), _bytes, "places and sizes of the panels")
COLLAPSED: Final = Setting("collapsed", "", _words_of(TITLES), "names of the panels that show only their title bar")
MADE_ROOM: Final = Setting(
    "made-room", "", _words_of((BELOW, BESIDE)), "where the window itself collapsed panels, or made tabs of them"
)
AROUND: Final = Setting("around-map", "", _margins, "pixels of the window around the map: left, above, right, below")
WITH_PAGE, WITH_LAST, WITH_DESKTOP = "page", "last", "desktop"
START_WITH: Final = Setting(
    "start-with",
    WITH_PAGE,
    _one_of((WITH_PAGE, WITH_LAST, WITH_DESKTOP)),
    "what a start without a file shows: the start page, the file that was open last, or a small desktop",
)


class Settings:
    """Typed access. Without a `store`, each setting has its value for that case, and nothing is stored."""

    def __init__(self, store: QSettings | None = None) -> None:
        self.store = store

    def get(self, setting: Setting[T]) -> T:
        """The stored value, or the default if there is none or it is invalid."""
        if self.store is None:
            return setting.unstored
        kept = self.store.value(setting.key)
        if kept is None:
            return setting.default
        try:
            return setting.read(kept)
        except (ValueError, OverflowError):
            return setting.default

    def keep(self, setting: Setting[T], value: T) -> None:
        """Store a value; a bool as the text `true` or `false`, which all formats of QSettings can hold."""
        if self.store is not None:
            self.store.setValue(setting.key, str(value).lower() if isinstance(value, bool) else value)

    def forget(self, setting: Setting[Any]) -> None:
        """Reset to the default."""
        if self.store is not None:
            self.store.remove(setting.key)
