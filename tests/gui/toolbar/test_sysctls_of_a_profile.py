"""The sliders are those of the sysctls that the present kernel has."""

from __future__ import annotations

from hwpoison_gui.kernel.profile.linux_6_1 import V6_1
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session


def opened(profile: str) -> Opened:
    return Opened(Session.fresh(4096, profile=profile), profile)


def test_a_slider_is_shown_where_the_kernel_has_its_sysctl(open_window) -> None:
    new = open_window(opened("6.12")).window
    slider = new.sliders["enable_soft_offline"]
    assert slider.isVisible() and slider.value() == 1 and "vm.enable_soft_offline" in slider.toolTip()
    old = open_window(opened("6.1")).window
    assert [name for name, slider in old.sliders.items() if slider.isVisible()] == list(V6_1.sysctl)
