"""Inits: of the machine, whose death is a panic, and of PID namespaces, which end with them.

After kernel/signal.c sig_task_ignored() and force_sig_info(), kernel/exit.c, kernel/pid_namespace.c.
"""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.impacts import counted_hits
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.facts.operation_chips import result_in
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.crowd import MOST_MAPPERS
from hwpoison_gui.view.outcome.impact import find_before
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.prediction import class_of, predict
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.rows.tasks import task_row
from tests.view.outcome.previews import preview
from tests.workbench import do


def machine(profile: str, early_kill: int, *, container: bool = False, sigbus: str = "default") -> Session:
    """An init with a child; they share a page of anonymous memory. A second page is the init's alone."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="i", **({"newpid": True} if container else {"pid": 1}), sigbus=sigbus)
    do(session, "mmap", task="i", name="m", pages=2)
    do(session, "write", task="i", at="m+0")
    do(session, "fork", task="i", child="c", sigbus="default")
    do(session, "write", task="i", at="m+1")
    return session


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("early_kill", [0, 1])
@pytest.mark.parametrize(("container", "code", "way"), [
    (False, outcomes.INIT, impacts.PANICS), (True, outcomes.NAMESPACE, impacts.ENDS),
])  # fmt: skip
def test_it_is_foretold_as_it_happens(profile: str, early_kill: int, container: bool, code: int, way: str) -> None:
    session = machine(profile, early_kill, container=container)
    m, shared, own = session.machine, session.resolve_frame("i:m+0"), session.resolve_frame("i:m+1")
    init, child = (session.world.process(name).tgid for name in "ic")
    assert Assessment.of(m).classes()[[shared, own]].tolist() == [code, code]
    assert predict(m, own).code == code and predict(m, own).hits == {way: [init], impacts.SAFE: [child]}
    ahead = predict(m, shared)
    assert ahead.code == code and ahead.hits == {way: [init], impacts.DEAD if early_kill else impacts.LATER: [child]}
    do(session, "poison", frame="i:m+0")
    loss = loss_of(session, session.operations[-1])
    assert loss is not None and loss.names()[way] == [f"i:{init}"] and impact_now(session, shared)[init] == way
    assert not session.machine.panicked and session.world.process("i")
    do(session, "read", task="i", at="m+0")
    assert m.panicked is not container and m.processes.view[init].end == "SIGBUS (BUS_MCEERR_AR)"
    assert bool(m.processes.view[child].ended) is (container or bool(early_kill))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("early_kill", [0, 1])
def test_an_init_with_a_handler_is_as_anybody(profile: str, early_kill: int) -> None:
    session = machine(profile, early_kill, sigbus="handler")
    pfn = session.resolve_frame("i:m+1")
    assert predict(session.machine, pfn).code == (outcomes.EARLY if early_kill else outcomes.LATE)
    do(session, "sigaction", task="i", sigbus="blocked")
    assert predict(session.machine, pfn).code == outcomes.INIT == Assessment.of(session.machine).classes()[pfn]


def test_the_words_before() -> None:
    session = machine("6.1", 1)
    frames = [session.resolve_frame(f"i:m+{page}") for page in range(2)]
    assert [preview(session.machine, pfn) for pfn in frames] == [
        "If it broke: kills 1 now (c:101); panics the kernel when touched (i:1); loses 4 KiB of anonymous memory",
        "If it broke: panics the kernel when touched (i:1); loses 4 KiB of anonymous memory",
    ]
    inside = machine("6.1", 0, container=True)
    assert preview(inside.machine, inside.resolve_frame("i:m+1")) == (
        "If it broke: ends 1 PID namespace when touched (i:101); loses 4 KiB of anonymous memory"
    )


@pytest.mark.parametrize(("container", "said", "touched", "chip"), [
    (False, "the kernel panics when {i} touches it", "SIGBUS killed {i}; without init the kernel cannot go on; "
     "step back, or start a new machine.", "1 process panics the kernel on touch"),
    (True, "{i} dies on touch, and its PID namespace with it", "SIGBUS killed {i}; SIGKILL killed c:102.",
     "1 dies on touch with its PID namespace"),
])  # fmt: skip
def test_the_words_afterwards(container: bool, said: str, touched: str, chip: str) -> None:
    session = machine("6.1", 1, container=container)
    i = session.world.process("i").label
    do(session, "poison", frame="i:m+1")
    assert verdict(session, session.operations[-1]) == (
        f"Recovered (dirty LRU page): the machine runs on; SIGBUS for {i} is dropped, as it is an init; "
        f"{said.format(i=i)}; 4 KiB of anonymous memory is lost."
    )
    assert result_in(session, session.operations[-1]) == (f"Recovered, {chip}, data lost", "warn")
    do(session, "read", task="i", at="m+1")
    assert verdict(session, session.operations[-1]) == touched.format(i=i) == sentence_of(session).text


def test_the_words_of_the_steps() -> None:
    session = machine("v7", 1, container=True)
    for op, args in (("poison", {"frame": "i:m+1"}), ("read", {"task": "i", "at": "m+1"})):
        do(session, op, **args)
    said = []
    for position in range(session.operations[-2].first + 1, len(session.steps) + 1):
        session.seek(position)
        said.append(sentence_of(session).text)
    text = " ".join(said)
    assert "dropped, as it is an init without a handler for it (SIGNAL_UNKILLABLE)" in text
    assert "i:101 was the init of a PID namespace, which ends with it: 1 process left in it, each killed" in text


def test_init_that_exits() -> None:
    session = machine("6.1", 1)
    do(session, "exit", task="i")
    assert verdict(session, session.operations[-1]).startswith("Init exited; without init the kernel cannot go on")
    assert task_row(session.machine, 1).state == "exited" and session.machine.panicked


def test_several_inits_at_once() -> None:
    assert counted_hits([impacts.ENDS, impacts.ENDS, impacts.PANICS]) == [
        "1 process panics the kernel on touch",
        "2 die on touch with their PID namespaces",
    ]


def test_init_of_a_recorded_server() -> None:
    """The page of init that a scrubber finds broken: the machine runs on until init touches it."""
    session = Session(machine_from_image(open_recording(resources.path("machines/server.npz")), PROFILES["6.1"]))
    m = session.machine
    assert m.processes.view[1].comm == "init" and m.processes.view[1].unkillable
    assert preview(m, 0x6202).startswith("If it broke: panics the kernel when touched (init:1)")
    assert Assessment.of(m).classes()[0x6202] == outcomes.INIT
    do(session, "poison", frame="pfn:0x6202")
    assert not m.panicked
    (address,) = [vpn << 12 for vpn, entry in m.ptes.of(1).items() if entry >> 12 == 0x6202]
    do(session, "read", task="init", at=session.address_name("init", address))
    assert m.panicked
    assert session.operations[-1].outcome.log[-1] == (
        "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000007"
    )


def test_an_init_among_very_many_users() -> None:
    """The handler is run for one process of each sort only; an init is a sort of its own."""
    session = machine("6.1", 1)
    for number in range(MOST_MAPPERS + 5):
        do(session, "fork", task="i", child=f"k{number}", newpid=number == 7)
    ahead = predict(session.machine, session.resolve_frame("i:m+1"))
    assert ahead.code == outcomes.INIT and ahead.hits[impacts.PANICS] == [1]
    assert len(ahead.hits[impacts.ENDS]) == 1 and len(ahead.hits[impacts.DEAD]) == MOST_MAPPERS + 4


def test_frames_are_found_by_what_becomes_of_an_init() -> None:
    session = machine("6.1", 0)
    classes = Assessment.of(session.machine).classes()
    found = parse("outcome:init")
    assert found is not None
    frames = found.match(session.machine, lambda lens: classes).frames
    assert frames is not None
    assert set(np.flatnonzero(frames).tolist()) == {session.resolve_frame(f"i:m+{page}") for page in (0, 1)}


def test_whose_death_ends_a_namespace() -> None:
    session = machine("6.1", 1, container=True)
    m, pfn = session.machine, session.resolve_frame("i:m+0")
    init, child = (session.world.process(name).tgid for name in "ic")
    before = to_the_end(find_before(m, pfn))
    with dry_run(m, pfn) as ran:
        assert ran.signals
        for hits, code in (
            ({init: impacts.ENDS}, outcomes.NAMESPACE), ({init: impacts.DEAD}, outcomes.NAMESPACE),
            ({child: impacts.DEAD}, outcomes.EARLY), ({init: impacts.SIGNALLED, child: impacts.DEAD}, outcomes.EARLY),
        ):  # fmt: skip
            assert class_of(m, before, ran, hits, True) == code, hits


@pytest.mark.parametrize(("container", "code"), [(False, outcomes.INIT), (True, outcomes.STUCK)])
def test_the_most_severe_outcome_of_a_page_that_stays_with_its_users_counts(container: bool, code: int) -> None:
    """A pinned page of shared memory is Failed since extra_pins of me_pagecache_clean(), and unmapped all the same."""
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/dev/shm/s", pages=1, filesystem="tmpfs")
    do(session, "task", name="i", **({"newpid": True} if container else {"pid": 1}))
    do(session, "mmap", task="i", name="m", pages=1, file="/dev/shm/s", shared=True)
    do(session, "write", task="i", at="m+0", value="x")
    do(session, "pin", frame="/dev/shm/s@0")
    m, pfn = session.machine, session.resolve_frame("i:m+0")
    ahead = predict(m, pfn)
    assert (ahead.result, ahead.code) == ("Failed", code) and Assessment.of(m).classes()[pfn] == code
    init = session.world.process("i").tgid
    assert ahead.hits == {impacts.ENDS if container else impacts.PANICS: [init]}
    before = to_the_end(find_before(m, pfn))
    with dry_run(m, pfn) as ran:
        killed = class_of(m, before, ran, {init: impacts.DEAD}, True)
    assert killed == (outcomes.STUCK if container else outcomes.PANICS)
