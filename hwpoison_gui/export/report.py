"""A report on operations as Markdown, to paste into a bug report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hwpoison_gui import __version__
from hwpoison_gui.export.markdown import code, plain, span, table
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import title_in
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.facts.frame_text import as_text
from hwpoison_gui.view.outcome.loss import ending_of, loss_of
from hwpoison_gui.view.outcome.summing import summary_of
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.outline.outline import AHEAD, ASIDE, Outline

MOST_SIGNALS: Final = 200  # rows of a table that a person still reads
MOST_FRAMES: Final = 200  # rows
MOST_DECISIONS: Final = 400  # lines
_MODEL: Final = (
    "Simulated: the handler ran on a model of the machine, and real memory was only read. How far this model agrees "
    "with recorded kernels stands in docs/fidelity.md of hwpoison-gui."
)


def report(session: Session, title: str, operations: Sequence[Operation] | None = None) -> str:
    """Return the text report of operations: what they did, and why.

    Parameters
    ----------
    session
        At rest, at its last step: facts that depend on what follows an operation are those of the end.
    title
        Name of the machine or scenario.
    operations
        Those to report on; by default all that concern an error.

    Returns
    -------
    str
        Markdown. Nothing that a file, process or log contains is markup in it.
    """
    wanted = [one for one in session.operations if concerns_error(one)] if operations is None else operations
    blocks = [f"# {plain(title)}", _machine(session)]
    for number, operation in enumerate(session.operations, start=1):
        if operation in wanted:
            blocks += _operation(session, number, operation)
    if not wanted:
        blocks.append("No error was injected, and no process ran into one.")
    return "\n\n".join(blocks) + "\n"


def concerns_error(operation: Operation) -> bool:
    """Return whether an operation injects an error, or shows one: a signal, a line in the kernel log, a panic."""
    outcome = operation.outcome
    injects = operation.name in ("poison", "soft_offline", "unpoison")
    return injects or bool(outcome.signals or outcome.log or outcome.panic)


def _machine(session: Session) -> str:
    m = session.machine
    settings = ", ".join(f"`vm.{name}` = {value}" for name, value in m.sysctl.view.items())
    return "\n".join(
        (
            f"- hwpoison-gui {__version__}, profile `{m.profile.name}`: {plain(m.profile.title)}",
            f"- {m.frames:,} frames of 4 KiB; at the end {settings}; HardwareCorrupted {m.hardware_corrupted_kb:,} kB",
            f"- {_MODEL}",
        )
    )


def _operation(session: Session, number: int, operation: Operation) -> Iterator[str]:
    yield f"## {number}. {plain(title_in(session, operation))}"
    said = at(session, operation.last, lambda: verdict(session, operation))
    yield plain(said or _returned(operation.outcome))
    if operation.parts:
        yield "### The frames, the worst first"
        yield _frames(session, operation)
        return
    pfn = operation.outcome.pfn
    if pfn is not None and 0 <= pfn < session.machine.frames:
        yield "### The page before"
        yield code(at(session, operation.first, lambda: as_text(facts_of(session, pfn))).split("\n"))
    decisions = list(_decisions(session, operation))
    if decisions:
        yield "### What the kernel did, and why"
        yield "\n".join(decisions)
    if operation.outcome.signals:
        yield "### Signals"
        yield _signals(operation)
    loss = at(session, operation.last, lambda: loss_of(session, operation))
    if loss is not None:
        yield "### What is left"
        yield "\n".join(f"- {plain(fact.text)}" for fact in ending_of(loss))
    if operation.outcome.log:
        yield "### Kernel log"
        yield code(operation.outcome.log)


def _returned(outcome: Outcome) -> str:
    errno = outcome.errno
    return f"It returned {'0' if not errno else f'−{errno}'}."


def _decisions(session: Session, operation: Operation) -> Iterator[str]:
    """The outline as it was walked, as a nested list; ways that were not taken are left out."""
    outline = Outline(session.machine.profile, session.steps.marks, operation.first, operation.last)
    depth = {0: -1}
    left = MOST_DECISIONS
    for node in outline.shown():
        state = node.state(operation.last)
        if node.parent not in depth or state in (AHEAD, ASIDE):
            continue
        depth[node.id] = depth[node.parent] + 1
        if not left:
            yield f"- … {len(outline.nodes):,} lines in all"
            return
        left -= 1
        code_words = " → ".join(filter(None, (node.code, node.branch)))
        words = " ".join(filter(None, (plain(outline.words(node, operation.last)), plain(node.because))))
        yield f"{'  ' * depth[node.id]}- {words}" + (f" {span(code_words)}" if code_words else "")


def _frames(session: Session, operation: Operation) -> str:
    """The frames of an operation on many: a row for each of the worst."""
    summary = summary_of(session, operation)
    rows = [(f"{one.pfn:#x}", _result_of(one.outcome), one.words) for one in summary.frames[:MOST_FRAMES]]
    shown = table(("frame", "result", "came to"), rows)
    more = summary.done - MOST_FRAMES
    return f"{shown}\n\nand {more:,} more" if more > 0 else shown


def _result_of(outcome: Outcome) -> str:
    return f"{outcome.result} ({outcome.kind})" if outcome.result else _returned(outcome)


def _signals(operation: Operation) -> str:
    signals = operation.outcome.signals
    rows = [
        (one.label, str(one.thread), one.signal, one.code, f"{one.addr:#x}", str(one.lsb), one.effect)
        for one in signals[:MOST_SIGNALS]
    ]
    shown = table(("process", "thread", "signal", "si_code", "si_addr", "si_addr_lsb", "effect"), rows)
    more = len(signals) - MOST_SIGNALS
    return f"{shown}\n\nand {more:,} more" if more > 0 else shown
