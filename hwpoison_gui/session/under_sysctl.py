"""The operations of a session run again, from its timeline position on, under another sysctl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import Past
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import UNTOLD, Telling


class Redone(Record):
    """An operation to be run again: its inputs."""

    name: str
    args: Mapping[str, Any]
    telling: Telling


def under_sysctl(session: Session, name: str, value: int) -> tuple[int, Sequence[Past | Redone]]:
    """The operations with a sysctl written at the session's position, and all that follow run again after it.

    Their captions may be untrue under the new setting and are left out. An operation that is under way begins again.

    Returns
    -------
    How many operations stay as they are, and the line.
    """
    line = session.line()
    kept = sum(one.last <= session.position for one in session.operations)
    written = Redone("sysctl", shape.values_of(schema.OPS["sysctl"].keys, {"name": name, "value": value}), UNTOLD)
    again = [Redone(one.name, one.args, Telling(joined=one.telling.joined)) for one in line[kept:]]
    return kept, (*line[:kept], written, *again)
