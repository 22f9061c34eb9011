"""Properties that hold for any program of operations, found or refuted by hypothesis."""

from __future__ import annotations

import os

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.rmap import rmap_vmas
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.session import Session
from tests import invariants
from tests.programs import KINDS_OF_PROGRAM, Act, Kind, Op, fresh, prepared, with_defaults

# As deep as is asked for: the default is for every run, thousands find more.
EXAMPLES = int(os.environ.get("HWPOISON_EXAMPLES", "25"))


def _strategy(act: Act) -> st.SearchStrategy[Op]:
    keys = {key: st.sampled_from(values) for key, values in act.choices.items()}
    return st.tuples(st.just(act.op), st.fixed_dictionaries(keys))


OPERATIONS = {kind: st.one_of([_strategy(act) for act in acts]) for kind, acts in KINDS_OF_PROGRAM.items()}
PROGRAMS = {kind: st.lists(operation, min_size=5, max_size=60) for kind, operation in OPERATIONS.items()}
deep = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


# The handlers themselves take hold of the frame that they poison.
HANDLERS = ("poison", "soft_offline")


@pytest.fixture(
    params=sorted(KINDS_OF_PROGRAM),
    name="kind",
    scope="module",
    ids=lambda kind: f"{kind[0]}-{'huge' if kind[1] else 'small'}",
)
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@deep
@given(data=st.data())
def test_what_holds_of_any_program(kind: Kind, data: st.DataObject) -> None:
    """Every property is asked of the same programs: to make a machine and run one costs more than to ask."""
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    digests = {session.position: session.machine.gate.digest()}
    kept = data.draw(st.sets(st.integers(0, len(program) - 1), max_size=6))
    for number, (name, args) in enumerate(program):
        concerned = _concerned(session, args.get("frame")) if name == "poison" else None
        alive = {p.name for p in session.machine.living()}
        try:
            outcome = session.act(name, with_defaults(name, args))
        except ScenarioError:
            continue
        invariants.check(session.machine)
        if number in kept:
            digests[session.position] = session.machine.gate.digest()
        _nobody_dies_or_is_signalled_without_a_cause(session.machine, (name, args), alive, concerned, outcome)
    digests[session.position] = session.machine.gate.digest()
    _walking_anywhere_and_back_gives_the_same_machine(session, data, digests)
    session.seek(len(session.steps))
    session.act("alloc", {"frames": session.machine.frames})
    _no_poisoned_frame_is_ever_handed_out(session)
    _a_replay_gives_the_same_machine(session, kind)


def _walking_anywhere_and_back_gives_the_same_machine(
    session: Session, data: st.DataObject, digests: dict[int, str]
) -> None:
    for _ in range(6):
        position = data.draw(st.sampled_from(sorted(digests)))
        session.seek(data.draw(st.integers(0, len(session.steps))))
        session.seek(position)
        assert session.machine.gate.digest() == digests[position]


def _a_replay_gives_the_same_machine(session: Session, kind: Kind) -> None:
    again = fresh(kind)
    for operation in session.operations:
        assert again.act(operation.name, operation.args, operation.telling) == operation.outcome
    assert again.machine.gate.digest() == session.machine.gate.digest()


def _no_poisoned_frame_is_ever_handed_out(session: Session) -> None:
    poisoned: set[int] = set()
    for operation in session.operations:
        assert not operation.outcome.handed_out & poisoned
        for step in session.steps[operation.first : operation.last]:
            for store, key, old, new in step.changes:
                if store is session.machine.refcount and old == 0 and operation.name not in HANDLERS:
                    assert key not in poisoned, f"frame {key:#x} got its first reference in {operation.name}"
                if store is session.machine.flags:
                    poisoned.add(key) if new & pf.HWPOISON else poisoned.discard(key)


def _nobody_dies_or_is_signalled_without_a_cause(
    m: Machine, operation: Op, alive: set[str], concerned: set[str] | None, outcome: Outcome
) -> None:
    """`alive`: who was before; `concerned`: who may be signalled for an error, None if there was none."""
    name, args = operation
    killed = {seen.task for seen in outcome.signals if seen.effect == "killed"}
    dead = alive - {p.name for p in m.living()}
    assert dead == killed | ({args["task"]} if name == "exit" else set())
    if concerned is not None:
        # Who consumed the error is told, whoever else has the page.
        assert {seen.task for seen in outcome.signals} <= concerned | {args.get("task")} | _in_namespaces(m, dead)
    if name == "exit":
        assert killed <= _in_namespaces(m, dead)
    elif name not in ("poison", "read", "write", "sigaction"):
        assert not outcome.signals


def _in_namespaces(m: Machine, inits: set[str]) -> set[str]:
    """Tasks in the PID namespaces of which one of these is the init."""
    tgids = {process.tgid for process in m.processes.view.values() if process.name in inits}
    return {process.name for process in m.processes.view.values() if tgids & set(process.pid_ns)}


def _concerned(session: Session, frame: str | None) -> set[str]:
    """Tasks that have a VMA over the page, by the model's reverse map, plus the task that is named."""
    m = session.machine
    try:
        pfn = session.resolve_frame(frame or "")
    except ScenarioError:
        return {p.name for p in m.processes.view.values()}
    return {session.machine.processes.view[vma.mm].name for vma in rmap_vmas(m, pfn)}
