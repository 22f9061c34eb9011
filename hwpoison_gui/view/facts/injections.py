"""Operations on a frame besides a click: the interfaces by which Linux learns of an error, unpoison, and pins.

Each is an operation with its arguments, named as the kernel's interface is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import having
from hwpoison_gui.kernel.profile.type import SYSCTL_ENABLE_SOFT_OFFLINE
from hwpoison_gui.kernel.rmap import mappings_of
from hwpoison_gui.record import Record
from hwpoison_gui.session.many import ranges_of
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session


class Injection(Record):
    """An operation on a frame; `missing` is the reason if it is not possible now, else empty, `short` in two words.

    `way` and `task`: of what is done by one of several processes, the heading for all of them, and the process.
    """

    text: str
    tip: str
    op: str
    args: dict[str, object]
    missing: str = ""
    short: str = ""
    way: str = ""
    task: str = ""


class _Way(Record):
    """A value of `via` of the op `poison`; `by` joins the text to the process that does it, if any."""

    via: str
    text: str
    tip: str
    by: str = ""


_WAYS: Final = (
    _Way("corrupt-pfn", "hwpoison/corrupt-pfn", "As a click does: by its number, without a reference of its own"),
    _Way("hard_offline", "hard_offline_page", "An administrator takes the page out of use, mapped or not"),
    _Way("srao", "Machine check, action optional (SRAO)", "A scrubber found the error; the data was not consumed"),
    _Way("srar", "Machine check, action required (SRAR)",
         "The process has consumed the error: it gets BUS_MCEERR_AR at once", ", read by"),
    _Way("madvise", "madvise(MADV_HWPOISON)",
         "The process asks for it: one more reference is held meanwhile", " by"),
)  # fmt: skip
_BY_TASK: Final = frozenset(via for key, via, needed in OPS["poison"].needs if (key, needed) == ("via", "task"))


def injections_of(session: Session, pfn: int) -> list[Injection]:
    """All injections of an error into a frame; those made by a process, once for each that maps it now."""
    processes = session.machine.processes.view
    mappers = (processes[vma.mm] for vma, _ in mappings_of(session.machine, pfn))
    tasks = {process.name: process.label for process in mappers}
    return [injection for way in _WAYS for injection in _ways(session, pfn, way, tasks)]


def _ways(session: Session, pfn: int, way: _Way, tasks: Mapping[str, str]) -> Iterator[Injection]:
    spec = OPS["poison"].keys["via"]
    missing, short = _missing(session, spec.features.get(way.via, ""))
    args: dict[str, object] = {"frame": f"pfn:{pfn:#x}", "via": way.via}
    if way.via not in _BY_TASK:
        yield Injection(way.text, way.tip, "poison", args, missing, short)
        return
    if missing or not tasks:
        text = f"{way.text}{way.by} a process"
        yield Injection(text, way.tip, "poison", args, missing or "No process maps the frame.", short or "not mapped")
        return
    heading = f"{way.text}{way.by}…"
    for task, label in tasks.items():
        text = f"{way.text}{way.by} {label}"
        yield Injection(text, way.tip, "poison", {**args, "task": task}, way=heading, task=label)


def madvise_range(session: Session, pfns: Sequence[int]) -> dict[str, dict[str, object]]:
    """Labels of the processes that map all of some frames -> the arguments of `poison` for these pages.

    madvise(MADV_HWPOISON) takes a range, and breaks its pages one by one, in the order of their addresses
    (madvise_inject_error(), mm/madvise.c).
    """
    m, at = session.machine, dict[int, dict[int, int]]()  # tgid -> frame -> its lowest address there
    for pfn in pfns:
        for vma, address in mappings_of(m, pfn):
            of_task = at.setdefault(vma.mm, {})
            of_task[pfn] = min(address, of_task.get(pfn, address))
    found = dict[str, dict[str, object]]()
    for mm, addresses in at.items():
        if len(addresses) == len(set(pfns)) and mm in m.processes.view:
            process = m.processes.view[mm]
            by_address = sorted(addresses, key=addresses.__getitem__)
            found[process.label] = {"frames": ranges_of(by_address), "via": "madvise", "task": process.name}
    return found


def _missing(session: Session, feature: str) -> tuple[str, str]:
    """The reason if the current profile lacks the feature, as a sentence and in two words; else both empty."""
    profile = session.machine.profile
    if not feature or profile.has(feature):
        return "", ""
    first = having(feature)[0]
    return f"{first.title} has this, {profile.title} has not: choose profile {first.name}.", f"needs {first.name}"


def soft_offline(session: Session, pfn: int) -> Injection:
    """Soft offline: migrate the contents and take the frame out of use."""
    tip = "soft_offline_page(): the content moves to another frame, this one is never allocated again. No process dies"
    if not session.machine.sysctl.view.get(SYSCTL_ENABLE_SOFT_OFFLINE, 1):
        tip = "soft_offline_page() refuses while vm.enable_soft_offline is 0: EOPNOTSUPP, and nothing changes"
    args: dict[str, object] = {"frame": f"pfn:{pfn:#x}"}
    return Injection("Soft offline", tip, "soft_offline", args, *_missing(session, OPS["soft_offline"].feature))


def unpoison(session: Session, pfn: int) -> Injection:
    """Unpoison: clear PG_hwpoison; lost contents stay lost."""
    tip = "unpoison_memory(): the frame can be used again. What was lost stays lost; a real error cannot be undone"
    args: dict[str, object] = {"frame": f"pfn:{pfn:#x}"}
    missing, short = _missing(session, OPS["unpoison"].feature)
    if not missing and not session.machine.page(pfn) & pf.HWPOISON:
        missing, short = "The frame is not poisoned: PG_hwpoison is clear.", "not poisoned"
    return Injection("Unpoison", tip, "unpoison", args, missing, short)


def pin(session: Session, pfn: int) -> Injection:
    """Take an extra reference, or drop the one that was taken."""
    if pfn in session.machine.pins.view:
        return Injection("Unpin", "put_page(): the extra reference is given back", "unpin", {"frame": f"pfn:{pfn:#x}"})
    free = not session.world.in_use(pfn)
    missing, short = ("Its refcount is 0: it cannot be pinned.", "refcount 0") if free else ("", "")
    tip = "get_page(): one more reference, as direct I/O or a pipe would hold, besides those that the handler expects"
    return Injection("Pin", tip, "pin", {"frame": f"pfn:{pfn:#x}"}, missing, short)
