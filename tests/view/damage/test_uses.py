"""Pairs of a frame and a process: those of merged pages, with and without an entry."""

from __future__ import annotations

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.uses import LINKED, SMALL, find_uses
from hwpoison_gui.view.outcome.users import Users
from tests.workbench import do

BOTH = SMALL | LINKED


def uses_of(session: Session, pfn: int) -> dict[str, int]:
    m = session.machine
    users = Users(m)
    to_the_end(users.work())
    uses = to_the_end(find_uses(m, users))
    at = uses.frame == pfn
    tgids = {process.mm: process.name for process in m.living()}
    return {tgids[int(users.mms[rank])]: int(how) for rank, how in zip(uses.rank[at], uses.how[at], strict=True)}


def merged() -> Session:
    """Two merged pages, each of two processes."""
    session = Session.fresh(4096, profile="7.2")
    for name, value in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value=value)
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    return session


def test_rmap_items_lead_to_those_who_have_a_page_of_their_own_since() -> None:
    """`b` has written to its copy of the first page, `d` to that of the second."""
    session = merged()
    first, second = (session.resolve_frame(f"{name}:m+0") for name in "ac")
    assert uses_of(session, first) == {"a": BOTH, "b": BOTH} and uses_of(session, second) == {"c": BOTH, "d": BOTH}
    for name in "bd":
        do(session, "write", task=name, at="m+0", value="own")
    assert uses_of(session, first) == {"a": BOTH, "b": LINKED}
    assert uses_of(session, second) == {"c": BOTH, "d": LINKED}
    assert uses_of(session, session.resolve_frame("b:m+0")) == {"b": SMALL}


def test_an_rmap_item_leads_to_all_that_are_linked_to_its_anon_vma() -> None:
    session = merged()
    for parent, child in (("a", "e"), ("c", "f"), ("c", "g")):
        do(session, "fork", task=parent, child=child)
    first, second = (session.resolve_frame(f"{name}:m+0") for name in "ac")
    assert uses_of(session, first) == dict.fromkeys("abe", BOTH)
    assert uses_of(session, second) == dict.fromkeys("cdfg", BOTH)


def test_without_rmap_items_the_entries_stand_for_them() -> None:
    """As on a recorded machine, which does not export them."""
    session = merged()
    m = session.machine
    for key in [(node, number) for node, of in m.rmap_items.view.items() for number in of]:
        m.delete(m.rmap_items, key)
    m.gate.take()
    first, second = (session.resolve_frame(f"{name}:m+0") for name in "ac")
    assert uses_of(session, first) == {"a": BOTH, "b": BOTH} and uses_of(session, second) == {"c": BOTH, "d": BOTH}
