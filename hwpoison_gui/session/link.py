"""Timeline positions as text, for links: `3.12` is step 12 of operation 3, `3` its end, `0` the machine as booted."""

from __future__ import annotations

import re
from typing import Final

from hwpoison_gui.session.document.document import place_of
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session

_FORM: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?", re.ASCII)
_EXPECTED: Final = "expected OPERATION.STEP, as in 3.12, or OPERATION alone"


def link_to(session: Session) -> str:
    """The present position; steps of an unfinished operation do not count."""
    return "{}.{}".format(*place_of(session)) if session.position else "0"


def position_at(session: Session, text: str) -> int:
    """The timeline position that a text names. Raises ScenarioError if the session does not have it."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ScenarioError(f"no moment: {text[:40]!r}; {_EXPECTED}")
    count, steps = int(found[1]), found[2]
    if count > len(session.operations):
        last = len(session.operations)
        raise ScenarioError(f"no operation {count}; " + (f"the last one is {last}" if last else "nothing was done"))
    if not count:
        if int(steps or 0):
            raise ScenarioError(f"no moment {text.strip()}; operations are numbered from 1, and 0 is before the first")
        return 0
    operation = session.operations[count - 1]
    length = operation.last - operation.first
    if steps is not None and int(steps) > length:
        raise ScenarioError(f"no step {int(steps)} of operation {count}; its last one is {length}")
    return operation.last if steps is None else operation.first + int(steps)
