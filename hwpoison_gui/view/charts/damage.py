"""Damage by group of frames: one bar for late kill and one for early kill, by outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.charts.chart import Bars, Part
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.tables import Table
from hwpoison_gui.view.outcome.classes import CLASSES, NO_MEMORY

_MOST: Final = 14  # groups
_MIB: Final = FRAME_SIZE / (1 << 20)
_BY: Final = {"kind": "kind of page"}


def damage_bars(tables: Mapping[int, Table]) -> Bars:
    """The largest groups of damage tables that have the same groups, by value of vm.memory_failure_early_kill."""
    policies = sorted(tables)
    first = tables[policies[0]]
    rows = {early: {row.name: row for row in tables[early].rows} for early in policies}
    drawn = [one for one in CLASSES if one.id not in NO_MEMORY]
    names = [row.name for row in first.rows if any(row.frames[one.id] for one in drawn)]
    shown, rest = names[:_MOST], names[_MOST:]
    terms = [rows[policies[0]][name].term for name in shown]
    parts = []
    for one in drawn:
        sizes = np.zeros((len(policies), len(shown)))
        for stack, early in enumerate(policies):
            sizes[stack] = [rows[early][name].frames[one.id] for name in shown]
        if sizes.any():
            parts.append(Part(f"outcome:{one.key}", one.name, sizes * _MIB))
    frames = sum(first.whole.frames[one.id] for one in drawn)
    left = f"The {len(rest):,} smallest are left out." if rest else ""
    return Bars(
        f"What an error in each of {frames:,} frames would do, by {_BY.get(first.by, first.by)}",
        "MiB",
        tuple(shown),
        tuple(terms),
        tuple(KILL[early] for early in policies),
        tuple(parts),
        "policy",
        " ".join(filter(None, (left, first.note))),
    )
