"""What the stage shows at a timeline position, for the back row: few words, the most important ones."""

from __future__ import annotations

from typing import Final, NamedTuple

from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.facts.counters import killed
from hwpoison_gui.view.facts.sentence import Sentence, sentence_of
from hwpoison_gui.view.facts.stops import is_told
from hwpoison_gui.view.outcome.loss import Fact, ending_of, loss_of
from hwpoison_gui.view.outline.outline import Node, Outlines
from hwpoison_gui.view.rows.log import log_lines

MOST_WAYS: Final = 5


class Way(NamedTuple):
    """A way out of a decision; `taken` is None before it is decided."""

    text: str
    taken: bool | None


class Staged(NamedTuple):
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


def staged(session: Session, outlines: Outlines) -> Staged:
    """The words at the session's position."""
    moment, said = moment_of(session), sentence_of(session)
    operation = moment.operation
    if operation is not None and operation.name == "check":
        said = Sentence("")  # it does nothing: its caption says why it is there
    lines = log_lines(session)
    shown = Staged(said, log=lines[-1] if lines else None)
    shown = shown._replace(target=target_at(session, session.position))
    if operation is None or not is_told(operation):
        return shown
    loss = loss_of(session, operation) if moment.at_end else None
    if loss is not None:
        return shown._replace(head="What is left", said=Sentence(""), facts=(*ending_of(loss), _memory(session)))
    if moment.at_end:
        return shown
    outline = outlines.outline_for(session, operation)
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
    pfn = operation.outcome.pfn
    return pfn if pfn is not None and 0 <= pfn < session.machine.frames else -1


def _ways(node: Node, above: Node, siblings: list[Node]) -> list[Way]:
    """The ways of the decision, the taken one first; none for a step that decides nothing."""
    if above.kind != "decision" or node.kind != "way":
        return []
    ways = [Way(one.told or one.text, True) if one is node else Way(one.text, False)
            for one in siblings if one.kind == "way"]  # fmt: skip
    ways.sort(key=lambda way: not way.taken)
    return ways[:MOST_WAYS]


def _memory(session: Session) -> Fact:
    """How much memory, and how many processes, the machine has lost until now."""
    dead = killed(session.machine)
    return Fact(f"HardwareCorrupted {session.machine.hardware_corrupted_kb:,} kB, processes killed: {dead:,}.")
