"""Machines for the net under the signature: odd ones, and such as no kernel would make but a recording may show."""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from tests.workbench import do

_FLAGS: Final = (
    pf.DIRTY, pf.LRU, pf.ACTIVE, pf.UNEVICTABLE, pf.MLOCKED, pf.WRITEBACK, pf.LOCKED, pf.PRIVATE, pf.UPTODATE,
    pf.REFERENCED, pf.ERROR,
)  # fmt: skip
_POLICIES: Final = ("default", "early", "late")
_FILES: Final = {"f": ("/f", "ext4"), "s": ("/dev/shm/s", "tmpfs"), "n": ("/n", "nofs")}


def with_huge_pages(profile: str, rng: np.random.Generator) -> Session:
    """A process and five descendants who share pages of every sort, as chance has it: of files, anonymous, swapped
    out and in, merged, huge and split."""
    session = Session.fresh(
        1 << 13, profile=profile, huge_pages=2, sysctl={"memory_failure_early_kill": int(rng.integers(2))}
    )
    thp = session.machine.profile.has("transparent_hugepages")
    for path, filesystem in _FILES.values():
        do(session, "file", path=path, pages=8, filesystem=filesystem)
    do(session, "task", name="a", **({"pid": 1} if rng.random() < 0.5 else {}))
    for name, (path, _) in _FILES.items():
        do(session, "mmap", task="a", name=name, pages=8, file=path, shared=True)
    do(session, "mmap", task="a", name="p", pages=8, file="/f")
    do(session, "mmap", task="a", name="m", pages=16)
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb", shared=True)
    do(session, "write", task="a", at="h+0", value="h")
    if thp:
        do(session, "mmap", task="a", name="t", pages=1024, huge="thp")
        do(session, "mmap", task="a", name="u", pages=512, huge="thp", shared=True)
        for at in ("t+0", "t+512", "u+3"):
            do(session, "write", task="a", at=at, value="t")
    _touch(session, "a", rng, 0.7)
    for number in range(5):
        do(session, "fork", task="a" if number < 3 else "c1", child=f"c{number}", newpid=bool(rng.random() < 0.3))
        _touch(session, f"c{number}", rng, 0.3)
        if thp and rng.random() < 0.5:
            do(session, "write", task=f"c{number}", at=f"t+{512 + int(rng.integers(512))}", value="q")
    for name in ("a", "c1", "c2", "c3", "c4"):
        do(session, "prctl", task=name, mce_kill=_POLICIES[rng.integers(3)])
    mergers = ("a", "c2", "c3", "c4") if thp else ()
    for name, advice in (
        *((name, "pageout") for name in ("a", "c1", "c2")),
        *((name, "mergeable") for name in mergers),
    ):
        for page in np.flatnonzero(rng.random(16) < 0.4).tolist():
            do(session, "madvise", task=name, at=f"m+{page}", pages=1, advice=advice)
    for page in np.flatnonzero(rng.random(16) < 0.4).tolist():
        do(session, "swapin", task="c1", at=f"m+{page}")
    return session


def _touch(session: Session, task: str, rng: np.random.Generator, how_many: float) -> None:
    for area, pages in (("f", 8), ("s", 8), ("n", 8), ("p", 8), ("m", 16)):
        for page in np.flatnonzero(rng.random(pages) < how_many).tolist():
            value = {"value": "ABCDE"[page % 5]} if rng.random() < 0.5 else {}
            do(session, "write" if value else "read", task=task, at=f"{area}+{page}", **value)


def scramble(m: Machine, rng: np.random.Generator) -> None:
    """Change flags, counts, entries, VMAs and policies at random, as if recorded while the machine ran, and in part."""
    words = m.flags.view & np.uint64(pf.LRU | pf.SWAPCACHE | pf.HUGE | pf.THP)
    used = np.flatnonzero((m.mapcount.view > 0) | (words != 0) & (m.refcount.view > 0))
    for pfn in used[rng.random(len(used)) < 0.5].tolist():
        flag = _FLAGS[rng.integers(len(_FLAGS))]
        if flag == pf.PRIVATE:  # buffers have a reference of their own
            m.add_to(m.refcount, m.compound_head(pfn), -1 if m.page(pfn) & flag else 1)
        m.put(m.flags, pfn, m.page(pfn) ^ flag)
    for pfn in used[rng.random(len(used)) < 0.15].tolist():
        m.add_to(m.refcount, m.compound_head(pfn), 1)
    for pfn in used[rng.random(len(used)) < 0.1].tolist():
        if not m.page(pfn) & pf.HUGE:  # all frames of hugetlb's pages are mapped as often
            m.add_to(m.mapcount, pfn, 1)
            m.add_to(m.refcount, m.compound_head(pfn), 1)
    hidden = rng.choice([0.1, 0.6])
    for mm in tuple(m.ptes.view):
        for vpn, entry in tuple(m.ptes.of(mm).items()):
            if rng.random() < hidden:
                m.delete(m.ptes, (mm, vpn))  # whoever recorded it was not allowed to see this one
            elif entry & ptes.PRESENT and rng.random() < 0.3:
                m.put(m.ptes, (mm, vpn), entry ^ (ptes.DIRTY if rng.random() < 0.5 else ptes.RW))
    for vma in tuple(m.vmas.view.values()):
        if rng.random() < 0.15:
            m.put(m.vmas, vma.id, vma._replace(prot="none"))
    for process in tuple(m.processes.view.values()):
        sigbus = ("default", "handler", "ignored")[rng.integers(3)]
        m.put(m.processes, process.tgid, process._replace(sigbus=sigbus))
        for tid in process.threads:
            policy = _POLICIES[rng.integers(3)]
            m.put(m.tasks, tid, m.tasks.view[tid]._replace(mce_kill=policy, blocked=bool(rng.random() < 0.2)))
    m.gate.take()
