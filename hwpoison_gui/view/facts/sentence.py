"""The sentence of a timeline position: what the step does, with the kernel function next to it."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.record import Record
from hwpoison_gui.session.many import named
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import START, Moment, moment_of, title_in
from hwpoison_gui.view.facts.operation_chips import RESULT_TONES, result_in
from hwpoison_gui.view.walk.state import concerns
from hwpoison_gui.view.words.lookup import branch_of, function_of, text_of, why_of
from hwpoison_gui.view.words.words import counted

IDLE: Final = "Click a frame to break it."
NO_MEMORY: Final = "This map shows error records: there is no memory to break."
NO_MEMORY_HINT: Final = (
    "Alt+Down goes from record to record in time. Machine > Overlay error records on this machine… compares them with "
    "the model on a snapshot."
)
IDLE_HINT: Final = (
    "The kernel will look for all processes that use it. A right click only selects; arrow keys and Enter work, too."
)


class AboutFrame(Record):
    """Description of a frame, the predicted outcome of an error in it, and its flags as letters."""

    summary: str = ""
    ahead: str = ""
    letters: str = ""


class Sentence(Record):
    """`tone`: idle, plain, kill, good, warn or panic. `code` is the kernel function, `branch` the one taken in it.

    Of a selected frame `code` is the flags as letters.

    `to`: another frame that it names, to go to; -1 without one.
    """

    text: str
    detail: str = ""
    code: str = ""
    branch: str = ""
    tone: str = "plain"
    where: str = ""
    to: int = -1


_NO_FRAME: Final = AboutFrame()
_TONES: Final[dict[Act, str]] = {
    Act.SIGNAL: "kill",
    Act.DIE: "kill",
    Act.PANIC: "panic",
    Act.RESULT: "good",
    Act.UNMAP: "warn",
}


def is_about(session: Session, pfn: int) -> bool:
    """Return whether the present step is one of an operation on frame `pfn`: then its sentence speaks of the frame."""
    operation = moment_of(session).operation
    return operation is not None and concerns(session, operation, pfn)


def sentence_of(
    session: Session, selected: AboutFrame = _NO_FRAME, is_asked: bool = False, no_memory: bool = False
) -> Sentence:
    """The sentence of the present step, or of a selected frame that its operation is not about.

    Beside a selected frame, the frame of the operation stands before the sentence of a step.

    Parameters
    ----------
    selected
        Such a frame; its flags stand where a step has the kernel function. Empty without one.
    is_asked
        The frame was selected after the last move on the timeline: between operations its sentence comes first.
    no_memory
        The machine has frame numbers for error records only.
    """
    moment, frame = moment_of(session), selected.summary
    if no_memory and not moment.total:
        return Sentence(frame or NO_MEMORY, NO_MEMORY if frame else NO_MEMORY_HINT, tone="idle", where="start")
    where = _where(session, moment)
    if frame and (moment.step is None or (is_asked and moment.at_end)):
        return Sentence(frame, _ahead(session, selected.ahead), selected.letters, tone="idle", where=where)
    if moment.step is None or moment.operation is None:
        lie = counted(moment.total, "step lies", "steps lie")
        detail = f"{lie} ahead: press Space to play them." if moment.total else IDLE_HINT
        return Sentence(f"{START}." if moment.total else IDLE, detail, tone="idle", where=where)
    text, detail, tone = _said(session, moment)
    if frame:
        handled = moment.operation.outcome.pfn
        if handled is not None and not moment.is_over:
            text = f"{handled:#x}: {text}"  # as in the kernel log
        detail = "  ·  ".join(filter(None, (detail, f"Selected: {frame}")))
    mark = moment.step.mark
    code, to = function_of(mark, session.machine.profile), _other_frame(session, moment)
    return Sentence(text, detail, code, branch_of(mark), tone, where, to)


def _where(session: Session, moment: Moment) -> str:
    """Place of a moment on the timeline: the step of the operation, and the frame of an operation on many."""
    operation, whole = moment.operation, moment.whole
    if moment.step is None or operation is None:
        return "start"
    length, title = operation.last - operation.first, title_in(session, whole or operation)
    where = f"step {moment.within:,} of {length:,}  ·  {moment.number + 1}. {title}"
    if whole is None:
        return where
    return f"frame {whole.part_number(moment.position) + 1:,} of {named(whole.args):,}  ·  {where}"


def _said(session: Session, moment: Moment) -> tuple[str, str, str]:
    """Text, detail and tone of a step; at the end of an operation, of what came of it."""
    operation, step = moment.operation, moment.step
    assert operation is not None and step is not None
    if moment.is_over:
        return _over(session, moment)
    if moment.at_end:
        from hwpoison_gui.view.outcome.loss import loss_of
        from hwpoison_gui.view.outcome.verdict import refused, verdict

        if came := verdict(session, operation):
            loss, outcome = loss_of(session, operation), operation.outcome
            detail = "" if refused(outcome) or outcome.filtered else text_of(step.mark)
            tone = "panic" if outcome.panic else result_in(session, operation)[1]
            return came, loss.lost if loss else detail, tone
    mark, why = step.mark, why_of(step.mark)
    tone = _TONES.get(mark.act, "plain")
    if mark.act is Act.RESULT:
        tone = RESULT_TONES.get(mark.value("result"), tone)
    return text_of(mark), f"because {why}" if why else "", tone


def _over(session: Session, moment: Moment) -> tuple[str, str, str]:
    """Text, detail and tone at the end of an operation on many frames."""
    from hwpoison_gui.view.outcome.many import said_of, worst_of
    from hwpoison_gui.view.outcome.summing import said_in_short, summary_at_hand

    assert moment.whole is not None
    summary = summary_at_hand(session, moment.whole)
    if summary is None:
        return said_in_short(moment.whole), "", "plain"
    tone = "panic" if summary.panic else result_in(session, moment.whole)[1]
    return said_of(summary), worst_of(summary), tone


def _other_frame(session: Session, moment: Moment) -> int:
    """A frame besides that of the operation: of the step, or the one that a migrated page is in now; else -1."""
    assert moment.step is not None and moment.operation is not None
    operation, marks = moment.operation, [moment.step.mark]
    if moment.at_end and operation.name == "soft_offline":
        from hwpoison_gui.kernel.migrate import MOVED

        marks = [mark for mark in session.steps.marks[operation.first : operation.last] if mark.site is MOVED]
    frames = [pfn for mark in marks for pfn in mark.frames if 0 <= pfn < session.machine.frames]
    return next((pfn for pfn in frames if pfn != operation.outcome.pfn), -1)


def _ahead(session: Session, words: str) -> str:
    """Predicted outcome of an error in the selected frame, and the key that injects it."""
    if session.machine.panicked:
        return "The machine has panicked: nothing more happens to it."
    return f"{words or 'Nothing would come of it'}. Enter breaks it."
