"""What there is to say of a row of the reverse map at a step, counted once for the many users that may share it."""

from __future__ import annotations

from typing import NamedTuple

from hwpoison_gui.view.rmap_layout import Row
from hwpoison_gui.view.walk import WalkState


class RowNews(NamedTuple):
    """Counts are of VMAs, but `tasks`, `dead` and `told` of tasks. `entry`: of all its PTEs, or `several`."""

    entry: str
    vmas: int
    visited: int
    passed: int
    cut: int
    current: bool
    tasks: int
    dead: int
    told: int
    of_task: bool  # the present step is about one of its tasks

    @property
    def all_cut(self) -> bool:
        return self.cut == self.vmas

    @property
    def all_passed(self) -> bool:
        return self.passed == self.vmas


def news_of(row: Row, state: WalkState) -> RowNews:
    """The news of a row."""
    vmas = {mapper.vma for mapper in row.mappers}
    tasks = {mapper.tgid for mapper in row.mappers}
    entries = {state.entries.get(vma, "none") for vma in vmas}
    kinds = [fate.kind for tgid in tasks if (fate := state.fates.get(tgid)) is not None]
    return RowNews(
        entries.pop() if len(entries) == 1 else "several",
        len(vmas),
        len(vmas & state.visited),
        len(vmas & state.passed.keys()),
        len(vmas & state.cut),
        bool(vmas & state.current_vmas),
        len(tasks),
        kinds.count("killed"),
        kinds.count("told"),
        state.current_task in tasks,
    )
