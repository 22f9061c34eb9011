"""Chart of changes between two snapshots: for each kind of page, the later and the earlier kinds of its frames."""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.view.base.kinds import KINDS
from hwpoison_gui.view.charts.chart import Bars, Part
from hwpoison_gui.view.map.snapshot_parts import parts_of
from hwpoison_gui.view.map.snapshots import Changes
from hwpoison_gui.view.words.words import counted

_STACKS: Final = ("what its frames became", "what its frames were before")
_WORDS: Final = ("{size}: {group} → {part}", "{size}: {part} → {group}")


def changed_bars(changes: Changes) -> Bars:
    """For each kind two bars: frames that were of it, by their kind now, and those that are, by their kind before."""
    size = np.zeros((len(KINDS), len(KINDS)))  # indexed by the kind before and the kind now
    for one in changes.kinds:
        size[one.old, one.new] = one.frames
    amounts = size.sum(0) + size.sum(1)
    shown = sorted(np.flatnonzero(amounts).tolist(), key=lambda kind: (-amounts[kind], kind))
    parts, stacked = [], list[int]()
    for kind in reversed(KINDS):
        sizes = np.array([size[shown, kind.id], size[kind.id, shown]])
        if sizes.any():
            parts.append(Part(f"kind:{kind.key}", kind.name, sizes))
            stacked.append(kind.id)
    boxes = {}
    for way in parts_of(changes):
        if way.kinds is not None:
            for stack, (group, part) in enumerate((way.kinds, way.kinds[::-1])):
                boxes[shown.index(group), stack, stacked.index(part)] = f"snapshot:{way.word}"
    frames = sum(one.frames for one in changes.kinds)
    words = " ".join((f"{changes.flag_words:,} of {changes.compared:,} frames have other flags.", *changes.doubts))
    return Bars(
        f"{counted(frames, 'frame is', 'frames are')} of another kind than before: what became of each kind, "
        "and what it was made of",
        "frames",
        tuple(KINDS[kind].name for kind in shown),
        tuple(("kind", KINDS[kind].key) for kind in shown),
        _STACKS,
        tuple(parts),
        "kind then or now",
        words,
        boxes,
        _WORDS,
    )
