"""A scenario: what happened to a machine, in order, and what must come of it.

Values only: scenario_reader makes them from a file, scenario_writer a file from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.session.scenario.schema import FORMAT

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Memory(NamedTuple):
    """The machine that is booted."""

    frames: int = 4096
    background: str = "none"
    seed: int = 0
    huge_pages: int = 0


class ScenarioStep(NamedTuple):
    """One op. `args` has the defaults filled in; `expect` is empty when nothing is; `number` is from 1."""

    op: str
    args: Mapping[str, Any]
    caption: str = ""
    pause: bool = False
    expect: Mapping[str, Any] = _NOTHING
    number: int = 0


class Scenario(NamedTuple):
    """A whole file."""

    title: str
    summary: str = ""
    profile: str = oldest().name
    memory: Memory = Memory()
    sysctl: Mapping[str, int] = _NOTHING
    steps: tuple[ScenarioStep, ...] = ()
    format: int = FORMAT


def pauses(op: str, caption: str) -> bool:
    """Whether presenting stops at a step that does not say."""
    return op == "poison" or caption != ""
