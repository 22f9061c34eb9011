"""Parts of a scenario step besides the inputs of its operation: words for the audience and the speaker, and claims."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hwpoison_gui.record import Record

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Telling(Record):
    """Words and claims about one operation. They do not affect it, and stay with it when it is saved or run again.

    `notes` are for the speaker. `pause`: whether playback stops after it; None: as `pauses` has it. `expect`: what must
    come of it, as in a scenario file. `joined`: it was done together with the operation before it, for another task or
    frame, and is undone with it; this is not saved.
    """

    caption: str = ""
    notes: str = ""
    pause: bool | None = None
    expect: Mapping[str, Any] = _NOTHING
    joined: bool = False

    def stops(self, op: str) -> bool:
        """Return whether playback stops after the operation."""
        return pauses(op, self.caption) if self.pause is None else self.pause


UNTOLD: Final = Telling()


def pauses(op: str, caption: str) -> bool:
    """The default of `pause`."""
    return op == "poison" or caption != ""
