"""A scenario: operations on a machine, in order, and the expected outcome of each.

Values only: reader.py reads them from a file, writer.py saves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.record import Record
from hwpoison_gui.session.telling import Telling, pauses

FORMAT: Final = 1
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Memory(Record):
    """The machine to boot. `huge_pages` is nr_hugepages, 2 MiB pages in the hugetlb pool."""

    frames: int = 4096
    background: str = "none"
    seed: int = 0
    huge_pages: int = 0


class ScenarioStep(Record):
    """A step. `args` has the defaults filled in; `expect` is empty if nothing is expected; `number` is from 1."""

    op: str
    args: Mapping[str, Any]
    caption: str = ""
    notes: str = ""
    pause: bool = False
    expect: Mapping[str, Any] = _NOTHING
    number: int = 0

    @property
    def telling(self) -> Telling:
        """The step without its inputs. A `pause` that is the default stays the default where the caption is changed."""
        pause = None if self.pause == pauses(self.op, self.caption) else self.pause
        return Telling(self.caption, self.notes, pause, self.expect)


class Scenario(Record):
    """The content of a scenario file."""

    title: str
    summary: str = ""
    profile: str = oldest().name
    memory: Memory = Memory()
    sysctl: Mapping[str, int] = _NOTHING
    steps: tuple[ScenarioStep, ...] = ()
    format: int = FORMAT
