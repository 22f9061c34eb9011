"""Commands that write files of the kernel which hold numbers: the pool of huge pages, filters of the injector."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.enabling import PANICKED
from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.facts.kernel_files import (
    KernelFile,
    filter_files,
    missing_filters,
    missing_pool,
    pool_files,
)


class KernelFiles:
    """The commands; the dialog is imported when it is opened."""

    def __init__(self, above: QWidget, controller: Controller, appearance: Appearance) -> None:
        self._above, self._controller, self._appearance = above, controller, appearance

    def commands(self) -> list[Command]:
        """For the menu and the palette."""
        menu = "&Machine > &Kernel files"
        return [
            Command("huge-pages", menu, "&Huge pages…", "Sets vm.nr_hugepages and vm.nr_overcommit_hugepages: the pool "
                    "of hugetlb grows or shrinks", lambda: self._ask("Pool of huge pages", pool_files),
                    missing=lambda: self._missing(missing_pool)),
            Command("filters", menu, "Injection &filters…", "Sets hwpoison/corrupt-filter-*: errors in other pages are "
                    "filtered, nothing happens", lambda: self._ask("Filters of the injector", filter_files),
                    missing=lambda: self._missing(missing_filters)),
            Command("filters-off", menu, "Filters &on or off", "Writes hwpoison/corrupt-filter-enable",
                    self._switch, missing=lambda: self._missing(missing_filters), checked=self._filtering),
        ]  # fmt: skip

    def _missing(self, why: Callable[[Machine], str]) -> str:
        return why(self._controller.session.machine) or (PANICKED if self._controller.panicked else "")

    def _filtering(self) -> bool:
        return any(file.value for file in filter_files(self._controller.session.machine)[-1:])

    def _switch(self) -> None:
        self._controller.act("debugfs", {"name": "corrupt-filter-enable", "value": int(not self._filtering())})

    def _ask(self, title: str, files: Callable[[Machine], list[KernelFile]]) -> None:
        from hwpoison_gui.gui.window.dialogs.kernel_files import KernelFilesDialog

        c = self._controller
        dialog = KernelFilesDialog(self._above, title, files(c.session.machine), c, self._appearance.theme)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
