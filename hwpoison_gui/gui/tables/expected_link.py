"""Keeps the expectation of the panel DRAM fault up to date: by a study's rates, for the machine as it is now."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.dram.rates import Rates, rates_named, shipped_rates
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.expected import ExpectedPage
from hwpoison_gui.view.damage.expected import MACHINE_YEARS, AssessedRates, Means, devices_of, find_rates
from hwpoison_gui.view.rows.expected import devices_words, expected_notes, expected_rows

_WHO: Final = "expected"


class ExpectedLink(QObject):
    """The expectation is computed while its page is seen: `show` says so."""

    def __init__(
        self, page: ExpectedPage, dock: Dock, damage: DamageControl, controller: Controller, frame_map: FrameMapWidget
    ) -> None:
        super().__init__(page)
        self._page, self._dock, self._damage, self._map = page, dock, damage, frame_map
        self._controller = controller
        self._rates: dict[str, Rates] = {}
        self._means: tuple[object, Means] = None, {}  # for what they were computed, and the means of its parts
        self._found: AssessedRates | None = None
        self._shown = False
        self._slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        page.rates.activated.connect(lambda _: self._compute())
        page.devices.valueChanged.connect(lambda _: self._compute())
        damage.changed.connect(self._compute)
        frame_map.dramGeometryChanged.connect(self._compute)

    def show(self, on: bool) -> None:
        """Note that the page is seen, or not any more."""
        self._shown = on
        if on and not self._rates:
            self._rates = {name: rates_named(name) for name in shipped_rates()}
            for name, rates in self._rates.items():
                self._page.rates.addItem(rates.title, name)
        self._damage.want(_WHO, on, every=True)
        if on:
            self._compute()

    def _compute(self) -> None:
        if not self._shown:
            self._slices.give_up()  # what it computes from may be dropped meanwhile
            return
        self._page.assume(devices_of(self._map.dram_geometry()))
        if self._damage.every:
            self._slices.run(self._computing, self._computed)
            return
        self._slices.give_up()
        self._dock.set_subject("the machine has stopped" if self._controller.panicked else "being computed")

    def _computing(self) -> Work:
        damages, geometry = self._damage.every, self._map.dram_geometry()
        of = geometry, *damages.values()
        if self._means[0] != of:
            self._means = of, {}
        rates = self._rates[self._page.rates.currentData()]
        in_order = [damages[early] for early in sorted(damages)]
        self._found = yield from find_rates(in_order, geometry, rates, self._page.devices.value(), self._means[1])

    def _computed(self, complete: bool) -> None:
        if not complete or self._found is None or not self._shown:
            return
        self._page.show_rows(expected_rows(self._found))
        self._page.notes.say(f"{devices_words(self._found, 'another number is set above')}.")
        self._page.notes.notes.setText("\n".join(expected_notes(self._found)))
        self._dock.set_subject(f"expected in {MACHINE_YEARS:,} machine-years")
