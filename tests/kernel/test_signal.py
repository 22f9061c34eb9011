"""Signals: who is told, who may refuse, and who dies when it runs again.

After kernel/signal.c: send_sig_info(), force_sig_info(), legacy_queue(), do_sigaction(), get_signal().
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import SigInfo
from hwpoison_gui.kernel.signal import deliverable, disposition, force_sig, get_signal, send_sig, sigaction, would_queue
from hwpoison_gui.session.errors import ScenarioError
from tests.workbench import Workbench, run

BUS = SigInfo("SIGBUS", "BUS_MCEERR_AO", 0x1000, 12)
SEGV = SigInfo("SIGSEGV", "SEGV_MAPERR", 0x2000)
KILL = SigInfo("SIGKILL", "SI_KERNEL")


def process(sigbus: str = "default", threads: int = 1) -> tuple[Machine, int]:
    bench = Workbench()
    bench.do("task", name="t", sigbus=sigbus, threads=threads)
    return bench.m, bench.session.world.process("t").tgid


def effects(m: Machine) -> list[str]:
    return [delivery.effect for delivery in m.deliveries.view.values()]


def stop(m: Machine, tid: int) -> None:

    m.put(m.tasks, tid, m.tasks.view[tid]._replace(stopped=True))


@pytest.mark.parametrize("sigbus, sent, taken, dies", (
    ("default", "queued", "killed", True), ("handler", "queued", "handled", False),
    ("ignored", "ignored", "ignored", False), ("blocked", "pending", "pending", False),
))  # fmt: skip
def test_a_signal_is_taken_as_the_process_has_it(sigbus: str, sent: str, taken: str, dies: bool) -> None:
    m, tid = process(sigbus)
    assert send_sig(m, tid, BUS) == sent
    doomed = run(get_signal(m))
    assert doomed == ([(tid, BUS)] if dies else [])
    assert effects(m) == [taken]
    assert (tid in m.pending.view) is (dies or sigbus == "blocked"), "one that dies takes it in a step of its own"


@pytest.mark.parametrize("sigbus, left", (("default", "default"), ("handler", "handler"), ("ignored", "default"),
                                          ("blocked", "default")))  # fmt: skip
def test_a_forced_signal_cannot_be_refused(sigbus: str, left: str) -> None:
    """force_sig_info_to_task(): who blocks or ignores it gets the default action, and is unblocked."""
    m, tid = process(sigbus)
    assert force_sig(m, tid, BUS) == "queued"
    assert m.processes.view[tid].sigbus == left and not m.tasks.view[tid].blocked
    assert bool(run(get_signal(m))) is (left == "default")
    assert effects(m) == ["killed" if left == "default" else "handled"]


def test_sigbus_and_sigsegv_have_dispositions_and_nothing_else() -> None:
    m, tid = process("ignored")
    sigaction(m, tid, sigsegv="handler")
    found = m.processes.view[tid]
    assert [disposition(found, name) for name in ("SIGBUS", "SIGSEGV", "SIGKILL")] == ["ignored", "handler", "default"]
    assert force_sig(m, tid, SEGV) == "queued" and m.processes.view[tid].sigbus == "ignored"


def test_a_forced_segv_that_is_ignored_takes_the_default_of_sigsegv_alone() -> None:
    m, tid = process("ignored")
    sigaction(m, tid, sigsegv="ignored")
    force_sig(m, tid, SEGV)
    assert (m.processes.view[tid].sigbus, m.processes.view[tid].sigsegv) == ("ignored", "default")


def test_one_of_a_kind_waits_at_a_time() -> None:
    """legacy_queue(): a second one is dropped, another signal is not."""
    m, tid = process()
    assert [send_sig(m, tid, info) for info in (BUS, BUS._replace(address=9), SEGV)] == ["queued", "dropped", "queued"]
    assert send_sig(m, tid, BUS) == "dropped"
    assert m.pending.view[tid] == (BUS, SEGV)


def test_blocking_is_of_sigbus_alone() -> None:
    m, tid = process("blocked")
    assert (send_sig(m, tid, BUS), send_sig(m, tid, SEGV)) == ("pending", "queued")
    assert run(get_signal(m)) == [(tid, SEGV)], "what is blocked stands in nobody's way"


@pytest.mark.parametrize("info, takes", ((BUS, False), (SEGV, False), (KILL, True)))
def test_a_stopped_thread_takes_only_sigkill(info: SigInfo, takes: bool) -> None:
    m, tid = process()
    stop(m, tid)
    assert deliverable(m.tasks.view[tid], info) is takes
    assert send_sig(m, tid, info) == ("queued" if takes else "stopped")
    assert effects(m) == ([] if takes else ["pending"])
    assert run(get_signal(m)) == ([(tid, info)] if takes else [])


def test_the_dead_are_told_nothing() -> None:
    bench = Workbench()
    bench.do("task", name="t")
    m, tid = bench.m, bench.session.world.process("t").tgid
    bench.do("exit", task="t")
    assert send_sig(m, tid, BUS) == "dropped" and not m.pending.view and not effects(m)


def test_a_process_dies_once_of_what_its_first_thread_takes() -> None:
    m, tgid = process(threads=3)
    first, second, third = m.processes.view[tgid].threads
    for tid, info in ((third, SEGV), (second, BUS), (second, KILL)):
        send_sig(m, tid, info)
    assert run(get_signal(m)) == [(tgid, BUS)]
    assert effects(m) == ["killed"]
    assert m.pending.view == {second: (BUS, KILL), third: (SEGV,)}, "do_group_exit() flushes them"
    assert first not in m.pending.view


def test_a_handler_runs_for_each_signal_and_thread() -> None:
    m, tgid = process("handler", threads=2)
    sigaction(m, tgid, sigsegv="handler")
    for tid in m.processes.view[tgid].threads:
        send_sig(m, tid, BUS)
        send_sig(m, tid, SEGV)
    assert run(get_signal(m)) == [] and effects(m) == ["handled"] * 4 and not m.pending.view


# -- sigaction


def test_ignoring_discards_what_waits_in_every_thread() -> None:
    """do_sigaction(): flush_sigqueue_mask() of all threads, of that signal alone."""
    m, tgid = process("blocked", threads=2)
    for tid in m.processes.view[tgid].threads:
        sigaction(m, tid, sigbus="blocked")
        send_sig(m, tid, BUS)
        send_sig(m, tid, SEGV)
    sigaction(m, tgid, sigbus="ignored")
    assert m.pending.view == dict.fromkeys(m.processes.view[tgid].threads, (SEGV,))


def test_blocking_installs_a_handler_and_unblocking_lets_it_run() -> None:
    m, tid = process()
    sigaction(m, tid, sigbus="blocked")
    assert (m.processes.view[tid].sigbus, m.tasks.view[tid].blocked) == ("handler", True)
    send_sig(m, tid, BUS)
    assert run(get_signal(m)) == []
    sigaction(m, tid, sigbus="handler")
    assert not m.tasks.view[tid].blocked
    assert run(get_signal(m)) == [] and effects(m) == ["pending", "handled"]


def test_only_what_is_named_is_set() -> None:
    m, tid = process("blocked")
    sigaction(m, tid, sigsegv="handler")
    assert m.tasks.view[tid].blocked and m.processes.view[tid].sigbus == "handler"
    sigaction(m, tid, sigbus="default")
    assert m.processes.view[tid].sigsegv == "handler" and not m.tasks.view[tid].blocked


def test_nothing_is_queued_for_a_stopped_thread_at_once() -> None:
    m, tid = process("handler")
    task, owner = m.tasks.view[tid], m.processes.view[tid]
    assert would_queue(m, task, owner) and not would_queue(m, task._replace(stopped=True), owner)


def test_a_signal_behind_a_blocked_one_is_taken() -> None:
    m, tid = process("blocked")
    sigaction(m, tid, sigsegv="handler")
    assert (send_sig(m, tid, BUS), send_sig(m, tid, SEGV)) == ("pending", "queued")
    assert run(get_signal(m)) == []
    assert m.pending.view[tid] == (BUS,) and effects(m) == ["pending", "handled"]


def init(profile: str, pid: int = 1, sigbus: str = "default") -> tuple[Machine, int]:
    """The init of the machine, or with another pid that of a PID namespace."""
    bench = Workbench(profile)
    bench.do("task", name="init", pid=pid, newpid=pid != 1, sigbus=sigbus)
    return bench.m, pid


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("pid", [1, 77])
def test_an_init_gets_no_signal_that_it_would_die_of(profile: str, pid: int) -> None:
    m, tid = init(profile, pid)
    assert not would_queue(m, m.tasks.view[tid], m.processes.view[tid])
    assert send_sig(m, tid, BUS) == "unkillable" and send_sig(m, tid, KILL) == "unkillable"
    assert effects(m) == ["dropped", "dropped"] and not m.pending.view
    assert run(get_signal(m)) == []


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("sigbus, effect", [("handler", "handled"), ("ignored", "ignored"), ("blocked", "pending")])
def test_an_init_takes_other_signals_as_anybody_does(sigbus: str, effect: str, profile: str) -> None:
    m, tid = init(profile, sigbus=sigbus)
    send_sig(m, tid, BUS)
    assert run(get_signal(m)) == [] and effects(m) == [effect]


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("sigbus", ["default", "ignored", "blocked"])
def test_a_forced_signal_makes_an_init_killable(sigbus: str, profile: str) -> None:
    m, tid = init(profile, sigbus=sigbus)
    assert m.processes.view[tid].unkillable
    assert force_sig(m, tid, BUS) == "queued"
    assert not m.processes.view[tid].unkillable
    assert run(get_signal(m)) == [(tid, BUS)]


def test_a_handler_keeps_an_init_unkillable() -> None:
    m, tid = init("6.1", sigbus="handler")
    force_sig(m, tid, BUS)
    assert m.processes.view[tid].unkillable and run(get_signal(m)) == []


@pytest.mark.parametrize("sigbus, sent", [("blocked", "pending"), ("handler", "queued")])
def test_a_signal_that_waits_is_dropped_when_an_init_has_no_handler_any_more(sigbus: str, sent: str) -> None:
    m, tid = init("6.1", sigbus=sigbus)
    assert send_sig(m, tid, BUS) == sent
    sigaction(m, tid, sigbus="default")
    assert run(get_signal(m)) == [] and not m.pending.view
    assert effects(m)[-1] == "dropped"


@pytest.mark.parametrize(
    ("profile", "pid", "sent"),
    [("v7", 1, "unkillable"), ("v7", 77, "unkillable"), ("6.1", 1, "unkillable"), ("6.1", 77, "queued")],
)
def test_sigkill_from_the_kernel(profile: str, pid: int, sent: str) -> None:
    """6.1 sends it with SEND_SIG_PRIV: the init of a namespace dies of it, that of the machine does not."""
    m, tid = init(profile, pid)
    assert send_sig(m, tid, KILL, force=profile != "v7") == sent


@pytest.mark.parametrize(("profile", "dies"), [("v7", True), ("6.1", False)])
def test_sigkill_that_is_forced(profile: str, dies: bool) -> None:
    """2.6.32 forces it (force_sig()); since sig_task_ignored() asks for it, the init of the machine never gets it."""
    m, tid = init(profile)
    force_sig(m, tid, KILL)
    assert bool(run(get_signal(m))) is dies


def test_only_an_init_is_unkillable() -> None:
    bench = Workbench()
    bench.do("task", name="init", pid=1)
    bench.do("fork", task="init", child="child")
    bench.do("fork", task="child", child="nested", newpid=True)
    bench.do("fork", task="nested", child="inner")
    by = {one.name: one for one in bench.m.processes.view.values()}
    assert {name: one.unkillable for name, one in by.items()} == {
        "a": False, "init": True, "child": False, "nested": True, "inner": False
    }  # fmt: skip
    assert by["inner"].pid_ns == by["nested"].pid_ns == (by["nested"].tgid,) and by["child"].pid_ns == ()


def test_a_pid_is_given_once() -> None:
    bench = Workbench()
    bench.do("task", name="init", pid=1)
    with pytest.raises(ScenarioError, match="pid 1 is in use"):
        bench.do("task", name="other", pid=1)
