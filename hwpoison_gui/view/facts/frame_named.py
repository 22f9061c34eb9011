"""The frame that a text names on a machine: a number, a line of a log, or a page in the form of scenario files."""

from __future__ import annotations

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.grammar import AnyPage, parse_page
from hwpoison_gui.session.scenario.schema import ANY_KINDS
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.world import MORE_KINDS
from hwpoison_gui.view.base.frame_number import TakenFrame, frame_taken, hint_for


def frame_named(session: Session, text: str) -> TakenFrame:
    """The frame, and what the text was taken for. Raises ScenarioError if there is none."""
    text = text.strip()
    found = frame_taken(text, session.machine.frames)
    if found is None:
        try:
            pfn = session.resolve_frame(text)
        except ScenarioError:
            if hint := hint_for(text):
                raise ScenarioError(f"{hint[0].upper()}{hint[1:]}.") from None
            page = parse_page(text)
            if page is None:
                form = f" A page of a VMA is written {text}+0." if parse_page(f"{text}+0") is not None else ""
                raise ScenarioError(f"“{text}” names no frame.{form}") from None
            if isinstance(page, AnyPage) and page.kind not in (known := (*ANY_KINDS, *MORE_KINDS)):
                raise ScenarioError(f"“{text}”: no such kind of page. Kinds are {', '.join(known)}.") from None
            raise
        return TakenFrame(pfn, f"frame {pfn:#x}, the page {text}")
    if not 0 <= found.pfn < session.machine.frames:
        last = session.machine.frames - 1
        raise ScenarioError(f"{found.pfn:#x}: this machine has frames 0 to {last:#x}.")
    return found
