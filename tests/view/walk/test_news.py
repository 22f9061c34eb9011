"""The summary of a row of the reverse map: of a group it counts, and has the colour of the worst."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import IMPACTS, LATER
from hwpoison_gui.view.rmap.groups import GROUP_FROM
from hwpoison_gui.view.walk.layout import rows_of
from hwpoison_gui.view.walk.news import RowNews, news_of
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import row_words
from tests.workbench import crowd, do


def group(op: str, early_kill: int = 1) -> RowNews:
    """The row of all forked tasks, after an error in the page of a clean file or of memory that they share."""
    session = Session.fresh(1 << 14, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "file", path="/srv/data", pages=1)
    do(session, "task", name="parent")
    do(session, "mmap", task="parent", name="file", pages=1, file="/srv/data", prot="r")
    do(session, "mmap", task="parent", name="heap", pages=1)
    do(session, "write", task="parent", at="heap+0", value="x")
    for number in range(GROUP_FROM):
        do(session, "fork", task="parent", child=f"c-{number}")
        do(session, "read", task=f"c-{number}", at="file+0")
    do(session, "poison", frame=f"c-0:{op}+0")
    graph = map_for(session, session.operations[-1].outcome.pfn or 0)
    assert graph is not None
    (row,) = [one for one in rows_of(graph) if one.is_group]
    return news_of(row, state_of(session, graph))


@pytest.mark.parametrize(("area", "early_kill", "tone", "dead"), [
    ("file", 1, "good", 0), ("heap", 1, "kill", GROUP_FROM), ("heap", 0, IMPACTS[LATER].tone, 0),
])  # fmt: skip
def test_a_group_has_the_colour_of_the_worst_that_befell_its_tasks(
    area: str, early_kill: int, tone: str, dead: int
) -> None:
    news = group(area, early_kill)
    assert (news.tone, news.dead, news.tasks) == (tone, dead, GROUP_FROM)
    assert news.all_unmapped


def test_a_group_says_why_its_tasks_are_skipped_until_something_becomes_of_them() -> None:
    session = crowd(GROUP_FROM)
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "prctl", task="worker-1", mce_kill="late")
    do(session, "poison", frame="top:m+0")
    graph = map_for(session, -1)
    assert graph is not None
    (row,) = [one for one in rows_of(graph) if one.is_group]
    at_the_end = news_of(row, state_of(session, graph))
    assert at_the_end.of_tasks() == [f"{GROUP_FROM} die on touch"]
    session.seek(session.operations[-1].last - 2)
    before = news_of(row, state_of(session, graph))
    assert before.of_tasks() == [f"{GROUP_FROM - 1} not now: early_kill is 0", "1 not now: its policy"]
    assert before.of_tasks(brief=True) == [f"{GROUP_FROM - 1} not now", "1 not now"]


def test_a_row_tells_what_its_ptes_are_now_and_apart_from_that_how_many_were_unmapped() -> None:
    session = crowd(GROUP_FROM)
    do(session, "prctl", task="worker-1", mce_kill="late")
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "poison", frame="top:m+0")
    graph = map_for(session, -1)
    assert graph is not None
    (row,) = [one for one in rows_of(graph) if one.is_group]
    told = {}
    for position in range(session.operations[-1].first + 1, session.operations[-1].last + 1):
        session.seek(position)
        state = state_of(session, graph)
        news = news_of(row, state)
        told[news.unmapped] = row_words(row, state, news)[1]
    skipped = f"visited 0, skipped {GROUP_FROM}"
    assert told[1] == f"PTEs: mixed; {skipped}, unmapped 1"
    assert told[GROUP_FROM] == f"PTEs: hwpoison; {skipped}, unmapped {GROUP_FROM}"
