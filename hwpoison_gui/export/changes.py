"""Changes between two snapshots, as text for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.export.assessment import fitted
from hwpoison_gui.export.dram import run_name, runs_of
from hwpoison_gui.view.base.kinds import KINDS
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.snapshots import BOTH, Changes
from hwpoison_gui.view.rows.snapshots import capture_words
from hwpoison_gui.view.words.words import counted

_NO_ORDER: Final = "It is not known of both when they were captured: they are in the order in which they were given."
_LABEL: Final = 54  # columns of the terminal
_HEADS: Final = ("before", "after", "no more", "new")  # frames that a process maps
_MOST_RUNS: Final = 24
_MOST_PROCESSES: Final = 40


def as_text(changes: Changes, width: int) -> str:
    """Everything that changed, in lines of at most `width` columns, 80 or more."""
    lines = list[str]()
    for head, name, frames, time in zip(("from", "to  "), changes.titles, changes.frames, changes.times, strict=True):
        lines.append(f"{head} {fitted(name, width - 40).rstrip()}: {frames:,} frames, {amount(frames * FRAME_SIZE)}")
        lines += [f"     captured {capture_words(time)}"] if time is not None else []
    if None in changes.times:
        lines += wrap(_NO_ORDER, width, subsequent_indent="  ")
    for doubt in changes.doubts:
        lines += wrap(doubt, width, subsequent_indent="  ")
    lines += ["", _line("frames with other flags", changes.flag_words)]
    lines += [_line("frames mapped more or fewer times", changes.mapcounts), ""]
    lines += _poison("new in", changes.poison_new, width)
    lines += _poison("gone from", changes.poison_gone, width)
    lines += _kinds(changes)
    lines += _flags(changes)
    lines += _processes(changes)
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _line(what: str, frames: int) -> str:
    return f"  {what}".ljust(_LABEL) + f"{frames:>12,}" + amount(frames * FRAME_SIZE).rjust(12)


def _poison(what: str, frames: npt.NDArray[np.int64], width: int) -> Iterator[str]:
    if not len(frames):
        return
    runs = runs_of(frames)
    names = [run_name(*run) for run in runs[:_MOST_RUNS]]
    more = f" and {len(runs) - _MOST_RUNS:,} more" if len(runs) > _MOST_RUNS else ""
    text = f"HWPOISON is {what} {counted(len(frames), 'frame')}: {', '.join(names)}{more}"
    yield from wrap(text, width, subsequent_indent="  ")
    yield ""


def _kinds(changes: Changes) -> Iterator[str]:
    if not changes.kinds:
        return
    yield "Frames of another kind"
    for one in changes.kinds:
        yield _line(f"{KINDS[one.old].name} → {KINDS[one.new].name}", one.frames)
    yield ""


def _flags(changes: Changes) -> Iterator[str]:
    if not changes.flags:
        return
    yield "Frames by flag".ljust(_LABEL) + f"{'gone from':>12}{'new in':>12}"
    for one in changes.flags:
        yield f"  {one.flag}".ljust(_LABEL) + f"{one.gone:>12,}{one.new:>12,}"
    yield ""


def _processes(changes: Changes) -> Iterator[str]:
    if not changes.owners:
        yield "Which processes map which frames is not known of both."
        return
    if not changes.processes:
        yield "Each process maps the frames that it mapped before."
        return
    yield "Processes that map other frames".ljust(36) + "".join(head.rjust(9) for head in _HEADS)
    for one in changes.processes[:_MOST_PROCESSES]:
        state = "" if one.state == BOTH else f"  {one.state}"
        yield f"  {fitted(one.label, 34)}{one.before:>9,}{one.after:>9,}{one.lost:>9,}{one.gained:>9,}{state}"
    if len(changes.processes) > _MOST_PROCESSES:
        yield f"  {len(changes.processes) - _MOST_PROCESSES:,} more are in --json"


def as_json(changes: Changes) -> str:
    """Everything that changed as one JSON object; frames are numbers of frames of 4,096 bytes, or their numbers."""
    told: dict[str, Any] = {
        "old": {"machine": changes.titles[0], "frames": changes.frames[0], "captured": changes.times[0]},
        "new": {"machine": changes.titles[1], "frames": changes.frames[1], "captured": changes.times[1]},
        "compared": changes.compared,
        "flag_words": changes.flag_words,
        "mapcounts": changes.mapcounts,
        "hwpoison": {"gone": changes.poison_gone.tolist(), "new": changes.poison_new.tolist()},
        "kinds": [
            {"old": KINDS[one.old].key, "new": KINDS[one.new].key, "frames": one.frames} for one in changes.kinds
        ],
        "flags": [one._asdict() for one in changes.flags],
        "processes_known": changes.owners,
        "processes": [
            {key: value for key, value in one._asdict().items() if key != "owner"} for one in changes.processes
        ],
        "doubts": list(changes.doubts),
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
