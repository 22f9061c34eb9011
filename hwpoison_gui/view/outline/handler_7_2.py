"""Outline of the phases that are different in 7.2."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_7_2
from hwpoison_gui.kernel.handler import EXITS, Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.outline.handler_6_1 import OF_HUGETLB, ON_A_LIST, ONLINE, TAKE
from hwpoison_gui.view.outline.part import Entrance, Part, Way

PHASES: Final[dict[Variant[Verdict], Part]] = {
    phases_7_2.check_pfn: ONLINE._replace(
        ways=(
            ONLINE.ways[0],
            Way(EXITS["no page"], "No, and no driver has registered it: {no page}."),
        )
    ),
    phases_7_2.take_reference: TAKE._replace(
        ways=TAKE.ways[1:],
        teach="An injector’s page is looked at, too: what cannot be handled loses the injector’s reference.",
    ),
}

ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {phases_7_2.take_reference: (ON_A_LIST, OF_HUGETLB)}
