"""Modules are imported before they are needed, between the events of the window."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QObject, QTimer

from hwpoison_gui.gui.app import preload as module
from hwpoison_gui.gui.app.preload import preload
from tests.gui.waiting import until


@pytest.fixture(name="imported")
def _imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that are asked for, none of which is imported."""
    asked: list[str] = []
    monkeypatch.setattr(module, "import_module", asked.append)
    return asked


def test_one_module_is_imported_in_a_turn_of_the_event_loop(qapp, imported: list[str]) -> None:
    above = QObject()
    seen = [0]
    events = QTimer(above, interval=0)
    events.timeout.connect(lambda: seen.append(len(imported)))
    events.start()
    slices = preload(above)
    assert not imported, "the turn that completes the window is long enough"
    until(lambda: not slices.busy)
    assert len(imported) == len(set(imported)) == len(module._MODULES)
    assert max(after - before for before, after in pairwise(seen)) == 1


def test_it_ends_with_its_window(qapp, imported: list[str]) -> None:
    above = QObject()
    preload(above)
    until(lambda: bool(imported))
    above.deleteLater()
    turns: list[None] = []
    beside = QTimer(interval=0)
    beside.timeout.connect(lambda: turns.append(None))
    beside.start()
    until(lambda: len(turns) > len(module._MODULES))
    assert 0 < len(imported) < len(module._MODULES)
