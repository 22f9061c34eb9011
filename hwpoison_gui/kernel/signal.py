"""Signals: sending, forcing, blocking, and their effect when the task next runs.

After kernel/signal.c. A signal is queued for one thread; get_signal() runs at the end of each operation, so no
process dies while the handler is still running.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Final

from hwpoison_gui.record import as_columns

from .block_list import Alike, BlockList
from .changes_alike import Each
from .gate import ABSENT
from .machine import Machine
from .mark import Act, Mark, MarksAlike, Run, Steps, in_runs, site, stretches
from .records import Delivery, Process, SigInfo, Task

HANDLED: Final = site("handle_signal", Act.SIGNAL, "handled", "comm signal code")
UNKILLABLE: Final = site("get_signal_to_deliver", Act.SIGNAL, "SIGNAL_UNKILLABLE", "comm signal code")

SIGNAL_NUMBERS: Final = {"SIGBUS": 7, "SIGKILL": 9, "SIGSEGV": 11}
_IGNORED: Final = {"ignored": "ignored", "unkillable": "dropped"}  # value of sig_task_ignored() -> effect


def disposition(process: Process, signal: str) -> str:
    """`default`, `handler` or `ignored`."""
    if signal == "SIGBUS":
        return process.sigbus
    return process.sigsegv if signal == "SIGSEGV" else "default"


def sig_task_ignored(m: Machine, process: Process, signal: str, force: bool = False) -> str:
    """sig_task_ignored(): why a signal that is not blocked is discarded when it is sent; empty if it is not.

    `ignored` by its disposition, or `unkillable`: an init gets no signal that it would die of by default. `force`: the
    kernel sends it (SEND_SIG_PRIV), which only the init of the machine survives if it is SIGKILL.
    """
    action = disposition(process, signal)
    forced = force and signal == "SIGKILL"
    if signal == "SIGKILL" and process.is_global_init and m.profile.has("init_ignores_sigkill"):
        return "unkillable"
    if action == "default" and process.unkillable and not forced:
        return "unkillable"
    return "ignored" if action == "ignored" else ""


def send_sig(m: Machine, tid: int, info: SigInfo, force: bool = False) -> str:
    """send_sig_info(): queue a signal that may be ignored or blocked. `force`: see sig_task_ignored().

    Returns `queued`, `pending` (blocked), `stopped` (waits as well), `ignored`, `unkillable`, or `dropped` because
    one is pending already (legacy_queue()) or the task is gone.
    """
    task = m.tasks.view[tid]
    process = m.processes.view[task.tgid]
    blocked = task.blocked and info.signal == "SIGBUS"
    if process.ended:
        return "dropped"
    why = "" if blocked else sig_task_ignored(m, process, info.signal, force)
    if why:
        deliver(m, tid, info, _IGNORED[why])
        return why
    waiting = m.pending.view.get(tid, ())
    if waiting and any(other.signal == info.signal for other in waiting):
        return "dropped"
    m.put(m.pending, tid, (*waiting, info))
    if blocked:
        deliver(m, tid, info, "pending")
        return "pending"
    if not deliverable(task, info):
        deliver(m, tid, info, "pending")
        return "stopped"
    return "queued"


def force_sig(m: Machine, tid: int, info: SigInfo) -> str:
    """force_sig_info(): a blocked or ignored signal is unblocked and gets its default action; no init is spared."""
    task = m.tasks.view[tid]
    process = m.processes.view[task.tgid]
    forced = process
    blocked = task.blocked and info.signal == "SIGBUS"
    if blocked:
        m.put(m.tasks, tid, task._replace(blocked=False))
    if blocked or disposition(process, info.signal) == "ignored":
        forced = _with_disposition(process, info.signal, "default")
    if disposition(forced, info.signal) == "default":
        forced = forced._replace(unkillable=False)
    if forced != process:
        m.put(m.processes, process.tgid, forced)
    return send_sig(m, tid, info)


def _with_disposition(process: Process, signal: str, value: str) -> Process:
    return process._replace(sigbus=value) if signal == "SIGBUS" else process._replace(sigsegv=value)


def deliver(m: Machine, tid: int, info: SigInfo, effect: str) -> None:
    """Record the effect of a signal (`Delivery`)."""
    m.put(m.deliveries, len(m.deliveries.view), Delivery(tid, info, effect))


def deliverable(task: Task, info: SigInfo) -> bool:
    """Return whether the thread takes the signal when it next runs: not if it blocks it or is stopped."""
    return not (task.blocked and info.signal == "SIGBUS") and (not task.stopped or info.signal == "SIGKILL")


def get_signal(m: Machine, tid: int | None = None) -> Steps[list[tuple[int, SigInfo]]]:
    """Let every task with a deliverable signal take it, or thread `tid` alone: handlers run, default actions kill.

    Returns (tgid, signal) of the processes that are to die; do_group_exit() ends them one by one, and until then
    their signals stay pending.
    """
    doomed: dict[int, SigInfo] = {}
    waiting = sorted(m.pending.view) if tid is None else [tid] if tid in m.pending.view else []
    yield from in_runs(m.gate, _take_signals(m, waiting, doomed))
    return list(doomed.items())


def _take_signals(m: Machine, tids: Sequence[int], doomed: dict[int, SigInfo]) -> Iterator[Mark | Run]:
    """Yield a mark for each handler that runs; add the processes that die to `doomed`, by tgid."""
    for part in stretches(tids):
        run = _take_alike(m, part, doomed)
        if run is not None:
            yield run
        else:
            yield from _take_each(m, part, doomed)


def _take_each(m: Machine, tids: Sequence[int], doomed: dict[int, SigInfo]) -> Iterator[Mark]:
    for tid in tids:
        task = m.tasks.view[tid]
        process = m.processes.view[task.tgid]
        for info in m.pending.view[tid]:
            effect = _effect_of(task, process, info)
            if effect == "pending" or process.tgid in doomed:
                continue
            if effect != "killed":  # else it dequeues the signal in a step of its own, and ends there
                _dequeue(m, tid, info)
            deliver(m, tid, info, effect)
            if effect == "killed":
                doomed[process.tgid] = info
            else:
                site = HANDLED if effect == "handled" else UNKILLABLE
                yield Mark(site, (process.comm, info.signal, info.code), tasks=(tid,))


def _take_alike(m: Machine, tids: Sequence[int], doomed: dict[int, SigInfo]) -> Run | None:
    """Many threads with one signal each, all of which run a handler or all of which die; None where they do not."""
    if len(tids) < 2:
        return None
    waiting = m.pending.of_each(tids)
    threads = m.threads_of(tids)
    tgids, comms = threads.process.tgid, threads.process.comm
    infos = list(chain.from_iterable(waiting))
    sent = as_columns(SigInfo, infos)
    if len(set(sent.signal)) > 1 or not doomed.keys().isdisjoint(tgids):
        return None  # otherwise a thread has one: a signal that waits already is dropped when it is sent
    effects = {_effect_of(threads.tasks[n], threads.processes[n], infos[n]) for n in threads.kinds}
    if effects not in ({"handled"}, {"killed"}):
        return None
    (effect,) = effects
    if effect == "killed" and len(set(tgids)) < len(tids):
        return None
    first = len(m.deliveries.view)
    delivered = Alike(Delivery, len(tids), tids, infos, repeat(effect))
    told = Each(m.deliveries, range(first, first + len(tids)), delivered)
    taken = Each(m.pending, tids, repeat(ABSENT, len(tids)))
    ends = m.gate.put_run(len(tids), (told,) if effect == "killed" else (taken, told))
    if effect == "killed":  # without a step here: they end in do_group_exit()
        doomed.update(zip(tgids, infos, strict=True))
        return Run((), ())
    return Run(BlockList.of(MarksAlike(HANDLED, (comms, sent.signal, sent.code), (), tids)), ends)


def _effect_of(task: Task, process: Process, info: SigInfo) -> str:
    """Return the effect of get_signal(): `handled`, `dropped`, `killed`; `pending` if the thread cannot take it now."""
    if not deliverable(task, info) or process.ended:
        return "pending"
    if disposition(process, info.signal) == "handler":
        return "handled"
    return "dropped" if process.unkillable and info.signal != "SIGKILL" else "killed"


def would_queue(m: Machine, task: Task, process: Process) -> bool:
    """Return whether send_sig() would queue SIGBUS for a thread without pending signals, and do nothing else."""
    return not (process.ended or task.blocked or task.stopped or sig_task_ignored(m, process, "SIGBUS"))


def _dequeue(m: Machine, tid: int, info: SigInfo) -> None:
    left = tuple([other for other in m.pending.view[tid] if other is not info])
    m.put(m.pending, tid, left or ABSENT)


def sigaction(m: Machine, tid: int, sigbus: str | None = None, sigsegv: str | None = None) -> None:
    """Set dispositions as sigaction() and sigprocmask() would.

    `blocked` installs a handler and blocks SIGBUS in this thread; any other value unblocks it. Ignoring a signal
    discards pending ones (do_sigaction()).
    """
    task = m.tasks.view[tid]
    process = m.processes.view[task.tgid]
    if sigbus is not None:
        m.put(m.tasks, tid, task._replace(blocked=sigbus == "blocked"))
        process = process._replace(sigbus="handler" if sigbus == "blocked" else sigbus)
    if sigsegv is not None:
        process = process._replace(sigsegv=sigsegv)
    m.put(m.processes, process.tgid, process)
    for thread in process.threads:
        for info in m.pending.view.get(thread, ()):
            if disposition(process, info.signal) == "ignored":
                _dequeue(m, thread, info)
