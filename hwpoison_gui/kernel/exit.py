"""The end of processes: exit, death by a signal, and the end of a PID namespace with its init.

After kernel/exit.c and kernel/pid_namespace.c; close_fd() after fs/file.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .exit_mmap import exit_mmap
from .gup import release_pins
from .machine import Machine
from .mark import Act, Mark, Steps, in_runs, site
from .mmap import put_file
from .records import SI_KERNEL, Process, SigInfo
from .signal import SIGNAL_NUMBERS, deliver

EXITED: Final = site("do_exit", Act.DIE, args="comm tgid signal code")
INIT_DIED: Final = site("panic", Act.PANIC, args="comm signal code", name="init died")
ZAPPED: Final = site("zap_pid_ns_processes", Act.SIGNAL, args="init left")


def do_exit(m: Machine, tgid: int, by: SigInfo | None = None) -> Steps[None]:
    """End a process, and the PID namespace of which it is the init. The kernel panics if it is the init of the machine.

    `by` is the signal that killed it, None if it exits; its number is the wait status. 2.6.32 frees the memory of init
    before it panics (exit_notify()), 6.1 does not; the machine stops either way, and here it stays as it was.
    """
    process = m.processes.view[tgid]
    if process.is_global_init:
        _flush_signals(m, process)
        m.put(m.processes, tgid, _ended(process, by))
        m.printk(m.profile.log.init_died.format(code=SIGNAL_NUMBERS[by.signal] if by else 0), fatal=True)
        m.put(m.counters, "panic", 1)
        yield Mark(INIT_DIED, (process.comm, *_signal(by)), tasks=process.threads)
        return
    yield _end(m, process, by)
    if process.is_namespace_init:
        yield from zap_pid_ns_processes(m, process)


def zap_pid_ns_processes(m: Machine, init: Process) -> Steps[None]:
    """Kill what is left in a PID namespace whose init has died, nested namespaces included."""
    left = [process for process in m.living() if init.tgid in process.pid_ns]
    yield Mark(ZAPPED, (init.label, len(left)), tasks=tuple(process.tgid for process in left))
    for process in left:
        info = SigInfo("SIGKILL", SI_KERNEL)
        deliver(m, process.tgid, info, "killed")
        yield _end(m, process, info)


def _end(m: Machine, process: Process, by: SigInfo | None) -> Mark:
    """Free the mappings, page tables and open files of a process. Its record stays, as a zombie's does."""
    tgid = process.tgid
    exit_mmap(m, process.mm)
    release_pins(m, tgid)
    for fd in sorted(m.fds.of(tgid)):
        close_fd(m, tgid, fd)
    _flush_signals(m, process)
    m.put(m.processes, tgid, _ended(process, by)._replace(mm=0))
    return Mark(EXITED, (process.comm, tgid, *_signal(by)), tasks=process.threads)


def _flush_signals(m: Machine, process: Process) -> None:
    for tid in process.threads:
        if tid in m.pending.view:
            m.delete(m.pending, tid)


def close_fd(m: Machine, tgid: int, fd: str) -> None:
    """close(): remove a descriptor; the last one of an open file description closes it."""
    description = m.fds.of(tgid)[fd]
    m.delete(m.fds, (tgid, fd))
    put_file(m, description)


def do_group_exit(m: Machine, doomed: list[tuple[int, SigInfo]]) -> Steps[None]:
    """End the processes that get_signal() found to be killed, given as (tgid, signal)."""
    yield from in_runs(m.gate, _exit_each(m, doomed))


def _exit_each(m: Machine, doomed: Sequence[tuple[int, SigInfo]]) -> Steps[None]:
    for tgid, info in doomed:
        if not m.panicked and not m.processes.view[tgid].ended:
            yield from do_exit(m, tgid, info)


def _ended(process: Process, by: SigInfo | None) -> Process:
    signal, code = _signal(by)
    return process._replace(ended=signal or "exit", end_code=code)


def _signal(by: SigInfo | None) -> tuple[str, str]:
    """A signal and its code; empty for none."""
    return (by.signal, by.code) if by is not None else ("", "")
