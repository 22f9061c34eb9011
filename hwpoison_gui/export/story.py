"""A session as a story to be stepped through elsewhere: plain values, one scene for each timeline position shown.

Scenes repeat most of what stands in the ones before them. Rows of the reverse map and of tasks are kept once each and
referred to by number; of the map a scene holds what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.base.moment import START, moment_of, title_in
from hwpoison_gui.view.facts.counters import killed
from hwpoison_gui.view.facts.operation_chips import result_in
from hwpoison_gui.view.facts.sentence import Sentence, sentence_of
from hwpoison_gui.view.map.changed_frames import frames_of
from hwpoison_gui.view.outcome.loss import ending_of, loss_of
from hwpoison_gui.view.outline.outline import Outline
from hwpoison_gui.view.rmap.compound import kind_words
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.rows.tasks import TaskRow, task_rows
from hwpoison_gui.view.story.stops import ASIDES, is_told, stops_of
from hwpoison_gui.view.walk.entries import ENTRY_WORDS
from hwpoison_gui.view.walk.layout import Row, rows_of
from hwpoison_gui.view.walk.news import news_of
from hwpoison_gui.view.walk.state import Standing, WalkState, frames_concerned, map_for, state_of
from hwpoison_gui.view.walk.words import box_words_of, no_users_words
from hwpoison_gui.view.words.plain import plain

U8 = npt.NDArray[np.uint8]
Json = dict[str, Any]

MOST_CELLS: Final = 1 << 16  # cells of the map: a browser draws as many at once
MOST_SCENES: Final = 4000
_EDGE: Final = 8  # scenes at either end of a run of alike steps
_LOOPS: Final = (Act.VISIT, Act.SKIP, Act.UNMAP, Act.MAP, Act.SIGNAL, Act.DIE)


class TooLongError(Exception):
    """The story has more scenes than a reader or a browser can take."""


def _pass(_: float) -> None:
    """Progress that nobody follows."""


def story(
    session: Session,
    title: str,
    summary: str = "",
    first: int = 0,
    last: int | None = None,
    progress: Callable[[float], object] = _pass,
) -> Json:
    """The story of all operations, or of a part of their steps.

    Parameters
    ----------
    session
        At rest. It is walked through, and left at its last step; nothing else may be connected to it.
    title, summary
        Of the scenario or machine; Markdown in the summary loses its marks.
    first, last
        Timeline positions at which it begins and ends; None: the newest.
    progress
        Called before each scene with the share that is done; what it raises ends the work.

    Raises
    ------
    TooLongError
        With more than MOST_SCENES scenes.
    """
    return _Story(session, progress).tell(title, plain(summary), first, last)


def scenes_of(session: Session, first: int = 0, last: int | None = None) -> list[int]:
    """The timeline positions that are shown: of operations without words of their own the last, else every step.

    None before `first` or after `last`. Of long runs of steps that do one thing to many tasks or PTEs, the first and
    the last few.
    """
    shown, end = [0], len(session.steps) if last is None else last
    for operation in session.operations:
        if not is_told(operation):
            if operation.name not in ASIDES:
                shown.append(operation.last)
            continue
        marks = session.steps.marks[operation.first : operation.last]
        acts = [mark.act for mark in marks]
        for number, act in enumerate(acts):
            if act not in _LOOPS or _at_an_edge(acts, number):
                shown.append(operation.first + number + 1)
    shown = [first, *(position for position in shown if first < position <= end)]
    if len(shown) > MOST_SCENES:
        raise TooLongError(f"the story has {len(shown):,} scenes; at most {MOST_SCENES:,} fit a page")
    return shown


def _at_an_edge(acts: Sequence[Act], number: int) -> bool:
    near = acts[max(0, number - _EDGE) : number + _EDGE + 1]
    return len(near) < 2 * _EDGE + 1 or any(act not in _LOOPS for act in near)


class _Story:
    def __init__(self, session: Session, progress: Callable[[float], object]) -> None:
        self._session, self._progress = session, progress
        self._pool: dict[tuple[Any, ...], int] = {}
        self._per_cell = 1
        while session.machine.frames > MOST_CELLS * self._per_cell:
            self._per_cell *= 2

    def tell(self, title: str, summary: str, first: int, last: int | None) -> Json:
        session = self._session
        positions = scenes_of(session, first, last)
        stops = set(stops_of(session))
        session.seek(first)
        cells = self._cells()
        scenes = []
        for number, position in enumerate(positions):
            self._progress(number / len(positions))
            scenes.append(self._scene(position, stops))
        session.seek(len(session.steps))  # what became of operations is known at the end
        m = session.machine
        return {
            "title": title,
            "summary": summary,
            "profile": m.profile.title,
            "frames": m.frames,
            "perCell": self._per_cell,
            "map": _runs(cells),
            "kinds": [[kind.key, kind.name, kind.meaning] for kind in kinds.KINDS],
            "operations": [self._operation(operation) for operation in session.operations],
            "scenes": scenes,
            "pool": [list(row) for row in self._pool],
            "log": [[line.text, int(line.fatal)] for line in log_lines(session)],
        }

    # -- one scene

    def _scene(self, position: int, stops: Collection[int]) -> Json:
        session = self._session
        touched = frames_of(session.steps.between(session.position, position))
        session.seek(position)
        moment = moment_of(session)
        said = sentence_of(session) if position else Sentence(f"{START}.")
        frames = frames_concerned(session, moment.operation) if moment.operation is not None else []
        m = session.machine
        scene: Json = {
            "at": position,
            "op": moment.number,
            "text": said.text,
            "detail": said.detail,
            "code": said.code,
            "branch": said.branch,
            "tone": said.tone,
            "stop": int(position in stops),
            "log": len(m.log.view),
            "kb": m.hardware_corrupted_kb,
            "killed": killed(m),
            "tasks": [self._number(_task(row)) for row in task_rows(session)],
            "cells": self._changed(touched.tolist()),
        }
        for target in frames[:1]:
            scene["target"] = target // self._per_cell
            scene["frame"] = [
                f"{target:#x}",
                pf.letters_of(m.page(target)),
                kinds.KINDS[kinds.kind_of(m.page(target))].name,
            ]
            graph = map_for(session, target)
            if graph is not None and graph.pfn == target:
                state = state_of(session, graph)
                scene["frame"][-1] = kind_words(state.poisoned, state.kind)
                scene["walk"] = self._reverse_map(graph, state)
        return scene

    # -- the map

    def _cells(self) -> U8:
        """The kind of each cell: of the worst frame, where it stands for several."""
        words = self._session.machine.flags.view
        distinct, numbers = np.unique(words, return_inverse=True)
        codes = np.array([kinds.kind_of(int(word)) for word in distinct], np.uint8)[numbers]
        padded = np.zeros(-(-len(codes) // self._per_cell) * self._per_cell, np.uint8)
        padded[: len(codes)] = codes
        found: U8 = padded.reshape(-1, self._per_cell).max(axis=1)
        return found

    def _changed(self, frames: list[int]) -> list[list[int]]:
        m, size = self._session.machine, self._per_cell
        found = []
        for cell in sorted({frame // size for frame in frames}):
            members = range(cell * size, min((cell + 1) * size, m.frames))
            found.append([cell, max(kinds.kind_of(m.page(frame)) for frame in members)])
        return found

    # -- the reverse map

    def _reverse_map(self, graph: ReverseMap, state: WalkState) -> list[Any]:
        """Return whether the step is about the frame, the state of each row, why there are no rows, and the mapping."""
        rows = rows_of(graph)
        shown = [self._number(_row(row, state)) for row in rows]
        empty = "" if rows else no_users_words(state)
        name, detail, is_cut = box_words_of(graph, state)
        return [int(state.at_frame), shown, empty, name, detail, int(is_cut)]

    def _number(self, row: tuple[Any, ...]) -> int:
        return self._pool.setdefault(row, len(self._pool))

    # -- operations

    def _operation(self, operation: Operation) -> Json:
        session = self._session
        result, tone = result_in(session, operation)
        made: Json = {
            "title": title_in(session, operation),
            "caption": plain(operation.telling.caption),
            "first": operation.first,
            "last": operation.last,
            "result": result,
            "tone": tone,
        }
        if is_told(operation):
            made["outline"] = list(_outline(session, operation))
        return made


def _row(row: Row, state: WalkState) -> tuple[Any, ...]:
    """VMA, address and rights; entry; how far the walk has come; task, what became of it, and whether it is current."""
    news = news_of(row, state)
    if row.is_group:
        return (
            f"{news.vmas:,} VMAs",
            "",
            ENTRY_WORDS[news.entry].brief,
            _progress(news.visited, news.unmapped, news.vmas),
            f"{row.label} × {news.tasks:,}",
            ", ".join(news.of_tasks()),
            "killed" if news.dead else "",
            int(news.current),
            "",
        )
    mapper = row.mappers[0]
    standing = state.standings.get(mapper.tgid, Standing("alive"))
    end = IMPACTS[state.ends[mapper.tgid]].clause if mapper.tgid in state.ends else ""
    skipped = state.skip_of(mapper.vma)
    return (
        mapper.name,
        f"{mapper.vpn << PAGE_SHIFT:#x} {mapper.rights}",
        ENTRY_WORDS[state.entries.get(mapper.vma, "none")].brief,
        "skipped"
        if skipped
        else "unmapped"
        if mapper.vma in state.unmapped
        else "visited"
        if mapper.vma in state.visited
        else "",
        mapper.task,
        standing.text or end or standing.kind,
        standing.kind,
        int(mapper.vma in state.current_vmas or state.current_task == mapper.tgid),
        skipped.why if skipped else "",
    )


def _progress(visited: int, unmapped: int, all_of_them: int) -> str:
    return "unmapped" if unmapped == all_of_them else "visited" if visited == all_of_them else ""


def _task(row: TaskRow) -> tuple[Any, ...]:
    rss = f"{row.rss_kb:,} kB" if row.alive else ""
    return (row.name, row.tgid, row.state, row.policy, row.sigbus, rss, row.killed_by or row.pending)


def _outline(session: Session, operation: Operation) -> Iterator[list[Any]]:
    """Lines: depth, texts before and after they are taken, function, and the steps that decide their state."""
    outline = Outline(session.machine.profile, session.steps.marks, operation.first, operation.last)
    loss = loss_of(session, operation)
    if loss is not None:
        outline.end(ending_of(loss))
    depth = {0: -1}
    for node in outline.shown():
        depth[node.id] = depth[node.parent] + 1
        yield [
            depth[node.id], node.kind, node.text, node.told, node.code, node.branch,
            node.first, node.last, node.passed, int(node.silent), int(node.folded), node.tone,
        ]  # fmt: skip


def _runs(cells: U8) -> list[int]:
    """Run lengths: code, count, code, count ..."""
    starts = np.flatnonzero(np.diff(cells, prepend=cells[:1] + 1))
    counts = np.diff(np.append(starts, len(cells)))
    return np.stack((cells[starts], counts), axis=1).ravel().tolist()
