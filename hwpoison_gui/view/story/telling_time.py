"""Speaking time of a story on the stage: the words read aloud at each stop, and the playback up to it."""

from __future__ import annotations

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.pace import AT_THE_END, DWELL, FLIGHT_MS, GLANCE, MOST_WALK_MS, STEP_MS, reading_ms
from hwpoison_gui.view.story.stage_text import target_at
from hwpoison_gui.view.story.stops import is_told, stops_of
from hwpoison_gui.view.words.lookup import branch_of, text_of


def stop_seconds(session: Session, words: str = "") -> list[float]:
    """Seconds for each stop of `stops_of`.

    At the stop where an operation begins its caption and the speaker's notes are read, at a decision the way that was
    taken, at the end of an error what is left. What was said before in the story takes a glance.

    Parameters
    ----------
    words
        Title and summary, which are read before the first step.
    """
    seconds, before = [reading_ms(words) / 1000], 0
    said: set[tuple[Site, str]] = set()
    begins = {operation.first: operation for operation in session.operations}
    for position in stops_of(session)[1:]:
        ms = float(min(MOST_WALK_MS, STEP_MS * (position - before)))
        ms += FLIGHT_MS if target_at(session, before) != target_at(session, position) else 0
        for first in range(before, position):
            if first in begins:
                telling = begins[first].telling
                ms += reading_ms(f"{telling.caption} {telling.notes}".strip())
        ms += _of_step(session, position, said)
        seconds.append(ms / 1000)
        before = position
    return seconds


def _of_step(session: Session, position: int, said: set[tuple[Site, str]]) -> float:
    """Milliseconds for the sentence of a stop; none where only a caption is read."""
    operation = session.operation_at(position)
    mark = session.steps.marks[position - 1]
    if operation is None or not is_told(operation):
        return 0.0
    ms, sentence = AT_THE_END if position == operation.last else 0.0, (mark.site, branch_of(mark))
    if mark.act in DWELL:
        ms += GLANCE if sentence in said else reading_ms(text_of(mark)) + DWELL[mark.act]
        said.add(sentence)
    return ms
