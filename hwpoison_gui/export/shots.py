"""A film of a session: what each of its shots shows, and for how long. The stage draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.pace import FLIGHT_MS, MOVING_MS, STEP_MS, Pace, reading_ms
from hwpoison_gui.view.story.stage_text import target_at
from hwpoison_gui.view.story.stops import is_told

_TRAVELS: Final = (Act.VISIT, Act.SKIP)  # acts in which a dot walks from the frame to a process
_LONGEST_MS: Final = 60_000.0  # the longest step: a text that takes longer to read is no caption
_END_MS: Final = 2000.0  # more for the last shot, before an animation begins again


class Shot(Record):
    """A picture of a film that is shown for `ms` milliseconds.

    Attributes
    ----------
    position
        Timeline position.
    toward
        The position to which the camera flies, or where it is: `position`.
    flown
        The share of the flight that is done, from 0 to 1.
    phase
        How far what moves within the step has come, from 0 to 1.
    title
        Whether the title card is shown.
    """

    ms: float
    position: int
    toward: int
    flown: float = 1.0
    phase: float = 0.0
    title: bool = False


class Film(Record):
    """Settings of the film of a session.

    Attributes
    ----------
    first, last
        Timeline positions.
    fps
        Shots per second, of what moves.
    speed
        Of reading; 1: as a teacher speaks.
    moving
        Whether the camera flies and the walk is seen on its way; otherwise each step is a cut.
    words
        Title and summary, for the time that the title card is shown.
    """

    first: int
    last: int
    fps: float = 20.0
    speed: float = 1.0
    moving: bool = True
    words: str = ""


def shots_of(session: Session, film: Film) -> Iterator[Shot]:
    """The shots, in order. Steps that would be shown for less than one shot are passed over."""
    least = 1000 / film.fps
    times, here, owed = _durations(session, film), film.first, 0.0
    if not film.first:
        yield Shot(max(least, min(reading_ms(film.words), _LONGEST_MS) / film.speed), 0, 0, title=True)
    for position in range(max(film.first, 1), film.last + 1):
        ends = position == film.last
        owed += times[position] / film.speed + ends * _END_MS
        if owed < least and not ends:
            continue
        if film.moving and target_at(session, here) != target_at(session, position):
            yield from _flight(here, position, least)
        yield from _step(session, position, owed, least if film.moving else 0.0)
        here, owed = position, 0.0


def _flight(here: int, there: int, least: float) -> Iterator[Shot]:
    count = round(FLIGHT_MS / least)
    for number in range(count):
        yield Shot(least, here, there, flown=_eased((number + 1) / (count + 1)))


def _eased(share: float) -> float:
    """Slow at both ends: a cubic curve, as the stage flies."""
    return 4 * share**3 if share < 0.5 else 1 - (2 - 2 * share) ** 3 / 2


def _step(session: Session, position: int, ms: float, least: float) -> Iterator[Shot]:
    """One step: what moves in it, then the rest. `least`: time of a shot; 0 without motion."""
    travels = least > 0 and session.steps.marks[position - 1].act in _TRAVELS if position else False
    count = int(min(ms, MOVING_MS) / least) if travels else 0
    for number in range(count):
        yield Shot(least, position, position, phase=(number + 1) / count)
    rest = ms - count * least
    if rest > 0 or not count:
        yield Shot(max(rest, 1.0), position, position, phase=1.0 if count else 0.0)


def _durations(session: Session, film: Film) -> list[float]:
    """Milliseconds for each position at speed 1: reading time for what is shown step by step, little for the rest."""
    times = [0.0] * (len(session.steps) + 1)
    for operation in session.operations:
        if not is_told(operation):
            times[operation.last] = float(STEP_MS)
            continue
        marks = session.steps.marks[operation.first : operation.last]
        pace = Pace(marks, operation.telling.caption, skim=film.moving)
        for number in range(len(marks)):
            times[operation.first + 1 + number] = min(pace.time(number), _LONGEST_MS)
    return times
