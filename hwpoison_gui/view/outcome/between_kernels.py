"""Frames of a machine in which an error has another outcome under another kernel, and the difference that decides it.

The memory stays as it is: only the kernel that would handle the error is another one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.record import Record
from hwpoison_gui.session.fidelity.differences import Difference, differences
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.classes import CLASSES, POISONED
from hwpoison_gui.view.outcome.prediction import Prediction, predict

T = TypeVar("T")
U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
I64 = npt.NDArray[np.int64]

MOST_GROUPS: Final = 252  # numbers of groups in a byte: the smallest of more than these share the last one
_CHUNK: Final = 1 << 16  # frames at a time
_ASSESSED: Final = 0.35  # share of the work, for each of the kernels
_GROUPED: Final = 0.1


class Outcome(Record):
    """Outcome of an error in the terms of all kernels: class (classes.CLASSES), result, whether data is lost."""

    code: int
    result: str
    lost: bool

    @property
    def words(self) -> str:
        """The outcome in a few words."""
        return f"{CLASSES[self.code].name} ({self.result}{', data lost' if self.lost else ''})"

    def beside(self, other: Outcome) -> str:
        """The outcome in fewer words: what it is called, or else what tells it from the other one."""
        if self.code != other.code:
            return CLASSES[self.code].name
        return self.result if self.result != other.result else "data lost" if self.lost else "no data lost"


class Decider(Record):
    """A difference that decides. `alone`: the outcome under the newer kernel without the others that do."""

    difference: Difference
    alone: Outcome


class Group(Record):
    """Frames of one kind with the same outcome under the one kernel, and the same under the other.

    Attributes
    ----------
    number : int
        1 for the largest group, at most MOST_GROUPS; what `Between.numbers` holds for its frames.
    kind : str
        The kind of page, as the map names it.
    before, after : Outcome
        Under the kernel of the machine and under the other one.
    frames, first : int
        Number of frames, and the lowest pfn.
    decided_by : tuple of Decider
        Without these the newer kernel has the outcome of the older one; with any one of them it has not. That one may
        give it the outcome that it has with all of them, or a third one: `Decider.alone`.
    """

    number: int
    kind: str
    before: Outcome
    after: Outcome
    frames: int
    first: int
    decided_by: tuple[Decider, ...]


class Between(Record):
    """Differences in outcome between the kernel of a machine and another one.

    Attributes
    ----------
    one, other : str
        Names of the profiles.
    groups : list of Group
        The largest first.
    numbers : array of uint8, (frames,)
        The group of each frame; 0 where the outcome is the same.
    """

    one: str
    other: str
    groups: list[Group]
    numbers: U8

    @property
    def back(self) -> bool:
        """Whether the other kernel is the older one."""
        return _age(self.one) < _age(self.other)

    def deciding(self, group: Group) -> tuple[Sequence[Decider], Sequence[Decider]]:
        """Return the differences that alone give a group its outcome under the newer kernel, and the others.

        Each of the others alone gives a third outcome. If only several together give it, the first part is empty.
        """
        wanted = group.before if self.back else group.after
        enough = [one for one in group.decided_by if one.alone == wanted]
        return enough, [one for one in group.decided_by if one.alone != wanted]


def _age(kernel: str) -> int:
    return -list(PROFILES).index(kernel)


def find_between(m: Machine, other: Profile) -> Generator[float, None, Between]:
    """Assess all frames under both kernels and group those that differ; yields the share done.

    The machine must be at rest and stay as it is. Between two yields it has its own profile.
    """
    one, ids = m.profile, dict[Outcome, int]()
    before = yield from _assessed(m, one, ids, 0.0)
    after = yield from _assessed(m, other, ids, _ASSESSED)
    found = yield from _grouped(m, before, after, 2 * _ASSESSED)
    numbers, keys = found.numbers, sorted(found.frames, key=lambda key: (-found.frames[key], found.first[key]))
    table = np.zeros(256, np.uint8)
    for rank, key in enumerate(keys):
        table[found.number[key]] = min(rank + 1, MOST_GROUPS)
    for start in range(0, m.frames, _CHUNK):
        numbers[start : start + _CHUNK] = table[numbers[start : start + _CHUNK]]
        yield 2 * _ASSESSED + _GROUPED
    outcomes, groups = list(ids), list[Group]()
    older, newer = sorted((one, other), key=lambda profile: -_age(profile.name))
    between = list(differences(older, newer))
    for rank, key in enumerate(keys):
        kind, old, new = key
        done = 2 * _ASSESSED + _GROUPED + (1 - 2 * _ASSESSED - _GROUPED) * rank / len(keys)
        wanted = outcomes[old if older is one else new]
        decided = yield from decide(m, found.first[key], newer, wanted, between, done)
        groups.append(
            Group(min(rank + 1, MOST_GROUPS), KINDS[kind].name, outcomes[old], outcomes[new],
                  found.frames[key], found.first[key], tuple(decided))
        )  # fmt: skip
    return Between(one.name, other.name, groups, numbers)


def _assessed(m: Machine, profile: Profile, ids: dict[Outcome, int], done: float) -> Generator[float, None, U16]:
    """The outcome of each frame under a kernel, as its number in `ids`."""
    with _under(m, profile):
        assessment = Assessment(m)
    for share in _each_under(m, profile, assessment.work()):
        yield done + _ASSESSED * share
    of_class = [ids.setdefault(outcome_of(prediction), len(ids)) for prediction in assessment.predictions]
    numbers, table = np.zeros(m.frames, np.uint16), np.array(of_class, np.uint16)
    for start in range(0, m.frames, _CHUNK):
        part = slice(start, start + _CHUNK)
        numbers[part] = table[assessment.class_of[part]]
        yield done + _ASSESSED
    return numbers


_Key = tuple[int, int, int]  # kind of page, outcomes before and after


class _Found:
    """Groups in the order of their first frames: their numbers (255 for all after the 254th), sizes, first frames."""

    def __init__(self, frames: int) -> None:
        self.numbers: U8 = np.zeros(frames, np.uint8)
        self.number: dict[_Key, int] = {}
        self.frames: dict[_Key, int] = {}
        self.first: dict[_Key, int] = {}


def _grouped(m: Machine, before: U16, after: U16, done: float) -> Generator[float, None, _Found]:
    """Group the frames whose outcomes differ by kind of page and both outcomes."""
    found = _Found(m.frames)
    for start in range(0, m.frames, _CHUNK):
        yield done + _GROUPED * start / m.frames
        old, new = before[start : start + _CHUNK], after[start : start + _CHUNK]
        hole = (m.flags.view[start : start + _CHUNK] & np.uint64(pf.NOPAGE)) != 0  # no injector gets that far
        at = np.flatnonzero((old != new) & ~hole)
        if not len(at):
            continue
        words, word_of = np.unique(m.flags.view[at + start], return_inverse=True)
        kinds = np.array([kind_of(word) for word in words.tolist()], np.int64)[word_of.reshape(-1)]
        packed = kinds << 32 | old[at].astype(np.int64) << 16 | new[at]
        keys, first, which, frames = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
        local = np.zeros(len(keys), np.uint8)
        for place, word in enumerate(keys.tolist()):
            key = word >> 32, word >> 16 & 0xFFFF, word & 0xFFFF
            local[place] = found.number.setdefault(key, min(len(found.number) + 1, 255))
            found.frames[key] = found.frames.get(key, 0) + int(frames[place])
            found.first.setdefault(key, int(at[first[place]]) + start)
        found.numbers[at + start] = local[which.reshape(-1)]
    return found


def outcome_of(prediction: Prediction) -> Outcome:
    """The outcome without the kernel's words for it; of a poisoned frame nothing else, whatever is logged once more."""
    if prediction.code == POISONED:
        return Outcome(POISONED, "no result line", False)
    return Outcome(prediction.code, prediction.result or "no result line", prediction.lost)


def decide(
    m: Machine, pfn: int, newer: Profile, wanted: Outcome, between: Sequence[Difference], done: float = 0.0
) -> Generator[float, None, list[Decider]]:
    """Find a smallest set of differences without which the newer kernel has the outcome of the older one.

    Yields the share `done` after each trial.
    """
    left, trying = list(between), list[Difference]()
    while len(trying) != len(left):  # one that was needed together with another may go once that one has gone
        trying = left
        for difference in trying:
            fewer = [one for one in left if one is not difference]
            if _without(m, pfn, newer, fewer) == wanted:
                left = fewer
            yield done
    return [Decider(one, _without(m, pfn, newer, [other for other in left if other is not one])) for one in left]


def _without(m: Machine, pfn: int, profile: Profile, left_out: Sequence[Difference]) -> Outcome:
    """Return the outcome under a kernel without some of its differences."""
    for difference in left_out:
        profile = difference.undo(profile)
    with _under(m, profile):
        return outcome_of(predict(m, pfn))


@contextmanager
def _under(m: Machine, profile: Profile) -> Iterator[None]:
    own, m.profile = m.profile, profile
    try:
        yield
    finally:
        m.profile = own


def _each_under(m: Machine, profile: Profile, work: Iterator[T]) -> Iterator[T]:
    """Yield from a generator; the machine has the profile only while the generator runs."""
    while True:
        with _under(m, profile):
            done = next(work, None)
        if done is None:
            return
        yield done
