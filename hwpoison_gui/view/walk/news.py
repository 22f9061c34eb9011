"""Summary of a row of the reverse map at a step; counted once for rows of many users."""

from __future__ import annotations

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import SAFE, counted_hits
from hwpoison_gui.view.walk.layout import Row
from hwpoison_gui.view.walk.state import WalkState


class RowNews(Record):
    """Counts of VMAs; `tasks`, `dead` and `signalled` count tasks. `entry`: the state of all PTEs, or `several`."""

    entry: str
    vmas: int
    visited: int
    skipped: int
    cut: int
    current: bool
    tasks: int
    dead: int
    signalled: int
    of_task: bool  # the present step is about one of its tasks
    ends: tuple[str, ...] = ()  # impact on its other tasks, with counts
    safe: bool = False  # the error is handled, and none of its tasks is hit

    @property
    def all_cut(self) -> bool:
        return self.cut == self.vmas

    @property
    def all_skipped(self) -> bool:
        return self.skipped == self.vmas


def news_of(row: Row, state: WalkState) -> RowNews:
    """The summary of a row."""
    vmas, tasks = row.vmas, row.tasks
    entries = _entries(vmas, state)
    kinds = [one.kind for one in map(state.standings.get, tasks) if one is not None]
    return RowNews(
        entries.pop() if len(entries) == 1 else "several",
        len(vmas),
        len(vmas & state.visited),
        len(vmas & state.skipped.keys()),
        len(vmas & state.cut),
        bool(vmas & state.current_vmas),
        len(tasks),
        kinds.count("killed"),
        kinds.count("signalled"),
        state.current_task in tasks,
        _ends(tasks, state),
        bool(state.ends) and all(state.ends.get(tgid, SAFE) == SAFE for tgid in tasks),
    )


def _entries(vmas: frozenset[int], state: WalkState) -> set[str]:
    """The different states of PTEs, as WalkState.entry_of() has them."""
    found = {entry or "none" for entry in set(map(state.entries.get, vmas))}
    return found if found.isdisjoint(("none",)) else set(map(state.entry_of, vmas))


def _ends(tasks: frozenset[int], state: WalkState) -> tuple[str, ...]:
    if not state.ends:
        return ()
    return tuple(counted_hits((state.ends[tgid] for tgid in tasks if tgid in state.ends), signals=False))
