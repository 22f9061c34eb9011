"""Effect of an error on each process: a frame is broken, and then each of its users reads the page.

Tests compare predictions and the reported loss with it. All machines, each kind of frame in all settings:
`.venv/bin/python -m tests.truth`, or with names of machines; `every` in front asks each frame that has a user.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from hwpoison_gui import resources
from hwpoison_gui.kernel import hugetlb, memory
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import ZERO, content_of, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_alloc import free_block_of
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT, Process
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.kernel.signal import get_signal
from hwpoison_gui.kernel.user_mappings import SENT
from hwpoison_gui.session.fidelity.agreement import session_of
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.impact_now import error_of, impact_now
from hwpoison_gui.view.outcome.loss import Loss, look_before, loss_of
from hwpoison_gui.view.outcome.prediction import predict
from tests.paths import DATA
from tests.workbench import do, run

# Results of a read.
PANICS: Final = "panics"  # init dies
ENDS: Final = "ends"  # the init of a PID namespace dies
DIES: Final = "dies"
TOLD: Final = "told"
USES: Final = "uses"  # the broken frame
STALE: Final = "stale"
ZEROS: Final = "zeros"
SAME: Final = "same"
_WORST_FIRST: Final = (PANICS, ENDS, DIES, TOLD, USES, STALE, ZEROS, SAME)

# The result of a read that an impact implies; of other impacts a read says nothing.
READS: Final = {
    impacts.IGNORED: DIES, impacts.LATER: DIES, impacts.CAUGHT: TOLD, impacts.USES: USES, impacts.STALE: STALE,
    impacts.ZEROS: ZEROS, impacts.SAFE: SAME, impacts.NO_ACCESS: SAME, impacts.PANICS: PANICS, impacts.ENDS: ENDS,
}  # fmt: skip


_BY_SIGNAL: Final = (impacts.DEAD, impacts.SIGNALLED, impacts.PENDING)


class Read(NamedTuple):
    """One read by a process: whether it died, the poisoned page that stopped it, what it got and from which frame.

    `met`: all frames of the page, empty if none stopped it. `frame` is -1 where no frame was read.
    """

    dead: bool
    met: range
    value: str | None
    frame: int


class Truth(NamedTuple):
    """Effect of an error. `sent`: the handler sent a signal; `loss` is what the view reports.

    `ends`: name of a process that lived on -> the worst result of its reads.
    """

    outcome: Outcome
    sent: bool
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
        leads = ((words & (ptes.PRESENT | ptes.HWPOISON)) != 0) & (first <= pfn) & (pfn < first + span)
        leads &= (words & ptes.SPECIAL) == 0  # a zero page has no users that anybody could find
        if slot is not None:
            leads |= ((words & (ptes.PRESENT | ptes.SWAP)) == ptes.SWAP) & (first == slot)
        for at in np.flatnonzero(leads).tolist():
            vpn, entry = list(table.items())[at]
            inside = 0 if entry & ptes.SWAP else pfn - ptes.value_of(entry)
            found[mm, (vpn + inside) << PAGE_SHIFT] = None
    return [place for place in found if place[0] in living]


def read(m: Machine, mm: int, address: int) -> Read:
    """A read by the main thread, taken back again; the machine is at rest."""
    met = range(0)
    loads = memory.access(m, mm, address)
    while True:
        try:
            mark = next(loads)
        except StopIteration as stop:
            found: memory.Access = stop.value
            break
        if mark.site in memory.MEETS_POISON:
            (head,) = mark.frames
            met = range(head, head + (HPAGE_PMD_NR if mark.site is hugetlb.POISON else 1))
        elif mark.site is memory.DROPPED_AT_FAULT:
            met = range(0)  # the fault is repeated and finds another page
    ended = {tgid for tgid, _ in run(get_signal(m))}
    vpn = address >> PAGE_SHIFT
    entry = m.pte(mm, vpn)
    frame = ptes.value_of(entry) + (vpn % HPAGE_PMD_NR if entry & ptes.PSE else 0) if found.value is not None else -1
    m.gate.backward(m.gate.take())
    return Read(mm in ended, met, found.value, frame)


def break_and_read(session: Session, pfn: int) -> Truth:
    """Breaks the frame and has everybody read the page. The session stands where it stood, its future is gone."""
    m, start = session.machine, session.position
    head, places = m.compound_head(pfn), places_of(m, pfn)
    named = head if m.page(pfn) & pf.HUGE else -1
    before = {place: read(m, *place) for place in places}
    if not (m.page(pfn) | m.page(head)) & pf.HWPOISON:
        # What meets it all the same does so by an entry that is left of an error withdrawn since.
        places = [place for place in places if not _is_met(before[place].met, pfn, named)]
    outcome = do(session, "poison", frame=f"pfn:{pfn:#x}")
    operation = session.operations[-1]
    sent = any(mark.site is SENT for mark in session.steps.marks[operation.first : operation.last])
    loss, ends = loss_of(session, operation), dict[str, str]()
    for mm, address in places if not m.panicked else ():
        process = m.processes.view[mm]
        if process.ended:
            continue
        came = _came(m, pfn, named, before[mm, address], read(m, mm, address))
        came = death_of(process) if came == DIES else came
        ends[process.label] = min(came, ends.get(process.label, came), key=_WORST_FIRST.index)
    session.seek(start)
    return Truth(outcome, sent, loss, ends)


def same_page(m: Machine, frame: int, pfn: int) -> bool:
    """Return whether two frames are one, or parts of one hugetlb page; `frame` may be -1."""
    if frame < 0 or frame == pfn:
        return frame == pfn
    return bool(m.page(pfn) & pf.HUGE) and m.compound_head(frame) == m.compound_head(pfn)


def death_of(process: Process) -> str:
    """Return the consequence of the death of a process."""
    return PANICS if process.is_global_init else ENDS if process.is_namespace_init else DIES


def _is_met(met: range, pfn: int, head: int) -> bool:
    """Return whether a poisoned page that a read met is that of an error in frame `pfn`.

    The hwpoison entry of a hugetlb page names its head: `head`, or -1 where the error was in another page.
    """
    return bool(met) and met.start == (head if len(met) > 1 else pfn)


def _came(m: Machine, pfn: int, head: int, was: Read, now: Read) -> str:
    if now.met and not _is_met(now.met, pfn, head):
        return SAME  # by the error of another frame
    if now.met or (now.dead and not was.dead):
        return DIES if now.dead else TOLD
    if same_page(m, now.frame, pfn) and m.page(pfn) & pf.HWPOISON:
        return USES
    if now.value == was.value:
        return SAME
    return ZEROS if now.value == ZERO else STALE


def class_of(m: Machine, pfn: int, truth: Truth) -> int:
    """The class of the outcome by facts alone; `m` is as it was before."""
    outcome, loss = truth.outcome, truth.loss
    head = m.compound_head(pfn)
    if m.page(pfn) & pf.NOPAGE:
        return outcomes.HOLE
    noted = m.page(pfn) & pf.HUGE and pfn in m.raw_hwp.of(head)
    if m.page(pfn) & pf.HWPOISON or noted or (outcome.errno == "EHWPOISON" and outcome.kind != "unsplit thp"):
        return outcomes.POISONED
    if outcome.filtered:
        return outcomes.FILTERED
    if outcome.panic:
        return outcomes.PANICS
    in_pool = m.huge_free.has(0, head) and outcome.result == "Recovered"
    if free_block_of(m, pfn) is not None or m.pcp.has(0, pfn) or in_pool:
        return outcomes.FREE
    if PANICS in truth.ends.values():
        return outcomes.INIT
    if outcome.result == "Failed":
        return outcomes.STUCK
    if outcome.result not in ("Recovered", "Delayed"):
        return outcomes.IGNORED
    killed = {seen.task for seen in outcome.signals if seen.effect == "killed"}
    if ENDS in truth.ends.values() or any(one.name in killed and one.is_namespace_init for one in m.living()):
        return outcomes.NAMESPACE
    if truth.sent:
        return outcomes.EARLY  # also where the signal is dropped, since one waits already
    if DIES in truth.ends.values() or TOLD in truth.ends.values():
        return outcomes.LATE
    return outcomes.LOST if loss is not None and loss.gone else outcomes.SILENT


def disagreements(session: Session, pfn: int, assessment: Assessment | None = None) -> Iterator[str]:
    """Yield the differences between the prediction for a frame, the loss reported afterwards, and the real effect."""
    m = session.machine
    ahead = predict(m, pfn)
    predicted = {m.processes.view[mm].label: way for way, mms in ahead.hits.items() for mm in mms}
    truth = break_and_read(session, pfn)
    told = {hit.task: hit.kind for hit in truth.loss.hits} if truth.loss else {}
    code = class_of(m, pfn, truth)
    if ahead.code != code:
        yield f"class {ahead.code} predicted, {code} in fact"
    on_map = int(assessment.codes[assessment.class_of[pfn]]) if assessment is not None else ahead.code
    if on_map != ahead.code:
        yield f"class {on_map} on the map, {ahead.code} on the label"
    by_chance = _read_again(m, pfn)
    for name, came in truth.ends.items():
        way = told.get(name, "none")
        if READS.get(way, came) != came and not (came == SAME and way in by_chance):
            yield f"{way} told, {came} in fact"
    if code in (outcomes.POISONED, outcomes.PANICS):
        return
    for name in predicted.keys() | told.keys():
        if predicted.get(name) != told.get(name):
            yield f"{predicted.get(name)} predicted, {told.get(name)} told"
    lost = truth.loss is not None and truth.loss.gone
    if ahead.lost != lost:
        yield f"loss {ahead.lost} predicted, {truth.loss.lost if truth.loss else None!r} told"


def errors_of(session: Session) -> list[int]:
    """Frames that an operation broke and that the kernel has as broken.

    Without those that were unpoisoned before: hwpoison entries of the error that was withdrawn are left, and no entry
    says of which error it is.
    """
    m = session.machine
    withdrawn = {one.outcome.pfn for one in session.operations if one.name == "unpoison" and not one.outcome.errno}
    errors = (one for one in session.operations if one.name == "poison" and not one.outcome.filtered)
    broken = {one.outcome.pfn for one in errors} - withdrawn
    inside = sorted(pfn for pfn in broken if pfn is not None and 0 <= pfn < m.frames)
    marked = [pfn for pfn in inside if m.page(pfn) & pf.HWPOISON or pfn in m.raw_hwp.of(m.compound_head(pfn))]
    return [pfn for pfn in marked if error_of(session, pfn) is not None]


def disagreements_by_now(session: Session, pfn: int) -> Iterator[str]:
    """Yield the differences between the current impact of an earlier error and the effect of a touch of the frame."""
    m, now, worst = session.machine, impact_now(session, pfn), dict[int, str]()
    values = defaultdict[int, set[str | None]](set)
    error = error_of(session, pfn)
    head = -1
    if error is not None and error.outcome.head is not None and "huge" in (error.outcome.kind or ""):
        head = error.outcome.head
    for mm, address in places_of(m, pfn):
        found = read(m, mm, address)
        came = SAME
        if _is_met(found.met, pfn, head):
            came = death_of(m.processes.view[mm]) if found.dead else TOLD
        elif same_page(m, found.frame, pfn):
            came = USES
        worst[mm] = min(came, worst.get(mm, came), key=_WORST_FIRST.index)
    before = look_before(session, error) if error is not None else None
    for place in before.places if before is not None else ():  # the frame may have left the page cache since
        if now.get(place.mm) in (impacts.STALE, impacts.ZEROS):
            values[place.mm].add(read(m, place.mm, place.vpn << PAGE_SHIFT).value)
    for process in m.living():
        way, came = now.get(process.tgid, "none"), worst.get(process.tgid, SAME)
        foretold = READS.get(way, SAME)
        if way not in _BY_SIGNAL and came != (foretold if foretold in (PANICS, ENDS, DIES, TOLD, USES) else SAME):
            yield f"{way} by now, {came} in fact"
        if way == impacts.STALE and values[process.tgid] <= {None, ZERO}:
            yield f"{way} by now, but no data is read"
        if way == impacts.ZEROS and ZERO not in values[process.tgid]:
            yield f"{way} by now, but no zeros are read"


def _read_again(m: Machine, pfn: int) -> set[str]:
    """The impacts of which a read shows nothing: what it gets is what the page held, by chance."""
    inode, content = m.inode_of(m.compound_head(pfn)), content_of(m, pfn)
    on_disk = disk_content(m, inode, page_index(m, pfn)) if inode is not None else None
    return {way for way, again in ((impacts.STALE, on_disk), (impacts.ZEROS, ZERO)) if content == again}


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
    """All that are shipped, under all kernels and all settings."""
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
        f"desktop-{profile}-{frames}": preset(profile, frames) for profile in PROFILES for frames in (4096, 65536)
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
