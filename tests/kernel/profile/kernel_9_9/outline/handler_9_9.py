"""Outline of the phases that are different in 9.9, which is made up."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import get_page_9_9, phases_9_9
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.outline.part import Entrance, Part

PHASES: Final[dict[Variant[Verdict], Part]] = {
    phases_9_9.shake_page: Part("Drain them twice", "lru_add_drain_all", signs=(phases_9_9.DRAINED,)),
}

ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {
    get_page_9_9.take_reference: (
        Entrance(pf.LRU, {pf.MLOCKED: "it is left alone before"}, {pf.MLOCKED: "unhandlable"}),
    ),
}
