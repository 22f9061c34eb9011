"""Content of the stage at a timeline position, short enough to read from the back of a hall."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.record import Record
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.facts.counters import killed, was_killed
from hwpoison_gui.view.facts.sentence import Sentence, sentence_of
from hwpoison_gui.view.outcome.loss import Fact, ending_of, loss_of
from hwpoison_gui.view.outline.outline import Node, outline_for
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.story.stops import ASIDES, is_told
from hwpoison_gui.view.walk.state import frames_concerned

MOST_WAYS: Final = 4  # with more, nobody in the back of a hall reads any
_OF_MANY: Final = frozenset({"alloc"})  # operations of whose frames none is looked at
_LEFT: Final = "What is left"
_BREAKS: Final = ("poison", "soft_offline")
_MOST_LOSSES: Final = 30  # newest errors whose losses are looked up: each walks back over the steps after it
_MOST_LOST: Final = 3


class Way(Record):
    """A way out of a decision; `taken` is None before it is decided."""

    text: str
    taken: bool | None


class Staged(Record):
    """Words at one position.

    `head`: the question decided, or what goes on; `ways`: its answers. `facts`: what is
    left, at the end of an operation. `log`: the newest line. `target`: see `target_at`.
    """

    said: Sentence
    head: str = ""
    ways: tuple[Way, ...] = ()
    facts: tuple[Fact, ...] = ()
    log: LogLine | None = None
    target: int = -1


def staged(session: Session, since: int = 0) -> Staged:
    """The words at the session's position.

    Parameters
    ----------
    since
        Number of first operations that are not summed up at the end: a question was asked after them.
    """
    moment, said = moment_of(session), sentence_of(session)
    operation = moment.operation
    if operation is not None and operation.name in ASIDES:
        said = Sentence("")
    lines = log_lines(session)
    shown = Staged(said, log=lines[-1] if lines else None)
    shown = shown._replace(target=target_at(session, session.position))
    broken = _told_errors(session, since) if session.position == len(session.steps) else []
    if broken and broken != [operation] and not session.machine.panicked:
        return shown._replace(head=_LEFT, said=Sentence(""), facts=_summed_up(session, broken))
    if operation is None or not is_told(operation):
        return shown
    loss = loss_of(session, operation) if moment.at_end else None
    if loss is not None:
        total = "In all: " if len(_told_errors(session)) > len(_told_errors(session, since)) else ""
        memory = Fact(f"{total}{_memory(session)}, processes killed: {killed(session.machine):,}.")
        return shown._replace(head=_LEFT, said=Sentence(""), facts=(*ending_of(loss), memory))
    if moment.at_end:
        return shown
    outline = outline_for(session, operation)
    node = outline.now(session.position)
    if node is None:
        return shown
    above = outline.nodes[node.parent]
    ways = tuple(_ways(node, above, [outline.nodes[number] for number in above.children]))
    return shown._replace(head=above.text, ways=ways)


def target_at(session: Session, position: int) -> int:
    """The frame to look at closely at a position; -1 where all of memory is to be seen: before and after an error."""
    operation = session.operation_at(position)
    if operation is None or position == operation.last or not is_told(operation):
        return -1
    part = session.part_at(position)
    pfn = part.outcome.pfn if part is not None else None
    return pfn if pfn is not None and 0 <= pfn < session.machine.frames else -1


def frame_kept(session: Session, position: int) -> int:
    """The frame whose reverse map stays in view during an operation that concerns no frame; else -1.

    It is the frame that was broken last; before the first error, that of the last captioned operation; -1 if neither.
    """
    operation = session.part_at(position)
    if operation is not None and operation.name not in _OF_MANY and frames_concerned(session, operation):
        return -1
    before = [one for one in _told_errors(session) if one.last <= position]
    if not before and operation is not None:
        before = [one for one in session.operations if one.telling.caption and one.last <= position]
    looked_at = (frames_concerned(session, one)[:1] for one in reversed(before))
    return next((pfn for (pfn, *_) in filter(None, looked_at)), -1)


def _ways(node: Node, above: Node, siblings: list[Node]) -> list[Way]:
    """The ways of the decision, the taken one first; none for a step that decides nothing."""
    if above.kind != "decision" or node.kind != "way":
        return []
    ways = [Way(one.told or one.text, True) if one is node else Way(one.text, False)
            for one in siblings if one.kind == "way"]  # fmt: skip
    ways.sort(key=lambda way: not way.taken)
    return ways[:MOST_WAYS]


def _told_errors(session: Session, since: int = 0) -> list[Operation]:
    """The operations of the story, from number `since` on, that broke a page or took one out of use."""
    told = (one for one in session.operations[since:] if one.name in _BREAKS and is_told(one))
    return [part for one in told for part in one.parts or (one,)]


def _summed_up(session: Session, broken: list[Operation]) -> tuple[Fact, ...]:
    """At the end of the story: who died and who lives, what was lost or is in use, and how much memory."""
    losses = [loss for one in broken[-_MOST_LOSSES:] if (loss := loss_of(session, one)) is not None]
    processes = session.machine.processes.view.values()
    dead = [process.label for process in processes if was_killed(process)]
    concerned = {hit.tgid for loss in losses for hit in loss.hits}
    alive = [one.label for one in processes if dead and not one.ended and one.tgid in concerned]
    most = _MOST_LOST - bool(alive)  # more lines cannot be read from the back of a hall
    who = Fact(f"Killed: {names(dead, 12)}.", "kill") if dead else Fact("No process was killed.", "good")
    harm = list(dict.fromkeys(loss.lost for loss in losses if loss.gone or loss.in_use))
    what = [Fact(text, "warn") for text in harm[:most]] or [Fact("No data was lost.", "good")]
    more = [Fact(f"{len(harm) - most:,} more losses.", "warn")] if len(harm) > most else []
    spared = [Fact(f"Alive: {names(alive, 12)}.", "good")] if alive else []
    return (who, *spared, *what, *more, Fact(f"{_memory(session)}."))


def _memory(session: Session) -> str:
    """Amount of memory that is marked as broken by now."""
    return f"HardwareCorrupted {session.machine.hardware_corrupted_kb:,} kB"
