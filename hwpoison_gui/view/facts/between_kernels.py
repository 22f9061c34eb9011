"""Which frames of a machine come out differently under two kernels, and which difference of the kernels decides it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.record import Record
from hwpoison_gui.session.fidelity.differences import Difference, differences
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.classes import CLASSES
from hwpoison_gui.view.outcome.prediction import Prediction, predict

Pfns = npt.NDArray[np.int64]

_ASSESSED: Final = 0.4  # of the work, for each of the kernels


class Outcome(Record):
    """What an error comes to, whatever the kernel calls it: class (classes.CLASSES), result, whether data is lost."""

    code: int
    result: str
    lost: bool

    @property
    def words(self) -> str:
        """The outcome in a few words."""
        return f"{CLASSES[self.code].name} ({self.result}{', data lost' if self.lost else ''})"


class Group(Record):
    """Frames of one kind that come out the same way under either kernel.

    Attributes
    ----------
    kind : str
        The kind of page, as the map names it.
    before, after : Outcome
        Under the one kernel and under the other.
    pfns : array of int64, (frames,)
        Ascending.
    decided_by : tuple of Difference
        Without these, the other kernel has the outcome of the one, and without fewer it has not. Empty if the outcome
        is decided when the machine boots.
    """

    kind: str
    before: Outcome
    after: Outcome
    pfns: Pfns
    decided_by: tuple[Difference, ...]


def find_between(one: Machine, other: Machine) -> Generator[float, None, list[Group]]:
    """The groups of frames that come out differently, the largest first; yields the share done.

    Parameters
    ----------
    one, other
        The same machine under two kernels, both at rest; they must stay as they are meanwhile.
    """
    assessed = []
    for number, machine in enumerate((one, other)):
        assessment = Assessment(machine)
        for share in assessment.work():
            yield _ASSESSED * (number + share)
        assessed.append(assessment)
    rows = sorted(_grouped(*assessed).items(), key=lambda group: -sum(map(len, group[1])))
    between = list(differences(one.profile, other.profile))
    listed = []
    for number, ((kind, before, after), parts) in enumerate(rows):
        pfns = np.sort(np.concatenate(parts))
        decided = tuple(decide(other, int(pfns[0]), before, between))
        listed.append(Group(KINDS[kind].name, before, after, pfns, decided))
        yield 2 * _ASSESSED + (1 - 2 * _ASSESSED) * (number + 1) / len(rows)
    return listed


def _grouped(one: Assessment, other: Assessment) -> dict[tuple[int, Outcome, Outcome], list[Pfns]]:
    """The frames whose outcomes differ, by kind of page and both outcomes."""
    found = [[outcome_of(prediction) for prediction in assessment.predictions] for assessment in (one, other)]
    words, word_of = np.unique(other.m.flags.view, return_inverse=True)
    kind_of_frame = np.array([kind_of(word) for word in words.tolist()], np.uint8)[word_of.reshape(-1)]
    pairs, pair_of = np.unique(one.class_of.astype(np.int64) << 32 | other.class_of, return_inverse=True)
    groups: dict[tuple[int, Outcome, Outcome], list[Pfns]] = {}
    for number, pair in enumerate(pairs.tolist()):
        before, after = found[0][pair >> 32], found[1][pair & 0xFFFFFFFF]
        if before != after:
            pfns = np.flatnonzero(pair_of.reshape(-1) == number)
            for kind in np.unique(kind_of_frame[pfns]).tolist():
                groups.setdefault((kind, before, after), []).append(pfns[kind_of_frame[pfns] == kind])
    return groups


def outcome_of(prediction: Prediction) -> Outcome:
    """The outcome without the kernel's words for it."""
    return Outcome(prediction.code, prediction.result or "no result line", prediction.lost)


def decide(m: Machine, pfn: int, wanted: Outcome, between: list[Difference]) -> list[Difference]:
    """A smallest set of differences without which an error in the frame has the wanted outcome.

    Empty if it has not even without all of them: the machine was booted into another state, then.
    """
    left = list(between)
    if _without(m, pfn, left) != wanted:
        return []
    for difference in between:
        fewer = [one for one in left if one is not difference]
        if _without(m, pfn, fewer) == wanted:
            left = fewer
    return left


def _without(m: Machine, pfn: int, left_out: list[Difference]) -> Outcome | None:
    """The outcome on the machine's kernel without some differences; None if the model fails there."""
    profile = m.profile
    for difference in left_out:
        profile = difference.undo(profile)
    with _under(m, profile):
        try:
            return outcome_of(predict(m, pfn))
        except Exception:  # noqa: BLE001  the parts of two kernels need not fit together
            return None


@contextmanager
def _under(m: Machine, profile: Profile) -> Iterator[None]:
    own, m.profile = m.profile, profile
    try:
        yield
    finally:
        m.profile = own
