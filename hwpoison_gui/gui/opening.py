"""From a file, or from nothing, to a machine in a session, with what the window must say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from hwpoison_gui.kernel.image import MemoryImage
from hwpoison_gui.session import replay
from hwpoison_gui.session.errors import NotYetSupportedError
from hwpoison_gui.session.scenario import Memory, Scenario, ScenarioStep, load
from hwpoison_gui.session.session import Session

DEFAULT_FRAMES: Final = 65536
SCENARIO: Final = ".toml"
RECORDING: Final = (".npz", ".json")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and where it comes from. `scenario` is None for a machine that no scenario can make."""

    session: Session
    title: str
    scenario: Scenario | None = None
    notes: tuple[str, ...] = ()
    is_copy: bool = False
    file: str = field(default="")


def default_machine() -> Opened:
    """The small desktop that the program starts with."""
    memory = Memory(DEFAULT_FRAMES, "desktop", 1)
    session = Session.fresh(memory.frames, memory.seed, memory.background)
    return Opened(session, "A small desktop", Scenario("What I did", memory=memory))


def open_file(path: Path) -> Opened:
    """A scenario, a recording, or raw page flags. Raises ScenarioError, SourceError, OSError."""
    if path.suffix == SCENARIO:
        return open_scenario(path)
    if path.suffix in RECORDING:
        from hwpoison_gui.sources.recording import open_recording

        return from_image(open_recording(path), str(path))
    from hwpoison_gui.sources.raw import open_raw

    return from_image(open_raw(path), str(path))


def open_scenario(path: Path) -> Opened:
    """A scenario, played to its end. Raises ScenarioError, OSError."""
    scenario = load(path)
    session = replay.boot(scenario)
    try:
        for _ in replay.play(session, scenario):
            pass
    except NotYetSupportedError as error:
        raise error.at(file=str(path)) from None
    return Opened(session, scenario.title, replace(scenario, steps=()), file=str(path))


def from_image(image: MemoryImage, file: str = "", is_copy: bool = False) -> Opened:
    """A machine booted from real memory."""
    from hwpoison_gui.kernel.boot import machine_from_image
    from hwpoison_gui.kernel.profiles import PROFILES

    profile = PROFILES.get(image.profile, PROFILES["v7"])
    notes = image.notes
    if image.profile not in PROFILES:
        notes = (*notes, f"Its kernel is a {image.profile}; the handler that runs here is profile {profile.name}.")
    session = Session(machine_from_image(image, profile))
    return Opened(session, image.title, None, notes, is_copy, file)


def open_live(progress: Callable[[float, str], None], cancelled: Callable[[], bool]) -> Opened:
    """A copy of this machine's own memory. Raises SourceError, LivePermissionError, CancelledError."""
    from hwpoison_gui.sources.live import capture

    image = capture(progress, cancelled)
    progress(1.0, "building the machine")
    return from_image(image, is_copy=True)


def recorded(opened: Opened) -> Scenario:
    """What was done, as a scenario that can be saved; `opened.scenario` must not be None."""
    assert opened.scenario is not None
    steps = tuple(
        ScenarioStep(operation.name, dict(operation.args), operation.caption, operation.name == "poison", {}, number)
        for number, operation in enumerate(opened.session.operations, start=1)
    )
    return replace(opened.scenario, steps=steps)
