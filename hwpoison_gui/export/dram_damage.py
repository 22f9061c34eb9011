"""Damage that DRAM faults would do to a machine, and its rates, as text for a terminal and as JSON values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any, Final

from hwpoison_gui.export.assessment import NOTHING_LEFT, Left, left_dict
from hwpoison_gui.export.dram import run_name, runs_of
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.base.naming import listed
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.damage.damage import Toll
from hwpoison_gui.view.damage.expected import MACHINE_YEARS, AssessedRates, summed
from hwpoison_gui.view.damage.fault import AssessedFault, FaultDamage
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.many import NO_LINE, Summary, said_of
from hwpoison_gui.view.rows.expected import ALL, bounded, devices_words, expected_notes, fit_words, heading
from hwpoison_gui.view.rows.fault import huge_words, measures, offlined_words, who_is_hit
from hwpoison_gui.view.words.words import counted

_LABEL: Final = 24
_EACH: Final = 17
_MOST_RUNS: Final = 4
_ALONE: Final = "Each error alone, on the machine as it is."
_MORE: Final = "One after another (--in-order), early kill loses less: a process that dies frees its memory."


def as_text(name: str, m: Machine, faults: Sequence[AssessedFault], rates: AssessedRates | None, width: int) -> str:
    """Everything that was asked of one machine."""
    texts = [fault_as_text(m, fault, width) for fault in faults]
    texts += [rates_as_text(rates, width)] if rates is not None else []
    return f"{one_line(name)}\n\n" + "\n".join(texts)


def as_dict(name: str, m: Machine, faults: Sequence[AssessedFault], rates: AssessedRates | None) -> dict[str, Any]:
    """Return the same as values."""
    listed = [fault_as_dict(m, fault) for fault in faults]
    return {"machine": name, "faults": listed, "expected": rates_as_dict(rates) if rates is not None else None}


def as_json(machines: Sequence[dict[str, Any]], left: Left = NOTHING_LEFT) -> str:
    """An object with lists of machines, and of files that failed or were skipped."""
    return json.dumps({"machines": list(machines), **left_dict(left)}, ensure_ascii=False, indent=1) + "\n"


# -- a fault


def fault_as_text(m: Machine, one: AssessedFault, width: int) -> str:
    """The three courses of a fault side by side, policy by policy; then who is hit, and what is not moved."""
    runs = runs_of(one.pfns)
    shown = [run_name(*run) for run in runs]
    size = amount(len(one.pfns) * FRAME_SIZE)
    by = "made up" if one.geometry.made_up else one.geometry.key or one.geometry.name
    lines = [f"{one.fault.name(one.geometry)}, geometry {by}"]
    lines += wrap(f"{counted(len(one.pfns), 'frame')}, {size}: {listed(shown, _MOST_RUNS)}", width)
    lines += wrap(_ALONE if one.in_order else f"{_ALONE} {_MORE}", width)
    for damage, summary in zip_longest(one.damages, one.in_order):
        lines += ["", *_courses(one.fault.mode, damage)]
        lines += wrap(f"Nothing done: {one_line(who_is_hit(m, damage))}", width, initial_indent="  ",
                      subsequent_indent="    ")  # fmt: skip
        if summary is not None:
            lines += wrap(f"One after another: {one_line(said_of(summary))}", width, initial_indent="  ",
                          subsequent_indent="    ")  # fmt: skip
    for line in huge_words(one.damages):
        lines += ["", *wrap(line, width)]
    lines += ["", *_offlined(one.damages[0], one.fault.mode, width)]
    return "\n".join(lines) + "\n"


def _courses(mode: str, damage: FaultDamage) -> Iterator[str]:
    first = ("", "page by page,", f"whole {mode} at")
    second = ("nothing done", "at best", "1st error, worst")
    yield KILL[damage.early].ljust(_LABEL) + "".join(head.rjust(_EACH) for head in first)
    yield " " * _LABEL + "".join(head.rjust(_EACH) for head in second)
    for name, _, cells in measures((damage.nothing, damage.by_page, damage.by_part)):
        yield f"  {name}".ljust(_LABEL) + "".join(cell.rjust(_EACH) for cell in cells)


def _offlined(damage: FaultDamage, mode: str, width: int) -> Iterator[str]:
    first, *rest = offlined_words(damage, mode)
    yield first
    for line in rest:
        yield from wrap(line, width, initial_indent="  ", subsequent_indent="    ")


def _name(m: Machine, tgid: int) -> str:
    process = m.processes.view.get(tgid)
    return one_line(process.label) if process is not None else str(tgid)


def fault_as_dict(m: Machine, one: AssessedFault) -> dict[str, Any]:
    """Return the same for JSON; `runs`: first frame and number of frames."""
    return {
        "fault": one.fault.name(one.geometry),
        "geometry": one.geometry.key or one.geometry.name,
        "frames": len(one.pfns),
        "runs": runs_of(one.pfns),
        "policies": [
            {
                "early_kill": damage.early,
                "nothing": _toll_as_dict(m, damage.nothing),
                "page_by_page_at_best": _toll_as_dict(m, damage.by_page),
                "whole_part_at_worst": _toll_as_dict(m, damage.by_part) | {"first_error": damage.first},
                "nothing_in_order": _summary_as_dict(m, summary) if summary is not None else None,
            }
            for damage, summary in zip_longest(one.damages, one.in_order)
        ],
        "soft_offline": one.damages[0].offlined,
        "not_moved": [{"kind": kind, "why": why, "frames": frames} for kind, why, frames in one.damages[0].obstacles],
        "free_outside": one.damages[0].room._asdict(),
        "no_room": one.damages[0].no_room,
    }


def _toll_as_dict(m: Machine, toll: Toll) -> dict[str, Any]:
    counts = {one.key: toll.frames[one.id] for one in outcomes.CLASSES if toll.frames[one.id]}
    hit = [{"tgid": tgid, "task": _name(m, tgid), "impact": kind} for tgid, kind in toll.hit.items()]
    return {"outcomes": counts, "lost": toll.lost, "hit": hit}


def _summary_as_dict(m: Machine, summary: Summary) -> dict[str, Any]:
    hit = [{"tgid": tgid, "task": _name(m, tgid), "impact": impact.kind}
           for tgid, impact in summary.impacts.items()]  # fmt: skip
    results = {result or NO_LINE: frames for result, frames in summary.results.items()}
    return {"results": results, "lost": summary.lost, "left_in_use": summary.in_use, "hit": hit}


# -- an expectation


def rates_as_text(one: AssessedRates, width: int) -> str:
    """Sorts of faults in rows, with the bounds in brackets; then the sums, and what the numbers rest on."""
    lines = [heading(one), devices_words(one, "--devices says")]
    for early, found in one.found:
        lines += ["", f"{KILL[early]:18}{'FIT':>6}{'faults':>23}{'frames each':>13}{'processes hit':>23}"]
        for row in found:
            lines.append(f"  {row.name:16}{fit_words(row.fit):>6}{bounded(row.faults):>23}{row.mean.frames:>13,.0f}"
                         f"{bounded(row.hit):>23}")  # fmt: skip
        faults, hit = map(bounded, summed(found))
        lines.append(f"  {ALL:16}{fit_words(sum(row.fit for row in found)):>6}{faults:>23}{'':13}{hit:>23}")
    lines.append("")
    for note in expected_notes(one):
        lines += wrap(note, width, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def rates_as_dict(one: AssessedRates) -> dict[str, Any]:
    """Return the same for JSON; ranges are [low, as the rate says, high]."""
    return {
        "rates": one.rates.name,
        "technology": one.rates.technology,
        "years": one.rates.years,
        "total": one.rates.total,
        "device_hours": one.rates.device_hours,
        "sources": list(one.rates.sources),
        "not_covered": list(one.rates.not_covered),
        "unpublished": list(one.rates.unpublished),
        "machine_years": MACHINE_YEARS,
        "devices": one.devices,
        "devices_assumed": one.is_assumed,
        "policies": [
            {
                "early_kill": early,
                "faults": [
                    {
                        "name": row.name,
                        "part": row.part,
                        "fit": row.fit,
                        "faults": list(row.faults),
                        "mean": row.mean._asdict(),
                        "hit": list(row.hit),
                        "dead": list(row.dead),
                    }
                    for row in found
                ],
            }
            for early, found in one.found
        ],
    }
