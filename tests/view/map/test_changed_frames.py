"""What the lens of changes shows: the frames of the operation so far, the last step's apart."""

from __future__ import annotations

from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.changed_frames import touched_frames


def test_frames_that_an_operation_changed_step_by_step() -> None:
    session = Session.fresh(4096)
    assert [part.tolist() for part in touched_frames(session)] == [[], []]
    for op, args in (("task", {"name": "a"}), ("mmap", {"task": "a", "name": "m", "pages": 3}),
                     ("write", {"task": "a", "at": "m+1"})):  # fmt: skip
        session.act(op, shape.values_of(schema.OPS[op].keys, args))
    pfn, operation = session.resolve_frame("a:m+1"), session.operations[-1]
    flags = session.machine.flags.view.copy()
    seen: set[int] = set()
    for position in range(operation.first + 1, operation.last + 1):
        session.seek(position)
        before, last = touched_frames(session)
        assert set(before.tolist()) == seen
        seen |= set(last.tolist())
    assert pfn in seen
    session.seek(operation.first)
    changed = (session.machine.flags.view != flags).nonzero()[0].tolist()
    assert set(changed) <= seen
