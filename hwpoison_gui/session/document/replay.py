"""Repeats what a session file says was done: branches first, then the present line, then the position."""

from __future__ import annotations

from collections.abc import Iterator

from hwpoison_gui.session.branches import Branch, shared
from hwpoison_gui.session.document.document import Document, position_of
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session


def replay(session: Session, document: Document) -> Iterator[int]:
    """Run the operations of all lines on a freshly booted machine.

    Yields the number of operations left of a line, now and then. A branch that cannot be repeated is left out.

    Raises
    ------
    ScenarioError
        If an operation of the present line cannot be run: the machine is another one.
    """
    for kept in document.branches:
        try:
            yield from session.go_along(kept.line)
        except ScenarioError:
            continue
    # A line that a branch goes on from was written while an operation ran: the branch is what was there before it.
    try:
        yield from session.go_along(document.line)
    except ScenarioError as error:
        raise error.at(step=len(session.operations) + 1) from None
    _order(session, document)
    session.comparisons[:] = document.comparisons
    session.seek(position_of(session, document.at))


def _order(session: Session, document: Document) -> None:
    """Put the branches in the order in which they were left, with what they shared then."""
    found: list[Branch] = []
    for kept in document.branches:
        same = (one for one in session.branches.kept if shared(kept.line, one.operations) == len(kept.line))
        branch = next(same, None)
        if branch is not None and len(branch.operations) == len(kept.line):
            found.append(branch._replace(left_at=kept.left_at))
    session.branches.kept = found
