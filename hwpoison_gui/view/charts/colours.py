"""Colours of charts, all out of the palette: classes have those of their lens, and each other thing has one name here.

Keys are `LENS:CLASS`, as `outcome:late`, or a field of the theme.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import BY_KEY

POINT: Final = "kind:file"  # values of the only curve
REGION: Final = "kind:pgtable"  # the range that keys or the mouse choose
CURSOR: Final = "accent"  # the value that the cursor is at, and the playhead
REFERENCE: Final = "muted"  # lines to compare with


def chart_colour(theme: Theme, key: str) -> str:
    """The colour of a key, as #rrggbb."""
    sort, _, name = key.partition(":")
    if name:
        return class_colour(theme, BY_KEY[sort], name)
    return str(getattr(theme, key))
