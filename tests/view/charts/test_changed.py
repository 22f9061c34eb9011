"""Changes between two snapshots as bars: what frames became, and what they were, each once."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.charts.changed import changed_bars
from hwpoison_gui.view.map.snapshots import Changes, KindChange

NONE = np.zeros(0, np.int64)


def changes(*of_kinds: KindChange) -> Changes:
    return Changes((4096, 4096), 4096, 700, 0, (), of_kinds, NONE, NONE, False, (), np.zeros(4096, np.uint8), ())


def test_each_frame_leaves_one_kind_and_comes_to_another() -> None:
    chart = changed_bars(changes(KindChange(kinds.ANON, kinds.FREE, 512), KindChange(kinds.FREE, kinds.FILE, 256)))
    names = {kind.id: kind.name for kind in kinds.KINDS}
    assert chart.groups[0] == names[kinds.FREE] and set(chart.groups) == {names[kinds.ANON], "free (buddy)", names[4]}
    sizes = {part.name: part.sizes for part in chart.parts}
    free, anon = chart.groups.index("free (buddy)"), chart.groups.index(names[kinds.ANON])
    assert sizes["free (buddy)"][0, anon] == 512 and sizes[names[kinds.ANON]][1, free] == 512
    assert sizes[names[kinds.FILE]][0, free] == 256
    was, now = (sum(part.sizes[stack].sum() for part in chart.parts) for stack in (0, 1))
    assert was == now == 768 and chart.title.startswith("768 frames")
    finds = {(chart.groups[group], stack, chart.parts[part].name): text
             for (group, stack, part), text in chart.finds.items()}  # fmt: skip
    assert finds[names[kinds.ANON], 0, "free (buddy)"] == "snapshot:anon>free"
    assert finds["free (buddy)", 1, names[kinds.ANON]] == "snapshot:anon>free"
    assert finds["free (buddy)", 0, names[kinds.FILE]] == "snapshot:free>file" and len(finds) == 4


def test_snapshots_that_are_alike() -> None:
    chart = changed_bars(changes())
    assert chart.groups == () and chart.rows == ()
