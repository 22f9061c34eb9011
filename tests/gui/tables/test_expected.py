"""The expectation in the panel DRAM fault: its numbers are those of `assess --rates`, for the machine as it is."""

from __future__ import annotations

import pytest

from hwpoison_gui.dram.rates import rates_named
from hwpoison_gui.gui.tables.expected import ExpectedPage
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.expected import assess_rates
from hwpoison_gui.view.rows.expected import expected_rows
from tests.gui.waiting import until


@pytest.fixture(name="page")
def _page(user) -> ExpectedPage:
    user.window.actions_["panel-fault"].trigger()
    panel = user.window.docks["fault"].content()
    panel.tools.expected.click()
    assert panel.currentWidget() is panel.expected and not panel.tools.breaks.isVisibleTo(panel.tools)
    return panel.expected


def assert_as_assessed(user, page: ExpectedPage, name: str, devices: int = 0) -> None:
    """The page shows what `assess --rates` says."""
    damages = [Damage.of(user.session.machine, early) for early in (0, 1)]
    wanted = assess_rates(damages, user.window.map.dram_geometry(), rates_named(name), devices)
    until(lambda: page.table.rows.rows == expected_rows(wanted))
    assert wanted.rates.not_covered[0] in page.notes.notes.text() and wanted.rates.sources[0] in page.notes.notes.text()


def test_it_follows_study_devices_geometry_and_machine(user, page: ExpectedPage) -> None:
    assert_as_assessed(user, page, "cielo-2013")
    assert page.devices.text() == "72, assumed"
    page.rates.setCurrentIndex(page.rates.findData("jaguar-2012"))
    page.rates.activated.emit(page.rates.currentIndex())
    assert_as_assessed(user, page, "jaguar-2012")
    page.devices.setValue(36)
    assert_as_assessed(user, page, "jaguar-2012", 36)
    assert page.notes.answer.text() == "36 devices."
    user.window.map.set_dram_geometry("haswell")
    assert_as_assessed(user, page, "jaguar-2012", 36)
    user.window.controller.act("poison", {"frame": f"pfn:{user.frame('srv:heap+1'):#x}"})
    user.window.controller.finish()
    assert_as_assessed(user, page, "jaguar-2012", 36)


def test_a_part_that_is_asked_for_is_shown_instead(user, page: ExpectedPage) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["fault"].trigger()
    panel = user.window.docks["fault"].content()
    until(lambda: bool(panel.notes.text()))
    assert not panel.tools.expected.isChecked() and panel.currentWidget() is not page
    assert panel.line.text().startswith("row:") and panel.tools.breaks.isVisibleTo(panel.tools)
