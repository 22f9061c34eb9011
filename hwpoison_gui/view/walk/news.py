"""Summary of a row of the reverse map at a step; counted once for rows of many users."""

from __future__ import annotations

from itertools import repeat

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import IMPACTS, SAFE, counted_hits, rank
from hwpoison_gui.view.walk.entries import MIXED
from hwpoison_gui.view.walk.layout import Row
from hwpoison_gui.view.walk.state import WalkState


class RowNews(Record):
    """Counts of VMAs; `tasks`, `dead` and `signalled` count tasks. `entry`: the state of all PTEs, or MIXED."""

    entry: str
    vmas: int
    visited: int
    skipped: int
    unmapped: int
    current: bool
    tasks: int
    dead: int
    signalled: int
    of_task: bool  # the present step is about one of its tasks
    ends: tuple[str, ...] = ()  # impact on its other tasks, with counts
    tone: str = "good"  # colour of the theme for what is counted of its tasks: that of the worst
    skips: tuple[tuple[int, str, str], ...] = ()  # until there are ends: why tasks are skipped, in short and briefly

    @property
    def all_unmapped(self) -> bool:
        return self.unmapped == self.vmas

    @property
    def all_skipped(self) -> bool:
        return self.skipped == self.vmas

    def of_tasks(self, brief: bool = False) -> list[str]:
        """Numbers of its tasks by what became of them, or by why they are skipped while nothing has."""
        counts = ((self.dead, "killed"), (self.signalled, "signalled"))
        found = [*(f"{count:,} {word}" for count, word in counts if count), *self.ends]
        return found or [f"{count:,} {why[brief]}" for count, *why in self.skips]


def news_of(row: Row, state: WalkState) -> RowNews:
    """The summary of a row."""
    vmas, tasks = row.vmas, row.tasks
    entries = {entry or "none" for entry in set(map(state.entries.get, vmas))}
    kinds = [one.kind for one in map(state.standings.get, tasks) if one is not None]
    dead, signalled = kinds.count("killed"), kinds.count("signalled")
    return RowNews(
        entries.pop() if len(entries) == 1 else MIXED,
        len(vmas),
        len(vmas & state.visited),
        len(vmas & state.skipped.keys()),
        len(vmas & state.unmapped),
        bool(vmas & state.current_vmas),
        len(tasks),
        dead,
        signalled,
        state.current_task in tasks,
        _ends(tasks, state),
        "kill" if dead or signalled else _tone(tasks, state),
        _skips(row, state),
    )


def _ends(tasks: frozenset[int], state: WalkState) -> tuple[str, ...]:
    if not state.ends:
        return ()
    return tuple(counted_hits(filter(None, map(state.ends.get, tasks)), signals=False))


def _skips(row: Row, state: WalkState) -> tuple[tuple[int, str, str], ...]:
    if state.ends or not state.skipped:
        return ()
    vmas = row.vmas & state.skipped.keys()
    if len(row.tasks) < len(row.vmas):  # once for each task
        vmas = frozenset({mapper.tgid: mapper.vma for mapper in row.mappers if mapper.vma in vmas}.values())
    return tuple((count, *words) for words, count in state.reasons_of([*vmas]).most_common())


def _tone(tasks: frozenset[int], state: WalkState) -> str:
    """Colour of the worst impact on these tasks."""
    return IMPACTS[min(set(map(state.ends.get, tasks, repeat(SAFE))), key=rank)].tone
