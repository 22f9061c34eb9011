"""What Linux said of an error beside what the model says would happen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.user_mappings import NOT_MAPPED
from hwpoison_gui.opening import opening
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records_file import read
from hwpoison_gui.view.base.mappers import NOT_KNOWN
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.facts.logged import Comparison, compared
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.summary import summary
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.rows.pages import PageRows, page_cells
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import no_users_words
from hwpoison_gui.view.words.lookup import text_of
from tests.view.outcome.previews import preview
from tests.workbench import do


def _session() -> tuple[Session, int]:
    session = Session.fresh(4096, profile="6.12", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="heap", pages=2)
    do(session, "write", task="a", at="heap+0", value="x")
    return session, session.resolve_frame("a:heap+0")


def _history(tmp_path: Path, *lines: str) -> History:
    path = tmp_path / "log"
    path.write_text("".join(f"[ 1.000000] {line}\n" for line in ("Linux version 6.12.1 (gcc)", *lines)))
    return history_of([read(path)])


def _mappings(session: Session, pfn: int) -> str:
    return next(fact.value for fact in facts_of(session, pfn).counts if fact.name == "Mappings")


def _compared(session: Session, history: History, at: int = 0) -> Comparison:
    return compared(session, history.records[at], history)


def test_the_same(tmp_path: Path) -> None:
    session, pfn = _session()
    tgid = session.world.task_names.view["a"]
    made = _compared(session, _history(
        tmp_path,
        f"Memory failure: {pfn:#x}: Sending SIGBUS to a:{tgid} due to hardware memory corruption",
        f"Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered",
    ))  # fmt: skip
    assert not any(row.differs for row in made.rows)
    assert made.why.startswith("The model of 6.12 predicts the same.")


def test_differences_are_named(tmp_path: Path) -> None:
    session, pfn = _session()
    made = _compared(
        session, _history(tmp_path, f"Memory failure: {pfn:#x}: recovery action for dirty LRU page: Failed")
    )
    assert [(row.aspect, row.linux) for row in made.rows if row.differs] == [
        ("Result", "Failed"),
        ("Signalled", "no process"),
    ]
    assert "predicts otherwise: result, signalled" in made.why


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    session, pfn = _session()
    history = _history(
        tmp_path,
        "Memory failure: 0x9999: recovery action for dirty LRU page: Failed",
        "MCE: Killing a:7 due to hardware memory corruption fault at 7f00",
        f"Unpoison: {pfn:#x}: software-unpoisoned page",
        f"Memory failure: {pfn:#x}: recovery action for already poisoned page: Failed",
    )
    why = [_compared(session, history, at).why for at in range(4)]
    assert why[0] == "The frame is beyond the last one of this machine, 0xfff."
    assert why[1] == "No source names the frame, so there is nothing to predict."
    assert why[2] == "Linux recorded: unpoison software-unpoisoned page. Only memory failures are compared."
    assert "on this machine it is not: break it first" in why[3]


def test_a_repeat_is_compared_once_the_frame_is_broken(tmp_path: Path) -> None:
    session, pfn = _session()
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    history = _history(tmp_path, f"Memory failure: {pfn:#x}: recovery action for already poisoned page: Failed")
    assert not any(row.differs for row in _compared(session, history).rows[:2])


def test_who_maps_a_page_is_not_known_of_raw_flags(tmp_path: Path) -> None:
    """The flags say that a page is mapped; then nobody is said to be without users, and no process to be spared."""
    words = np.zeros(256, np.uint64)
    words[7] = pf.MMAP | pf.LRU | pf.UPTODATE | pf.REFERENCED
    words[8] = pf.LRU | pf.UPTODATE | pf.REFERENCED
    words.tofile(tmp_path / "kpageflags")
    session = opening.open_file(tmp_path / "kpageflags").session
    m = session.machine
    assert NOT_KNOWN in preview(m, 7) and "no process" not in preview(m, 7)
    assert NOT_KNOWN not in preview(m, 8)
    graph = map_for(session, 7)
    assert graph is not None
    state = state_of(session, graph)
    assert (
        no_users_words(state)
        == "It is mapped; by which processes is not known, as page flags do not say who maps a page."
    )
    line = "Memory failure: 0x7: recovery action for {}: {}"
    predicted = predict(m, 7)
    made = _compared(session, _history(tmp_path, line.format(predicted.kind, predicted.result)))
    assert [row.model for row in made.rows][-1] == "not known" and not any(row.differs for row in made.rows)
    assert NOT_KNOWN in made.why
    made = _compared(session, _history(tmp_path, line.format("dirty LRU page", predicted.result)))
    assert not any(row.differs for row in made.rows) and made.why.endswith("no difference.")
    assert [_mappings(session, pfn) for pfn in (7, 8)] == ["not known", "0"]
    assert page_cells(PageRows(m).row(7))[4] == "–"
    do(session, "poison", frame="pfn:0x7")
    marks = session.steps.marks
    said = next(text_of(mark) for mark in marks if mark.site is NOT_MAPPED)
    assert "not known" in said and "no process" not in said
    assert NOT_KNOWN in verdict(session, session.operations[-1])


def test_no_offset_is_made_up_for_a_file_that_is_not_known(tmp_path: Path) -> None:
    words = np.zeros(256, np.uint64)
    words[7] = pf.LRU | pf.UPTODATE | pf.REFERENCED
    words.tofile(tmp_path / "kpageflags")
    session = opening.open_file(tmp_path / "kpageflags").session
    m = session.machine
    assert summary(m, 7).endswith("a page of a file that is not known") and PageRows(m).row(7).pgoff == ""
    graph = map_for(session, 7)
    assert graph is not None and graph.mapping.detail == "not known which, nor at what offset"
    do(session, "poison", frame="pfn:0x7")
    loss = loss_of(session, session.operations[-1])
    assert loss is not None
    assert loss.lost == "Nothing is lost: a page of a file that is not known is read from disk again."
