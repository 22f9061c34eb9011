"""Connects the tool bar: sliders set and show sysctls; counters and profile are shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.enabling import PANICKED, enable
from hwpoison_gui.gui.toolbar.counters import CounterStrip
from hwpoison_gui.gui.toolbar.profile_button import ProfileButton
from hwpoison_gui.gui.toolbar.sysctl_slider import SysctlSlider
from hwpoison_gui.gui.widgets.local_keys import MOVES, LocalKeys
from hwpoison_gui.view.facts.counters import counters_of


def connect_toolbar(
    sliders: Mapping[str, SysctlSlider],
    counters: CounterStrip,
    profile: ProfileButton,
    controller: Controller,
    present: Present,
) -> None:
    """Keep the tool bar up to date; `sliders` by the name of their sysctl."""

    def show() -> None:
        machine = controller.session.machine
        counters.set_counters(counters_of(controller.session, controller.machine.no_handler))
        for name, slider in sliders.items():
            slider.set_modelled(controller.machine.no_handler)
            slider.set_value(machine.sysctl.view.get(name))
            enable(slider, PANICKED if controller.panicked else "")
        profile.set_profile(machine.profile, controller.machine.modelled)

    for name, slider in sliders.items():
        slider.valueWanted.connect(partial(controller.set_sysctl, name))
        LocalKeys(slider, Qt.Key.Key_Space, Qt.Key.Key_0, Qt.Key.Key_1, *MOVES)
    for changed in (present.opened, present.moved):
        changed.connect(show)
