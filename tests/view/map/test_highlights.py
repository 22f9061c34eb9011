"""What the map points at: the ring of a broken frame is for broken frames alone."""

from __future__ import annotations

from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.roles import TARGET, VISITED, Role


def _roles(session: Session, pfn: int) -> set[Role]:
    return {role for pfns, role in highlights_of(session, None, {}) if pfn in pfns}


def test_a_frame_whose_error_is_taken_back_is_pointed_at_but_not_as_broken() -> None:
    session = Session.fresh(4096, profile="6.1")
    pfn = session.resolve_frame("any:free")
    keys = {"frame": f"pfn:{pfn:#x}"}
    session.act("poison", shape.values_of(schema.OPS["poison"].keys, keys))
    assert _roles(session, pfn) == {TARGET}
    session.act("unpoison", shape.values_of(schema.OPS["unpoison"].keys, keys))
    assert _roles(session, pfn) == {VISITED}
