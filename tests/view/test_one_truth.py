"""Each fact is the same wherever it is shown: after random operations, on the made machine and on the recorded ones."""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.export.report import report
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.records import Process
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts, kinds
from hwpoison_gui.view.facts.counters import counters_of
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.facts.operation_chips import Chips
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.outcome.fates import MOST_ERRORS, fates_now
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.loss import NOT_DONE, ending_of, loss_of
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.summary import summary
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.rmap.compound import kind_words
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.rows.pages import PageRows
from hwpoison_gui.view.rows.tasks import task_rows
from hwpoison_gui.view.walk.state import map_for, state_of
from tests.workbench import do

MACHINES: Final = {"desktop": 14, "server": 5, "victim_before": 14}  # operations on each
RESULTS: Final = ("Recovered", "Delayed", "Failed", "Ignored")
_KILLED: Final = re.compile(r"SIG[A-Z]+ killed ([^;]*?)(?:;|\.$)")
_LOGGED: Final = re.compile(r"(?:Killing|Sending SIGBUS to) (.+):(\d+) (?:early )?due to")


def opened(name: str, profile: str) -> Session:
    if name == "desktop":
        return Session.fresh(65536, 1, "desktop", 4, profile)
    return opening.open_file(resources.path(f"machines/{name}.npz"), profile).session


def random_operation(random: Random, session: Session) -> tuple[str, dict[str, Any]]:
    """An operation with a good chance to concern many processes, or a page that broke before."""
    m = session.machine
    mapped = np.flatnonzero((m.mapcount.view > 0) & (m.refcount.view > 0))
    shared = np.flatnonzero((m.mapcount.view > 1) & (m.mapcount.view < 100))
    broken = np.flatnonzero((m.flags.view & np.uint64(pf.HWPOISON)) != 0)
    some = random.choice([one for one in (mapped, shared, broken, np.arange(m.frames)) if len(one)])
    pfn = int(random.choice(some))
    way = random.random()
    if way < 0.15:
        return "sysctl", {"name": "memory_failure_early_kill", "value": random.randrange(2)}
    living = [process for process in m.living() if process.mm and process.tgid > 2]
    if not living:
        return "poison", {"frame": f"pfn:{pfn:#x}"}
    who = random.choice(living)
    if way < 0.25:
        return "sigaction", {"task": who.name, "sigbus": random.choice(("handler", "default", "ignored"))}
    if way < 0.45:
        at = touch(random, session, who)
        return ("read", {"task": who.name, "at": at}) if at else ("check", {})
    if way < 0.55 and len(broken) and m.profile.has("unpoison"):
        return "unpoison", {"frame": f"pfn:{int(random.choice(broken)):#x}"}
    return "poison", {"frame": f"pfn:{pfn:#x}"}


def touch(random: Random, session: Session, who: Process) -> str:
    """An address of a process, rather one with a hwpoison entry."""
    vpns, words = session.machine.ptes.arrays(who.mm)
    bad = vpns[(words & ptes.HWPOISON) != 0]
    some = bad if len(bad) else vpns
    return session.address_name(who.name, int(random.choice(some)) << 12) or "" if len(some) else ""


def named(text: str) -> int:
    """How many processes a list of names has: `a:1, b:2 and 3 more`."""
    more = re.search(r" and ([\d,]+) more$", text)
    return len(re.findall(r":\d+(?=,| and |$)", text)) + (int(more[1].replace(",", "")) if more else 0)


def counter(session: Session, name: str) -> int:
    return next((int(one.value.replace(",", "").removesuffix(" kB")) for one in counters_of(session)
                 if one.name == name), 0)  # fmt: skip


def dead(session: Session) -> set[str]:
    return {f"{row.name}:{row.tgid}" for row in task_rows(session) if row.killed_by}


class Before:
    """What is foretold of an operation, and what was shown before it."""

    known: Chips  # the chips so far

    def __init__(self, session: Session, name: str, args: dict[str, Any], known: Chips) -> None:
        self.known = known
        pfn = int(args["frame"].removeprefix("pfn:"), 16) if name == "poison" else -1
        self.ahead = predict(session.machine, pfn) if pfn >= 0 else None
        self.dead, self.killed = dead(session), counter(session, "Killed")
        self.results = {result: counter(session, result) for result in RESULTS}
        self.lines = len(log_lines(session))

    def chips(self, session: Session) -> str:
        """The result on the newest chip."""
        self.known.read(session)
        return self.known.each[-1].result


def check_signals(session: Session, operation: Operation, before: Before) -> None:
    """Who was signalled and killed: outcome, loss, chip, sentence, Tasks, counters and log."""
    outcome, m = operation.outcome, session.machine
    killed = {seen.label for seen in outcome.signals if seen.effect == "killed"}
    assert dead(session) - before.dead == killed, "Tasks"
    assert counter(session, "Killed") - before.killed == len(killed), "counters"
    chip = before.chips(session)
    if outcome.panic:
        return
    said = verdict(session, operation)
    assert sum(named(found[1]) for found in _KILLED.finditer(said)) == len(killed), said
    loss = loss_of(session, operation)
    if operation.name == "poison" and loss is not None:
        assert set(loss.names().get(impacts.DEAD, [])) == killed
        count = re.search(r"([\d,]+) killed", chip)
        assert (int(count[1].replace(",", "")) if count else 0) == len(killed), chip
        ended = [fact.text for fact in ending_of(loss) if fact.text.startswith("Killed: ")]
        assert sum(named(text.removesuffix(".")) for text in ended) == len(killed)
        told = {seen.label for seen in outcome.signals if seen.effect in ("killed", "handled", "pending")}
        assert {hit.task for hit in loss.hits if hit.kind in (impacts.DEAD, impacts.SIGNALLED, impacts.PENDING)} == told
    logged = {m.processes.view[m.tasks.view[int(tid)].tgid].label
              for line in outcome.log for _, tid in _LOGGED.findall(line)}  # fmt: skip
    if operation.name == "poison":
        by_handler = {seen.label for seen in outcome.signals if seen.signal == "SIGBUS"}
        assert by_handler <= logged, "log"
    assert [line.text for line in log_lines(session)][before.lines :] == list(outcome.log)


def check_result(session: Session, operation: Operation, before: Before) -> None:
    """The result and what was lost: outcome, chip, sentence, counters, log, prediction and report."""
    outcome, loss = operation.outcome, loss_of(session, operation)
    grown = [result for result in RESULTS if counter(session, result) > before.results[result]]
    assert grown == ([outcome.result] if outcome.result else [])
    if outcome.panic or operation.name != "poison":
        return
    chip, said = before.chips(session), sentence_of(session)
    assert said.text == verdict(session, operation) or not verdict(session, operation)
    if outcome.result:
        assert chip.startswith(outcome.result) and said.text.startswith(outcome.result)
        assert any(line.endswith((outcome.result, f"{outcome.result} ")) for line in outcome.log)
    if loss is None or outcome.errno in NOT_DONE:
        return
    assert ("data lost" in chip) == (outcome.result is not None and loss.gone)
    assert (" is lost" in loss.brief and not loss.brief.startswith("nothing")) == loss.gone
    assert said.detail.startswith(loss.lost) and (loss.brief in said.text or loss.in_use)
    assert before.ahead is None or before.ahead.lost == loss.gone
    text = report(session, "x", [operation])
    assert all(name.replace(":", "") in re.sub(r"[\\:]", "", text) for name in loss.names().get(impacts.DEAD, [])[:12])


def check_frame(session: Session, pfn: int, outcome: Outcome) -> None:
    """Counts, kind and impact of a frame: Frame panel, table of pages, its line, reverse map, and Tasks."""
    m = session.machine
    graph = map_for(session, pfn)
    assert graph is not None and graph.pfn == pfn
    state = state_of(session, graph)
    was = state.kind if state.poisoned else kinds.KINDS[kinds.POISON]
    facts, row = facts_of(session, pfn, was=was), PageRows(m).row(pfn)
    shown = {fact.name: fact.value for fact in facts.counts}
    mapped, refs = session.mapcount(pfn), int(m.refcount.view[pfn])
    assert shown["Mappings"] == f"{mapped:,}" and row.mapcount == mapped == state.mapped
    assert shown["References"] == f"{refs:,}" and row.refcount == refs
    present = sum(pte.state == "present" and "special" not in pte.bits for pte in facts.ptes)
    assert present <= mapped
    if not facts.more_ptes and present == mapped:
        users = {pte.task for pte in facts.ptes if pte.state == "present"}
        line = summary(m, pfn)
        assert (named(line.partition("mapped by ")[2].partition(" ·")[0]) or len(users)) == len(users)
    assert facts.kind.name == kind_words(state.poisoned, state.kind)
    assert (facts.kind.id == kinds.POISON) == state.poisoned == row.poisoned == bool(m.page(pfn) & pf.HWPOISON)
    by_now = impact_now(session, pfn)
    assert state.ends == by_now
    labels = {kind: {session.label_of(tgid) for tgid in by_now if by_now[tgid] == kind} for kind in by_now.values()}
    assert {fact.name: named(fact.value) for fact in facts.hits} == {
        impacts.IMPACTS[kind].meaning: len(who) for kind, who in labels.items()
    }
    fates = fates_now(session)
    errors = dict.fromkeys(op.outcome.pfn for op in reversed(session.operations) if op.name == "poison")
    if pfn in list(errors)[:MOST_ERRORS]:
        assert by_now.keys() <= fates.keys()
        assert all(impacts.rank(fates[tgid].kind) <= impacts.rank(kind) for tgid, kind in by_now.items())


@pytest.mark.parametrize(("name", "profile"), [(name, profile) for name in MACHINES for profile in ("v7", "6.1")])
def test_each_fact_is_the_same_wherever_it_is_shown(name: str, profile: str, seed: int = 1) -> None:
    session, random = opened(name, profile), Random(seed)
    known = Chips()
    for _ in range(MACHINES[name]):
        op, args = random_operation(random, session)
        before = Before(session, op, args, known)
        try:
            outcome = do(session, op, **args)
        except ScenarioError:
            continue
        operation = session.operations[-1]
        check_signals(session, operation, before)
        check_result(session, operation, before)
        if outcome.pfn is not None and 0 <= outcome.pfn < session.machine.frames:
            check_frame(session, outcome.pfn, outcome)
        if session.machine.panicked:
            break
