"""The geometry of DRAM in the window: chosen in the menu, kept, shown by the map, the filter and the frame panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from hwpoison_gui.dram.fault import frames_of_fault, parse_fault
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.layout_control import LayoutControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.kernel import page_flags as pf
from tests.gui.waiting import until

FRAMES = 8192


@pytest.fixture
def shown(qtbot: QtBot) -> FrameMapWidget:
    made = FrameMapWidget()
    qtbot.addWidget(made)
    flags = np.full(FRAMES, pf.BUDDY, np.uint64)
    made.set_source(flags, np.zeros(FRAMES, np.int32), np.zeros(FRAMES, np.int32))
    return made


def test_a_choice_arranges_the_frames_by_it(shown: FrameMapWidget) -> None:
    control, said = LayoutControl(shown, Settings(), shown), []
    control.said.connect(said.append)
    assert shown.dram_geometry().key == "plain"
    control.choose_geometry("haswell")
    assert (shown.layout_name, shown.dram_geometry_name, said) == ("dram", "haswell", [])
    assert shown.plane is not None
    geometry = shipped("haswell").fitted(FRAMES)
    row = frames_of_fault(geometry, parse_fault("row:of:0x616", geometry, FRAMES), FRAMES)
    x, y = shown.plane.layout.positions(row)
    assert len(set(y.tolist())) == 1 and int(np.ptp(x)) == len(row) - 1
    before = shown.plane.layout
    control.choose_geometry("zen3-2rank")
    assert shown.plane.layout.width != before.width


def test_a_geometry_that_is_not_there_is_told_and_the_made_up_one_used(shown: FrameMapWidget, tmp_path: Path) -> None:
    control, said = LayoutControl(shown, Settings(), shown), []
    control.said.connect(said.append)
    control.choose_geometry(str(tmp_path / "no.toml"))
    assert said == [f"{tmp_path / 'no.toml'}: cannot be read: No such file or directory. The made-up geometry is used."]
    assert shown.dram_geometry().key == "plain"


def test_a_geometry_that_is_too_small_is_told(shown: FrameMapWidget, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        'geometry = 1\nname = "small"\nsize = "1 MiB"\nsources = ["s"]\n[bits]\nrow = ["13-19"]\ncolumn = ["0-12"]\n'
    )
    control, said = LayoutControl(shown, Settings(), shown), []
    control.said.connect(said.append)
    control.choose_geometry(str(tmp_path / "small.toml"))
    assert said == [
        f"{tmp_path / 'small.toml'}: the machine has memory up to 0x1ffffff, beyond the 1 MiB that small covers. "
        "The made-up geometry is used."
    ]


def test_the_choice_is_kept(shown: FrameMapWidget) -> None:
    settings = Settings()
    kept: dict[str, object] = {}
    settings.keep = lambda setting, value: kept.__setitem__(setting.key, value)  # type: ignore[method-assign]
    LayoutControl(shown, settings, shown).choose_geometry("haswell")
    assert kept[keys.DRAM_GEOMETRY.key] == "haswell" and kept[keys.LAYOUT.key] == "dram"


def test_the_menu_of_a_frame_finds_its_row_and_another_geometry_another_one(user) -> None:
    window, pfn = user.window, user.frame("srv:heap+1")
    user.choose(window.menus.frame_menu(pfn), "Find its part of DRAM", "Row")
    assert window.filter.text == f"row:of:{pfn:#x}"
    until(lambda: window.filter.count is not None)
    assert window.filter.count == 8  # of the made-up geometry
    window.layouts.choose_geometry("haswell")
    until(lambda: window.filter.count == 4)
    labels = [action.text() for action in window.menus.frame_menu(pfn).actions()]
    assert "Find its part of DRAM" in labels
    inside = next(action.menu() for action in window.menus.frame_menu(pfn).actions() if action.menu() is not None
                  and action.text() == "Find its part of DRAM")  # fmt: skip
    assert [action.text() for action in inside.actions()] == ["Row", "Bank", "DIMM"], "ranks are not told apart"


def test_the_frame_panel_says_where_the_frame_lies(user) -> None:
    window = user.window
    window.controller.selection.select(user.frame("srv:heap+1"))
    panel = window.docks["frame"].content()
    panel.answer()
    assert "made up" in panel.toPlainText() and "channel0+1/" in panel.toPlainText()
    window.layouts.choose_geometry("zen4-1rank")
    panel.answer()
    assert "by the geometry zen4-1rank" in panel.toPlainText()
