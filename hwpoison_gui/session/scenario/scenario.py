"""A scenario: what happened to a machine, in order, and what must come of it.

Values only: scenario_reader makes them from a file, scenario_writer a file from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.session.scenario.schema import FORMAT


@dataclass(frozen=True, slots=True)
class Memory:
    """The machine that is booted."""

    frames: int = 4096
    background: str = "none"
    seed: int = 0
    huge_pages: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One op. `args` has the defaults filled in; `expect` is empty when nothing is; `number` is from 1."""

    op: str
    args: Mapping[str, Any]
    caption: str = ""
    pause: bool = False
    expect: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole file."""

    title: str
    summary: str = ""
    profile: str = field(default_factory=lambda: oldest().name)
    memory: Memory = field(default_factory=Memory)
    sysctl: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[ScenarioStep, ...] = ()
    format: int = FORMAT


def pauses(op: str, caption: str) -> bool:
    """Whether presenting stops at a step that does not say."""
    return op == "poison" or caption != ""
