"""Fonts of the reverse map, and the space that the text of a graph needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QFont, QFontMetricsF

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.record import Record
from hwpoison_gui.view.rmap.compound import narrow_kind, short_kind
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.walk.entries import ENTRY_WORDS
from hwpoison_gui.view.walk.layout import Metrics, Row
from hwpoison_gui.view.walk.words import box_words
from hwpoison_gui.view.words.words import counted

_ADDRESS: Final = 12  # hex digits of a user-space address


class Fonts(Record):
    """The fonts used, with their metrics."""

    name: QFont
    small: QFont
    mono: QFont
    strong: QFont
    title: QFont
    plain: Metrics

    @classmethod
    def make(cls, scale: float = 1.0) -> Fonts:
        """`scale`: relative to the window's text."""
        name, small, mono = (
            look.font(look.BODY * scale, QFont.Weight.DemiBold),
            look.font(look.CAPTION * scale),
            look.mono(look.CAPTION * scale),
        )
        widest = max(QFontMetricsF(mono).horizontalAdvance(words.brief) for words in ENTRY_WORDS.values())
        plain = Metrics(QFontMetricsF(name).height(), QFontMetricsF(small).height(), widest + 10, 0.0)
        strong = look.mono(look.BODY * scale, QFont.Weight.Bold)
        title = look.font(look.CAPTION * scale, QFont.Weight.Bold)
        return cls(name, small, mono, strong, title, plain)

    def metrics(self, graph: ReverseMap, rows: Sequence[Row]) -> Metrics:
        """Text metrics for the layout of a graph; of each kind of name only the longest is measured."""

        def width(font: QFont, text: str) -> float:
            return QFontMetricsF(font).horizontalAdvance(text)

        number = width(self.strong, f"{graph.pfn:#x}") + 20
        frame, narrow = (
            max(number, width(self.small, kind(True, graph.kind)) + 32) for kind in (short_kind, narrow_kind)
        )
        single, groups = [row.mappers[0] for row in rows if not row.is_group], [row for row in rows if row.is_group]
        area = max((mapper.name for mapper in single), key=len, default="")
        tasks = [max((mapper.task for mapper in single), key=len, default="")]
        tasks += [f"▸ {row.label} × {len(row.mappers):,}" for row in groups]
        counts = [width(self.small, f"{len(row.mappers):,} unmapped") for row in groups]
        least = (
            width(self.title, box_words(graph.mapping)[0]) + 14,
            max(width(self.name, area), *(width(self.name, counted(len(row.mappers), "VMA")) for row in groups), 0.0)
            + 16,
            max(width(self.name, task) for task in tasks) + 36,
        )
        address = width(self.mono, "0" * _ADDRESS)
        longest = max(box_words(graph.mapping)[1].split(), key=len, default="")  # is not to be broken
        wanted = (
            max(least[0], width(self.small, longest) + 16),
            max(least[1], *counts, address + 16),
            least[2] + width(self.small, "SIGBUS") + 6,
        )
        if not rows:  # VMAs and tasks need no room; not 0, since widths are shared out in proportion
            least, wanted = (least[0], 1.0, 1.0), (wanted[0], 1.0, 1.0)
        return self.plain._replace(frame=frame, narrow=narrow, least=least, wanted=wanted)
