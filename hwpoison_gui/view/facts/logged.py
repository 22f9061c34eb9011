"""Comparison of what Linux logged of a real error with the prediction for its frame on the open machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.records.history import ErrorRecord, History, same_kind
from hwpoison_gui.sources.records.incidents import MEMORY_FAILURE
from hwpoison_gui.view.base.impacts import DEAD, PENDING, SIGNALLED
from hwpoison_gui.view.base.mappers import captured_words, mappers_unknown, not_known
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.prediction import Prediction, find_predicted
from hwpoison_gui.view.rows.error_records import tasks_words

ASPECTS: Final = ("Page type", "Result", "Signalled")
_NOW: Final = (DEAD, SIGNALLED, PENDING)
_NOBODY: Final = "no process"
_UNKNOWN: Final = "not known"
_NO_DIFFERENCE: Final = (
    "{} it is not known who maps the page, whether a PTE is dirty, and who refers to it: no difference."
)
_NO_LINE: Final = "no result line"
_NOTHING: Final = "–"
NO_MEMORY: Final = (
    "There is no memory here for the model to work on. Open a snapshot of the machine, and choose Machine > Overlay "
    "error records on this machine…"
)


class Said(Record):
    """One aspect: what Linux logged, what the model predicts, and whether that differs."""

    aspect: str
    linux: str
    model: str
    differs: bool


class Comparison(Record):
    """`rows` is empty if nothing can be compared; `why` says so, or names what differs."""

    rows: tuple[Said, ...]
    why: str


def compared(session: Session, record: ErrorRecord, history: History) -> Comparison:
    """A record beside the prediction for its frame on the machine of a session at rest."""
    m = session.machine
    if record.pfn is not None and record.pfn < m.frames and m.page(record.pfn) & pf.NOPAGE:
        return Comparison(tuple(Said(aspect, said, _NOTHING, False) for aspect, said in _of_linux(record)), NO_MEMORY)
    refused = _not_comparable(m, record)
    if refused:
        return Comparison((), refused)
    assert record.pfn is not None
    prediction = to_the_end(find_predicted(session, record.pfn))
    rows = _rows(m, record, prediction)
    different = [row.aspect.lower() for row in rows if row.differs]
    model = ".".join(map(str, m.profile.modelled))
    if mappers_unknown(m, record.pfn):
        if different:
            rows = tuple(row._replace(differs=False) for row in rows)
            captured = captured_words(m)
            by = f"{captured[0].upper()}{captured[1:]}:" if captured else "By flags alone"
            return Comparison(rows, _NO_DIFFERENCE.format(by))
        return Comparison(rows, f"The model of {model} predicts the same; {not_known(m)}.")
    if not different:
        return Comparison(rows, f"The model of {model} predicts the same.")
    return Comparison(
        rows, f"The model of {model} predicts otherwise: {', '.join(different)}. {_reason(m, record, history)}"
    )


def _not_comparable(m: Machine, record: ErrorRecord) -> str:
    if record.pfn is None:
        return "No source names the frame, so there is nothing to predict."
    if record.pfn >= m.frames:
        return f"The frame is beyond the last one of this machine, {m.frames - 1:#x}."
    if record.operation != MEMORY_FAILURE:
        return f"Linux recorded: {record.operation} {record.result}".rstrip() + ". Only memory failures are compared."
    word = m.page(record.pfn)
    if record.again and not word & pf.HWPOISON:
        return "The frame was already poisoned when Linux logged this; on this machine it is not: break it first."
    if word & pf.HWPOISON and not record.again:
        return "The frame is already poisoned on this machine: it was captured after the error, or broken since."
    return ""


def _rows(m: Machine, record: ErrorRecord, prediction: Prediction) -> tuple[Said, ...]:
    tgids = [tgid for kind in _NOW for tgid in prediction.hits.get(kind, ())]
    nobody = _UNKNOWN if record.pfn is not None and mappers_unknown(m, record.pfn) else _NOBODY
    model = (prediction.kind or _NO_LINE, prediction.result or _NO_LINE,
             ", ".join(m.processes.view[tgid].label for tgid in sorted(tgids)) or nobody)  # fmt: skip
    linux = [said for _, said in _of_linux(record)]
    pids = {task.pid for task in record.tasks}
    same = (same_kind(linux[0], model[0]), linux[1] == model[1], nobody == _UNKNOWN or pids == set(tgids))
    return tuple(
        Said(aspect, said, predicted, not alike)
        for aspect, said, predicted, alike in zip(ASPECTS, linux, model, same, strict=True)
    )


def _of_linux(record: ErrorRecord) -> Iterator[tuple[str, str]]:
    """Each aspect, and what Linux logged of it."""
    said = (record.kind or _NO_LINE, record.result or _NO_LINE, tasks_words(record.tasks) or _NOBODY)
    return zip(ASPECTS, said, strict=True)


def _reason(m: Machine, record: ErrorRecord, history: History) -> str:
    """A likely reason: the first that applies."""
    wrote = history.kernel
    if not m.processes.view:
        return "This memory was captured without processes: who maps a page, and whether a PTE is dirty, is unknown."
    if wrote is not None and wrote != m.profile.modelled[:2]:
        return f"The record is from Linux {wrote[0]}.{wrote[1]}."
    if record.tasks and not m.sysctl.view[SYSCTL_EARLY_KILL]:
        return "vm.memory_failure_early_kill is 0 here."
    return "The frame may have held other content when the error happened than when this memory was captured."
