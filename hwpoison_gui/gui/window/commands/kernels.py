"""Commands of the lens and the panel that compare the kernel of the machine with another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.map.lenses import KERNELS
from hwpoison_gui.view.words.kernels import listed

_MENU: Final = "&Machine > &Profile"


def kernel_commands(lenses: LensControl, controller: Controller, show_panel: Callable[[str], None]) -> list[Command]:
    def compare(kernel: str) -> None:
        lenses.compare_with(kernel)
        lenses.choose(KERNELS.key)
        show_panel("kernels")

    def its_own(kernel: str) -> str:
        return "This machine runs under it." if controller.session.machine.profile.name == kernel else ""

    return [
        Command(f"against-{name}", _MENU, f"Compare this memory under {listed(name)}",
                f"Which frames have another outcome under {profile.title}: on the map, and as a table with the "
                "differences that decide it", partial(compare, name), missing=partial(its_own, name),
                separated=number == 0)
        for number, (name, profile) in enumerate(reversed(PROFILES.items()))
    ]  # fmt: skip
