"""A scenario: operations on a machine, in order, and the expected outcome of each.

Values only: reader.py reads them from a file, writer.py saves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.session.scenario.schema import FORMAT

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Memory(NamedTuple):
    """The machine to boot. `huge_pages` is nr_hugepages, 2 MiB pages in the hugetlb pool."""

    frames: int = 4096
    background: str = "none"
    seed: int = 0
    huge_pages: int = 0


class ScenarioStep(NamedTuple):
    """A step. `args` has the defaults filled in; `expect` is empty if nothing is expected; `number` is from 1."""

    op: str
    args: Mapping[str, Any]
    caption: str = ""
    notes: str = ""
    pause: bool = False
    expect: Mapping[str, Any] = _NOTHING
    number: int = 0


class Scenario(NamedTuple):
    """The content of a scenario file."""

    title: str
    summary: str = ""
    profile: str = oldest().name
    memory: Memory = Memory()
    sysctl: Mapping[str, int] = _NOTHING
    steps: tuple[ScenarioStep, ...] = ()
    format: int = FORMAT


def pauses(op: str, caption: str) -> bool:
    """The default of `pause`: whether playback stops at the step."""
    return op == "poison" or caption != ""
