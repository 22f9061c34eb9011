"""The table of settings: kept and read back with their types; what makes no sense reads as the default."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.panel_titles import TITLES
from hwpoison_gui.gui.look.settings import Setting, Settings
from hwpoison_gui.view.map.layouts import LAYOUTS

SETTINGS = [one for one in vars(keys).values() if isinstance(one, Setting)]
OTHER = {
    keys.THEME: "light",
    keys.TEXT_SIZE: 130,
    keys.STILL: False,
    keys.SPEED: 2.0,
    keys.LAYOUT: "hilbert",
    keys.DRAM_GEOMETRY: "haswell",
    keys.ROW_WIDTH: 300,
    keys.OVERVIEW: False,
    keys.GEOMETRY: QByteArray(b"\x01\x00\xff"),
    keys.DOCKS: QByteArray(b"docks"),
    keys.COLLAPSED: "tasks log",
    keys.MADE_ROOM: "below beside",
    keys.AROUND: "0 77 435 366",
    keys.START_WITH: keys.WITH_LAST,
}


def opened(file: Path) -> Settings:
    """As another run of the program finds them."""
    return Settings(QSettings(str(file), QSettings.Format.IniFormat))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.key)
def test_a_value_is_found_again_with_its_type(setting: Setting, tmp_path: Path) -> None:
    first = opened(tmp_path / "s.ini")
    assert first.get(setting) == setting.default
    first.keep(setting, OTHER[setting])
    first.store.sync()
    again = opened(tmp_path / "s.ini").get(setting)
    assert again == OTHER[setting] and type(again) is type(OTHER[setting])
    first.forget(setting)
    assert first.get(setting) == setting.default


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.key)
def test_a_damaged_value_reads_as_the_default(setting: Setting, tmp_path: Path) -> None:
    for number, damaged in enumerate(("", "@", "nonsense", "1e999", "nan", "-", ["a", "b"], {"a": 1})):
        settings = opened(tmp_path / f"{number}.ini")
        settings.store.setValue(setting.key, damaged)
        settings.store.sync()
        assert opened(tmp_path / f"{number}.ini").get(setting) == setting.default, damaged


def test_without_a_store_nothing_is_remembered() -> None:
    settings = Settings()
    for setting, value in OTHER.items():
        settings.keep(setting, value)
        assert settings.get(setting) == setting.unstored
        settings.forget(setting)
    assert {setting.key for setting in SETTINGS if setting.unstored != setting.default} == {keys.THEME.key}
    assert settings.get(keys.THEME) == "dark", "whatever the desktop uses"


def test_a_setting_has_a_key_of_its_own() -> None:
    assert len({setting.key for setting in SETTINGS}) == len(SETTINGS)


def test_every_panel_and_layout_is_remembered(tmp_path: Path) -> None:
    first = opened(tmp_path / "s.ini")
    first.keep(keys.COLLAPSED, " ".join(TITLES))
    first.store.sync()
    assert opened(tmp_path / "s.ini").get(keys.COLLAPSED).split() == list(TITLES)
    for layout in LAYOUTS:
        first.keep(keys.LAYOUT, layout)
        assert first.get(keys.LAYOUT) == layout


def test_the_panels_of_another_version_do_not_lose_the_others(tmp_path: Path) -> None:
    settings = opened(tmp_path / "s.ini")
    settings.keep(keys.COLLAPSED, "rmap later log")
    assert settings.get(keys.COLLAPSED) == "rmap log"
