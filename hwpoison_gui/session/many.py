"""Operations on many frames: the frames that `frames` names, and one outcome for all of them.

Each frame has the operation to itself, in the order given, as if it had been asked for alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.operation import Parts
from hwpoison_gui.session.outcome import Outcome

MOST_FRAMES: Final = 1 << 18  # frames of one operation, 1 GiB: half a minute, and 0.7 GB for its steps
_LEAST_RANGE: Final = 3  # frames of a range; fewer are named one by one


def frames_of(entries: Sequence[str], frames: int, page: Callable[[str, str], int | None]) -> tuple[int, ...]:
    """The pfns that `frames` names, in its order.

    Parameters
    ----------
    entries
        Ranges (grammar.FRAMES_FORMS), or pages in any form.
    frames
        Number of frames of the machine.
    page
        The pfn of a page by its text and the key for messages; None if it is not known yet.

    Raises
    ------
    ScenarioError
        If a frame lies beyond the last one, or is named twice, or if there are too many; `page` may raise others.
    """
    found, total = list[Sequence[int]](), 0
    for number, entry in enumerate(entries, start=1):
        key = f"frames[{number}]" if len(entries) > 1 else "frames"
        pfns = _pfns(entry, key, page)
        if pfns and not (pfns[0] >= 0 and pfns[-1] < frames):
            raise ScenarioError(f"{entry!r} leaves the memory: the last frame is {frames - 1:#x}", key=key)
        found.append(pfns)
        total += len(pfns)
        if total > MOST_FRAMES:
            raise ScenarioError(f"one step takes at most {MOST_FRAMES:,} frames", key="frames")
    return _each_once(entries, found)


def _each_once(entries: Sequence[str], found: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The frames of all entries. Raises ScenarioError if two entries name the same frame."""
    pfns = np.concatenate([np.asarray(part, np.int64) for part in found]) if found else np.zeros(0, np.int64)
    order = np.argsort(pfns, kind="stable")
    again = order[1:][pfns[order[1:]] == pfns[order[:-1]]]
    if len(again):
        twice = int(again.min())
        before = int(np.flatnonzero(pfns == pfns[twice])[0])
        ends = np.cumsum([len(part) for part in found])
        one, other = (int(number) for number in np.searchsorted(ends, (before, twice), side="right"))
        both = f"{entries[other]!r} overlaps {entries[one]!r}: both name frame {pfns[twice]:#x}"
        raise ScenarioError(both, key=f"frames[{other + 1}]")
    return tuple(pfns.tolist())


def _pfns(entry: str, key: str, page: Callable[[str, str], int | None]) -> Sequence[int]:
    frames = grammar.parse_frames(entry)
    if frames is not None:
        return frames
    pfn = page(entry, key)
    return () if pfn is None else (pfn,)


def entries_of(args: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the `frames` of an operation; empty if it is about one frame, or none. `alloc` has a number there."""
    entries = args.get("frames")
    return entries if isinstance(entries, tuple) else ()


def named(args: Mapping[str, Any]) -> int:
    """Return the number of frames that the `frames` of an operation names."""
    entries = entries_of(args)
    return sum(len(frames) if (frames := grammar.parse_frames(entry)) is not None else 1 for entry in entries)


def ranges_of(pfns: Iterable[int]) -> tuple[str, ...]:
    """The fewest words for some frames, from left to right: runs of equal distance become ranges."""
    rest, found, at = np.array(list(pfns), np.int64), list[str](), 0
    strides = np.diff(rest)
    # For each distance between neighbours, the first after it that differs.
    changes = np.append(np.flatnonzero(strides[1:] != strides[:-1]) + 1, len(strides))
    while at < len(rest):
        stride = int(strides[at]) if at < len(strides) else 0
        end = int(changes[np.searchsorted(changes, at, side="right")]) + 1 if stride > 0 else at + 1
        if end - at < _LEAST_RANGE:
            end = at + 1
            found.append(f"{rest[at]:#x}")
        else:
            found.append(grammar.frames_text(int(rest[at]), end - at, stride))
        at = end
    return tuple(found)


def outcome_of(parts: Parts) -> Outcome:
    """The outcome of an operation on many frames.

    `pfn` and `head` are those of the first frame; `result` and `kind` what all frames have in common, else None;
    `errno` the first that is not 0. Log lines, signals and the panic are those of all.
    """
    first, each = parts.outcome(0), parts.outcomes
    return first._replace(
        result=first.result if len({part.result for part in each}) == 1 else None,
        kind=first.kind if len({part.kind for part in each}) == 1 else None,
        dirty=all(part.dirty for part in each),
        errno=next((part.errno for part in each if part.errno), 0),
        signals=parts.signals,
        log=parts.log,
        panic=any(part.panic for part in each),
        already_poisoned=all(part.already_poisoned for part in each),
        filtered=all(part.filtered for part in each),
    )
