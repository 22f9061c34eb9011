"""What an error really does to each process: a frame is broken, and then each of its users reads the page.

Tests compare predictions and the reported loss with it. All machines, each kind of frame in all settings:
`.venv/bin/python -m tests.truth`, or with names of machines; `every` in front asks each frame that has a user.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import ZERO, content_of, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import BUS_MCEERR_AR, HPAGE_PMD_NR, MAX_ORDER, PAGE_SHIFT
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.session.fidelity.agreement import session_of
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base import hits
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.loss import Loss, loss_of
from hwpoison_gui.view.outcome.prediction import predict
from tests.paths import DATA
from tests.workbench import do

# Results of a read.
DIES: Final = "dies"
TOLD: Final = "told"
USES: Final = "uses"  # the broken frame
STALE: Final = "stale"
ZEROS: Final = "zeros"
SAME: Final = "same"
_WORST_FIRST: Final = (DIES, TOLD, USES, STALE, ZEROS, SAME)

# The result of a read that an impact implies; of other impacts a read says nothing.
READS: Final = {
    hits.IGNORED: DIES, hits.LATER: DIES, hits.CAUGHT: TOLD, hits.USES: USES, hits.STALE: STALE, hits.ZEROS: ZEROS,
    hits.SAFE: SAME,
}  # fmt: skip


class Read(NamedTuple):
    """One read by a process: whether it died or was told of poison, what it got and from which frame."""

    dead: bool
    told: bool
    value: str | None
    frame: int


class Truth(NamedTuple):
    """`ends`: name of a process that lived on -> what its worst read came to; `loss` is what the view reports."""

    outcome: Outcome
    loss: Loss | None
    ends: dict[str, str]


def places_of(m: Machine, pfn: int) -> list[tuple[int, int]]:
    """(mm, address) where living processes have the frame, by any entry, or have an area over its page."""
    found = dict[tuple[int, int], None]()
    for vma in rmap_vmas(m, pfn):
        found[vma.mm, vma.address_of(page_index(m, pfn))] = None
    slot = m.page_private.view.get(pfn) if m.page(pfn) & pf.SWAPCACHE else None
    living = [process.mm for process in m.living() if process.mm]
    for mm in living:
        table = m.ptes.of(mm)
        words = np.fromiter(table.values(), np.int64, len(table))
        first, span = words >> PAGE_SHIFT, np.where(words & ptes.PSE, HPAGE_PMD_NR, 1)
        leads = ((words & ptes.PRESENT) != 0) & (first <= pfn) & (pfn < first + span)
        if slot is not None:
            leads |= ((words & (ptes.PRESENT | ptes.SWAP)) == ptes.SWAP) & (first == slot)
        for at in np.flatnonzero(leads).tolist():
            vpn, entry = list(table.items())[at]
            inside = pfn - ptes.value_of(entry) if entry & ptes.PRESENT else 0
            found[mm, (vpn + inside) << PAGE_SHIFT] = None
    return [place for place in found if place[0] in living]


def read(session: Session, mm: int, address: int) -> Read | None:
    """A read by the main thread, taken back again; None where no operation can name the address."""
    m, start = session.machine, session.position
    name, vma = m.processes.view[mm].name, m.find_vma(mm, address)
    at = session.address_name(name, address)
    if at is None or vma is None:
        return None
    if vma.prot == "none":  # it cannot read it now, but may again
        do(session, "mprotect", task=name, at=at, pages=1, prot="r")
    outcome = do(session, "read", task=name, at=at)
    told = any(seen.task == name and seen.code == BUS_MCEERR_AR for seen in outcome.signals)
    vpn = address >> PAGE_SHIFT
    entry = m.pte(mm, vpn)
    frame = ptes.value_of(entry) + (vpn % HPAGE_PMD_NR if entry & ptes.PSE else 0) if entry & ptes.PRESENT else -1
    found = Read(bool(m.processes.view[mm].ended), told, outcome.value, frame) if not outcome.errno else None
    session.seek(start)
    return found


def break_and_read(session: Session, pfn: int) -> Truth:
    """Breaks the frame and has everybody read the page. The session stands where it stood, its future is gone."""
    m, start = session.machine, session.position
    places = places_of(m, pfn)
    before = {place: read(session, *place) for place in places}
    outcome = do(session, "poison", frame=f"pfn:{pfn:#x}")
    loss, end, ends = loss_of(session, session.operations[-1]), session.position, dict[str, str]()
    unread = set[str]()
    for mm, address in places if not m.panicked else ():
        process, was = m.processes.view[mm], before[mm, address]
        if process.ended:
            continue
        now = read(session, mm, address)
        if now is None or was is None:
            unread.add(process.name)
            continue
        came = _came(m, pfn, was, now)
        ends[process.name] = min(came, ends.get(process.name, came), key=_WORST_FIRST.index)
    if session.position != end:
        session.seek(end)
    session.seek(start)
    return Truth(outcome, loss, {name: came for name, came in ends.items() if name not in unread})


def _came(m: Machine, pfn: int, was: Read, now: Read) -> str:
    if now.dead:
        return DIES
    if now.told:
        return TOLD
    same_page = now.frame == pfn or (m.page(pfn) & pf.HUGE and m.compound_head(now.frame) == m.compound_head(pfn))
    if now.frame >= 0 and same_page and m.page(pfn) & pf.HWPOISON:
        return USES
    if now.value == was.value:
        return SAME
    return ZEROS if now.value == ZERO else STALE


def is_free(m: Machine, pfn: int) -> bool:
    """In the allocator's hands: in a free block or on a per-CPU list."""
    in_block = any(m.free_area.get((order, pfn & -(1 << order))) is True for order in range(MAX_ORDER + 1))
    return in_block or m.pcp.get((0, pfn)) is True


def class_of(m: Machine, pfn: int, truth: Truth) -> int:
    """The class of the outcome by facts alone; `m` is as it was before."""
    outcome, loss = truth.outcome, truth.loss
    head = m.compound_head(pfn)
    if m.page(pfn) & pf.NOPAGE:
        return outcomes.HOLE
    noted = m.page(pfn) & pf.HUGE and pfn in m.raw_hwp.of(head)
    if m.page(pfn) & pf.HWPOISON or noted or outcome.errno == "EHWPOISON":
        return outcomes.POISONED
    if outcome.panic:
        return outcomes.PANICS
    in_pool = m.huge_free.get((0, head)) is True and outcome.result == "Recovered"
    if is_free(m, pfn) or in_pool:
        return outcomes.FREE
    if outcome.result == "Failed":
        return outcomes.STUCK
    if outcome.result not in ("Recovered", "Delayed"):
        return outcomes.IGNORED
    if any(words in line for line in outcome.log for words in ("illing ", "Sending SIGBUS")):
        return outcomes.EARLY  # also where the signal is dropped, since one waits already
    if DIES in truth.ends.values() or TOLD in truth.ends.values():
        return outcomes.LATE
    return outcomes.LOST if loss is not None and loss.gone else outcomes.SILENT


def disagreements(session: Session, pfn: int, assessment: Assessment | None = None) -> Iterator[str]:
    """Where the prediction for a frame, the loss that is reported afterwards, and what really happens differ."""
    m = session.machine
    ahead = predict(m, pfn)
    predicted = {m.processes.view[mm].name: way for way, mms in ahead.hits.items() for mm in mms}
    truth = break_and_read(session, pfn)
    told = {hit.task: hit.kind for hit in truth.loss.hits} if truth.loss else {}
    code = class_of(m, pfn, truth)
    if ahead.code != code:
        yield f"class {ahead.code} predicted, {code} in fact"
    on_map = int(assessment.codes[assessment.class_of[pfn]]) if assessment is not None else ahead.code
    if on_map != ahead.code:
        yield f"class {on_map} on the map, {ahead.code} on the label"
    unlike_disk = _unlike_disk(m, pfn)
    for name, came in truth.ends.items():
        way = told.get(name, "none")
        by_chance = came == SAME and way in (hits.STALE, hits.ZEROS) and not unlike_disk
        if READS.get(way, came) != came and not by_chance:
            yield f"{way} told, {came} in fact"
    if code in (outcomes.POISONED, outcomes.PANICS):
        return
    for name in predicted.keys() | told.keys():
        if predicted.get(name) != told.get(name):
            yield f"{predicted.get(name)} predicted, {told.get(name)} told"
    lost = truth.loss is not None and truth.loss.gone
    if ahead.lost != lost:
        yield f"loss {ahead.lost} predicted, {truth.loss.lost if truth.loss else None!r} told"


def _unlike_disk(m: Machine, pfn: int) -> bool:
    """Whether a file's page holds something else than its disk does: a write may have stored what was there."""
    inode = m.inode_of(m.compound_head(pfn))
    return inode is None or content_of(m, pfn) != disk_content(m, inode, page_index(m, pfn))


# -- by hand


def kinds_of_frames(m: Machine, most: int) -> list[int]:
    """Of each kind of frame `most`: by flags, counts, file system, and whether an entry is dirty."""
    found = dict[tuple[int, ...], list[int]]()
    dirty = {ptes.value_of(entry) for table in m.ptes.view.values() for entry in table.values() if entry & ptes.DIRTY}
    fs = {number: len(inode.filesystem) for number, inode in m.inodes.view.items()}
    rng = np.random.default_rng(1)
    for pfn in rng.permutation(m.frames).tolist():
        mapping = int(m.mapping.view[m.compound_head(pfn)])
        refs, maps = int(m.refcount.view[pfn]), int(m.mapcount.view[pfn])
        sort = fs.get(mapping >> 2, 0) if mapping & 3 == 0 else -1
        key = (m.page(pfn), min(maps, 4), min(refs - maps, 3), sort, pfn in dirty)
        if len(found.setdefault(key, [])) < most:
            found[key].append(pfn)
    return sorted(pfn for pfns in found.values() for pfn in pfns)


def users_of_all(m: Machine) -> list[int]:
    """Every frame that somebody has mapped or cached."""
    used = (m.mapcount.view > 0) | ((m.flags.view & np.uint64(pf.LRU | pf.SWAPCACHE | pf.HUGE)) != 0)
    return [int(pfn) for pfn in np.flatnonzero(used)]


def machines() -> dict[str, Iterable[Session]]:
    """All that are shipped, under both kernels and all settings."""
    settings = [
        {"memory_failure_early_kill": early, "memory_failure_recovery": on} for early in (0, 1) for on in (1, 0)
    ]

    def preset(profile: str, frames: int) -> Iterator[Session]:
        for sysctl in settings:
            yield Session.fresh(frames, 3, "desktop", 2 if frames > 1 << 14 else 0, profile, sysctl)

    def recorded(path: Path) -> Iterator[Session]:
        for sysctl in settings:
            session = session_of(open_recording(path, hidden=path.stem == "server"), stopped=False)
            for key, value in sysctl.items():
                do(session, "sysctl", name=key, value=value)
            yield session

    found: dict[str, Iterable[Session]] = {
        f"desktop-{profile}-{frames}": preset(profile, frames) for profile in ("v7", "6.1") for frames in (4096, 65536)
    }
    paths = [resources.path(f"machines/{name}.npz") for name in ("victim_before", "server")]
    paths += [DATA / "snapshot" / f"{name}.npz" for name in ("before", "victim_after")]
    return found | {path.stem: recorded(path) for path in paths}


def main() -> None:
    """Prints for each machine how many frames agree, and those that do not."""
    names = sys.argv[1:]
    every = "every" in names
    wanted = [name for name in names if name != "every"]
    for name, sessions in machines().items():
        if wanted and not any(one in name for one in wanted):
            continue
        for session in sessions:
            m, began = session.machine, time.monotonic()
            assessment = Assessment.of(m)
            pfns = users_of_all(m) if every else kinds_of_frames(m, 3)
            if not m.sysctl.view["memory_failure_recovery"]:
                pfns = pfns[::20]
            bad = {pfn: found for pfn in pfns if (found := list(disagreements(session, pfn, assessment)))}
            sysctl = " ".join(f"{key.removeprefix('memory_failure_')}={value}" for key, value in m.sysctl.view.items())
            agree = len(pfns) - len(bad)
            print(f"{name} {sysctl}: {agree} of {len(pfns)} agree, {time.monotonic() - began:.0f} s", flush=True)
            for pfn, found in list(bad.items())[:20]:
                print(f"  {pfn:#x} {pf.letters_of(m.page(pfn))}: {'; '.join(dict.fromkeys(found))}")


if __name__ == "__main__":
    main()
