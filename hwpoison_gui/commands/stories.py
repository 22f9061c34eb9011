"""Input of the commands: a machine of any kind that the window opens, and the steps to run on it.

The steps are those of a scenario, what was done in a saved session, or none; they may run on another machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.opening import opening
from hwpoison_gui.record import Record
from hwpoison_gui.session.compare import Recipe, Settings, recipe_of, settings_of
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.fidelity.agreement import session_of
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.scenario.replay import Story
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.transcript import steps_of
from hwpoison_gui.sources import machine_file
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import Reader, form_of
from hwpoison_gui.view.base.moment import title
from hwpoison_gui.view.facts.frame_named import frame_named

if TYPE_CHECKING:
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.session.fidelity.recorded_rows import Row
    from hwpoison_gui.session.session import Session

Machine = Callable[[str], "Opened"]  # opens a machine under a profile; under its own for ""


def machine_of(file: Path | None, live: bool) -> Machine | None:
    """Return a function that opens a file, or copies of this computer's memory, which is read once; None for neither.

    Raises
    ------
    SourceError
        If the memory of this computer cannot be read.
    """
    if live:
        opened = opening.open_live(opening.nobody_waits, opening.nobody_cancels)
        return lambda profile: opened.again(profile) if opened.again is not None and profile else opened
    return partial(opening.open_file, file) if file is not None else None


def ahead(machine: Machine) -> Machine:
    """Open a machine under its own profile now, and return a function that has it once, and opens it again after that.

    Raises
    ------
    ScenarioError, SourceError, OSError
    """
    opened = [machine("")]
    own = opened[0].session.machine.profile.name
    return lambda profile: opened.pop() if opened and profile in ("", own) else machine(profile)


def story_of(path: Path, on: Machine | None = None) -> Story:
    """The machine of a file, or another one, and the steps of the file.

    Raises
    ------
    ScenarioError, OSError
        Also if the file holds something else.
    """
    try:
        return _story_of(path, on)
    except SourceError as error:
        raise ScenarioError(f"{error.where}: {error.why}" if error.where else error.why, file=str(error.path)) from None


def _story_of(path: Path, on: Machine | None) -> Story:
    if on is not None:
        return on_machine(on, _steps_of(path))
    if form_of(path).reader is Reader.SCENARIO:
        return replay.story(path)
    opened = opening.open_file(path)
    boot, profile = opening.booting(opened), opened.session.machine.profile.name
    if not opened.session.operations or boot is None:
        return machine_alone(opened)
    return Story(boot(profile), _told(opened), opened.notes)


def _steps_of(path: Path) -> Scenario:
    """The steps of a file that are to run on another machine."""
    form = form_of(path)
    if form.reader is Reader.SCENARIO:
        return load(path, elsewhere=True)
    opened = opening.open_file(path)
    if not opened.session.operations:
        raise ScenarioError(f"{form.name}; expected steps to run: a scenario or a saved session", file=str(path))
    return _told(opened)


def _told(opened: Opened) -> Scenario:
    """Return the operations of a session as the steps of a scenario."""
    profile = opened.session.machine.profile.name
    return Scenario(opened.title, profile=profile, steps=steps_of(opened.session.operations))


def on_machine(on: Machine, scenario: Scenario) -> Story:
    """The steps of a scenario on another machine, under the scenario's profile and with its sysctls."""
    opened = on(scenario.profile)
    opened.session.seek(len(opened.session.steps))
    opened.session.machine.sysctl.load(dict(scenario.sysctl))
    return Story(opened.session, scenario, opened.notes)


def machine_alone(opened: Opened) -> Story:
    """A machine on which nothing is to be done."""
    m = opened.session.machine
    return Story(opened.session, Scenario(opened.title, "", m.profile.name, Memory(m.frames)), opened.notes)


def session_for(rows: Sequence[Row], file: Path | None, hidden: bool) -> Session:
    """The machine on which rows of poisoned frames are done again; without a file, a copy of this computer's memory.

    Raises
    ------
    ScenarioError, SourceError, OSError
    """
    stopped = all(row.stopped for row in rows)
    if file is None:
        from hwpoison_gui.sources import live

        return session_of(live.image_of(live.read(opening.nobody_waits, opening.nobody_cancels)), stopped)
    if form_of(file).reader in (Reader.SCENARIO, Reader.SESSION):
        session = opening.open_file(file).session
        session.seek(len(session.steps))
        return session
    return session_of(machine_file.image_of(file, hidden), stopped)


class Click(Record):
    """An error that is to happen on several machines. `base`: the settings that its own machine has."""

    title: str
    recipe: Recipe
    base: Settings


def click_of(what: str, on: Machine | None) -> Click:
    """The last error of a file in a page that was whole, or an error in a frame that is named, on a machine or on the
    small desktop.

    Raises
    ------
    ScenarioError, SourceError, OSError
        Also for a file in which no error happens, and a frame that the machine does not have.
    """
    path = Path(what)
    is_file = on is None and path.exists()
    opened = on("") if on is not None else opening.open_file(path) if is_file else opening.default_machine()
    session, boot = opened.session, opening.booting(opened)
    errors = (one.last for one in session.parts() if one.name == "poison" and one.outcome.broke)
    broke = next(errors, None)
    session.seek(broke if is_file and broke is not None else len(session.steps))
    taken = None if is_file else frame_named(session, what)
    pfn = -1 if taken is None else taken.pfn
    recipe = recipe_of(session, boot, pfn) if boot is not None else None
    if recipe is None:
        raise ScenarioError(f"no error happens in it; name a frame: kernels FRAME --on {what}", file=what)
    named = f"{opened.title}: {title(recipe.click.name, recipe.click.args)}"
    if taken is not None and taken.address is not None:
        named += f" ({taken.words}; the last frame is {session.machine.frames - 1:#x})"
    return Click(named, recipe, settings_of(session))


def machine_under(machine: Machine, kernel: str, early: bool) -> Opened:
    """A machine at its newest timeline position under a kernel, with early or late kill.

    Raises
    ------
    ScenarioError, SourceError, OSError
    """
    opened = machine(kernel)
    session = opened.session
    session.seek(len(session.steps))
    if SYSCTL_EARLY_KILL in session.machine.sysctl.view:
        session.act("sysctl", {"name": SYSCTL_EARLY_KILL, "value": int(early)})
    return opened
