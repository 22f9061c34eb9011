"""A command for each chart, out of the table of charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.view.charts.catalogue import CHARTS

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.charts.panel import ChartsPanel
    from hwpoison_gui.gui.look.dock import Dock

_MENU: Final = "&View > C&harts"
_KEYS: Final = 10  # charts that have one


def chart_commands(show_panel: Callable[[str], None], docks: Callable[[], Mapping[str, Dock]]) -> list[Command]:
    """`docks`: the panels by name, made after the commands."""

    def show(key: str) -> None:
        show_panel("charts")
        panel = cast("ChartsPanel", docks()["charts"].content())
        panel.ask(key)
        panel.setFocus()

    return [
        Command(f"chart-{key}", _MENU, one.name, f"{one.tip}, as a chart", partial(show, key), meanwhile=True,
                keys=(f"Ctrl+Alt+{number % 10}",) if number <= _KEYS else ())
        for number, (key, one) in enumerate(CHARTS.items(), start=1)
    ]  # fmt: skip
