"""Damage by group of frames: one bar for late kill and one for early kill, by outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hwpoison_gui.view.charts.chart import MIB, Bars, Counted, Part
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.tables import Table
from hwpoison_gui.view.outcome.classes import CLASSES, NO_MEMORY

_MOST: Final = 14  # groups
_TOTAL: Final = "total, each frame once"
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
    parts, counted = [], []
    for one in drawn:
        of_groups = [[rows[early][name].frames[one.id] for name in names] for early in policies]
        whole = [[tables[early].whole.frames[one.id]] for early in policies]
        found = np.concatenate((np.array(of_groups, np.int64).reshape(len(policies), -1), whole), axis=1)
        if found.any():
            parts.append(Part(f"outcome:{one.key}", one.name, found[:, : len(shown)] * MIB))
            counted.append(found)
    every = np.array(counted, np.int64).reshape(len(parts), len(policies), len(names) + 1)
    frames = sum(first.whole.frames[one.id] for one in drawn)
    left = f"{len(rest):,} more are not drawn; the table has all." if rest else ""
    return Bars(
        f"What an error in each of {frames:,} frames would do, by {_BY.get(first.by, first.by)}",
        "MiB",
        tuple(shown),
        tuple(terms),
        tuple(KILL[early] for early in policies),
        tuple(parts),
        "policy",
        " ".join(filter(None, (left, first.note))),
        counted=Counted((*names, _TOTAL), every),
    )
