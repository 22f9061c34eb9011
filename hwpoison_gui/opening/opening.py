"""Opens machines: the default one, scenarios, recordings, raw page flags and live memory.

Most modules are imported by the functions that need them: importing the others would delay start-up without a file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.booting import KeptMachine
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import stop_if

if TYPE_CHECKING:
    from hwpoison_gui.image import MemoryImage
    from hwpoison_gui.kernel.machine import Machine
    from hwpoison_gui.opening.real_errors import RealErrors
    from hwpoison_gui.session.document.document import Document, EmptyMap, FileSet, Stored
    from hwpoison_gui.session.scenario.scenario import Scenario
    from hwpoison_gui.session.session import Session
    from hwpoison_gui.sources.assemble import Exported
    from hwpoison_gui.sources.records.history import History
    from hwpoison_gui.view.map.plane import FramePlane
    from hwpoison_gui.view.map.snapshots import Side

DEFAULT_FRAMES: Final = 65536
_DESKTOP_SEED: Final = 1
_TELL: Final = 100  # operations of a scenario between two reports of progress

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]


class Opened(Record):
    """An open machine.

    Attributes
    ----------
    scenario
        Makes the same machine; None if no scenario can.
    notes
        How state that Linux does not export was derived, for the user.
    is_copy
        Whether it is a copy of this computer's memory.
    again
        Opens the same machine under another profile, by its name.
    plane
        The frames for the map, where they were prepared with the machine.
    stored
        The files that hold its memory, as they were when it was opened; None if a scenario makes it.
    exported
        What a live machine exported, where no file holds it.
    document
        The content of the session file that it was opened from.
    saves_to
        The session file that has its operations; empty if there is none.
    modelled
        That its kernel is not the one that is modelled; empty if it is, or if a scenario makes the machine.
    at_moment
        Whether its timeline position was asked for; it is shown there, and not where the file was left.
    failed
        Why the scenario ends before its last step; empty if it does not.
    history
        The error records laid over it; None if there are none.
    records
        The files of `history`. Without `history` they are missing or changed, and `missing` says so.
    second
        The snapshot that it is compared with; None if there is none.
    second_files
        The files of `second`. Without `second` they are missing or changed, and `missing` says so.
    records_only
        Whether it is an empty map, without memory, for error records.
    missing
        What a session file refers to and could not be opened: what it is, and why, for the user.
    kernel
        (major, minor) of the kernel that its memory says it is from; None if it does not say.
    no_handler
        Whether that kernel was built without memory_failure(): sysctls and counters are the model's.
    is_story
        Whether its captions are shown above the map, as a scenario file's are; the notes on other machines are not.
    """

    session: Session
    title: str
    scenario: Scenario | None = None
    notes: tuple[str, ...] = ()
    is_copy: bool = False
    file: str = ""
    again: Callable[[str], Opened] | None = None
    plane: FramePlane | None = None
    stored: Stored | None = None
    exported: Exported | None = None
    document: Document | None = None
    saves_to: str = ""
    modelled: str = ""
    at_moment: bool = False
    failed: str = ""
    history: History | None = None
    is_story: bool = False
    records: FileSet | None = None
    second: Side | None = None
    second_files: FileSet | None = None
    records_only: bool = False
    missing: tuple[tuple[str, str], ...] = ()
    kernel: tuple[int, int] | None = None
    no_handler: bool = False


def kept_desktop(profile: str = "") -> KeptMachine:
    """The default machine in the user's cache. `profile`: its name; the oldest by default."""
    return KeptMachine(DEFAULT_FRAMES, _DESKTOP_SEED, "desktop", profile)


def default_machine(profile: str = "", kept: KeptMachine | None = None) -> Opened:
    """The default machine: a small desktop. `kept`: the result of kept_desktop(), if it was read already."""
    from hwpoison_gui.session.scenario.scenario import Memory, Scenario
    from hwpoison_gui.session.session import Session

    session = Session((kept or kept_desktop(profile)).boot())
    memory = Memory(DEFAULT_FRAMES, "desktop", _DESKTOP_SEED)
    scenario = Scenario("A small desktop", profile=session.machine.profile.name, memory=memory)
    return Opened(session, scenario.title, scenario, again=default_machine)


def nobody_waits(share: float, doing: str) -> None:
    """The default of `progress`: do nothing."""


def nobody_cancels() -> bool:
    return False


def open_file(
    path: Path,
    profile: str = "",
    progress: Progress = nobody_waits,
    cancelled: Cancelled = nobody_cancels,
    bare: bool = False,
) -> Opened:
    """Open a scenario, a session, a recording, or a file of raw page flags; its content says which.

    Parameters
    ----------
    profile
        Name of the profile; by default the one that the file asks for.
    progress
        Called with the share done, 0 to 1, and what is being done.
    bare
        As in `open_session`.

    Raises
    ------
    ScenarioError, SourceError, OSError, CancelledError
    """
    from hwpoison_gui.sources.recognise import Reader, form_of

    form = form_of(path)
    if form.reader is Reader.SCENARIO:
        return open_scenario(path, profile, progress, cancelled)
    from hwpoison_gui.session.document import files
    from hwpoison_gui.session.document.document import SUFFIX, Stored

    if form.reader is Reader.SESSION or path.suffix == SUFFIX:
        return open_session(path, progress, cancelled, bare=bare)
    from hwpoison_gui.sources import machine_file

    image = machine_file.read_image(path, form)
    stop_if(cancelled)
    progress(0.5, "building the machine")
    stored = Stored(files.refs_of(machine_file.parts_of(path, form)), profile)
    return from_image(image, str(path), profile=profile)._replace(again=partial(open_file, path), stored=stored)


def machine_in(path: Path, progress: Progress = nobody_waits, cancelled: Cancelled = nobody_cancels) -> Machine:
    """The machine of a file, without what its session overlays on it; errors: see `open_file`."""
    return open_file(path, "", progress, cancelled, bare=True).session.machine


def at_moment(opened: Opened, moment: str) -> Opened:
    """The machine at a timeline position, as session/link.py writes it. Raises ScenarioError if there is none."""
    from hwpoison_gui.session.link import position_at

    try:
        opened.session.seek(position_at(opened.session, moment))
    except ScenarioError as error:
        raise ScenarioError(error.message, key="--at", file=opened.file) from None
    return opened._replace(at_moment=True)


def open_scenario(
    path: Path,
    profile: str = "",
    progress: Progress = nobody_waits,
    cancelled: Cancelled = nobody_cancels,
    *,
    halfway: bool = False,
) -> Opened:
    """Play a scenario to its end, and go back to its first caption.

    Parameters
    ----------
    halfway
        A step that makes no sense on the machine is no error: the scenario ends before it.

    Raises
    ------
    ScenarioError, OSError, CancelledError
    """
    from hwpoison_gui.session.scenario import replay
    from hwpoison_gui.session.scenario.reader import load, under
    from hwpoison_gui.view.story.captions import first_caption

    try:
        scenario = under(load(path), profile) if profile else load(path)
    except ScenarioError as error:
        raise error.at(file=str(path)) from None
    session, failed = replay.boot(scenario), ""
    try:
        for done in replay.play(session, scenario):
            stop_if(cancelled)
            if done.step.number % _TELL == 0:
                progress(done.step.number / len(scenario.steps), f"step {done.step.number:,}")
    except ScenarioError as error:
        if not halfway:
            raise error.at(file=str(path)) from None
        failed = str(error)
    captioned = first_caption(session)
    if captioned is not None:
        session.seek(captioned)
    return Opened(
        session,
        scenario.title,
        scenario._replace(steps=()),
        file=str(path),
        again=partial(open_scenario, path),
        failed=failed,
        is_story=True,
    )


def from_image(image: MemoryImage, file: str = "", is_copy: bool = False, profile: str = "") -> Opened:
    """Boot a machine from an image, under the profile nearest to its kernel or under another one."""
    from hwpoison_gui.kernel.boot.machine import machine_from_image
    from hwpoison_gui.kernel.profile.registry import PROFILES, nearest
    from hwpoison_gui.session.session import Session
    from hwpoison_gui.view.words.kernels import modelled_words

    chosen = PROFILES[profile] if profile else nearest(image.kernel)
    modelled = modelled_words(image.kernel, chosen)
    notes = (f"{modelled}.", *image.notes) if modelled else image.notes
    session = Session(machine_from_image(image, chosen))
    return Opened(
        session,
        image.title,
        None,
        notes,
        is_copy,
        file,
        modelled=modelled,
        kernel=image.kernel,
        no_handler=image.no_handler,
    )


def open_live(progress: Progress, cancelled: Cancelled) -> Opened:
    """Copy the memory of this computer. Raises SourceError, LivePermissionError, CancelledError."""
    from hwpoison_gui.sources import live

    exported = live.read(progress, cancelled)
    image = live.image_of(exported)
    progress(1.0, "building the machine")
    return _copy_of(image, exported)


def _copy_of(image: MemoryImage, exported: Exported, profile: str = "") -> Opened:
    # The image is kept: if it were read again, memory would have changed.
    opened = from_image(image, is_copy=True, profile=profile)
    return opened._replace(again=partial(_copy_of, image, exported), exported=exported)


def open_session(
    path: Path,
    progress: Progress = nobody_waits,
    cancelled: Cancelled = nobody_cancels,
    copied: bool = False,
    bare: bool = False,
) -> Opened:
    """Open a session file: boot its machine, repeat all operations, and go to its timeline position.

    Parameters
    ----------
    copied
        The memory is a copy of live memory that has no other file than those beside `path`.
    bare
        Leave out the error records and the second snapshot, unless there is no other memory.

    Raises
    ------
    ScenarioError, SourceError, OSError, CancelledError
        Also if a file with memory is missing or was changed. Where only error records or the second snapshot are, the
        machine is opened without them, and `missing` says so.
    """
    from hwpoison_gui.session.document import files
    from hwpoison_gui.session.document.document import EmptyMap, Stored
    from hwpoison_gui.session.document.replay import replay
    from hwpoison_gui.view.words.words import counted

    document = files.read(path)
    machine = document.machine
    if isinstance(machine, Stored):
        opened = _open_stored(machine, path, copied, document.profile, progress, cancelled)
    elif isinstance(machine, EmptyMap):
        opened = _open_empty_map(machine, document.records, path, progress, cancelled)
    else:
        opened = _made(machine, document.profile)
    if not bare:
        opened = _with_attached(opened, document, path, progress, cancelled)
    total = max(1, len(document.line))
    try:
        for left in replay(opened.session, document):
            stop_if(cancelled)
            progress(0.5 + 0.5 * max(0.0, 1 - left / total), f"{counted(left, 'operation')} left")
    except ScenarioError as error:
        raise error.at(file=str(path)) from None
    file = str(path.absolute())
    return opened._replace(
        title=document.title, file=file, document=document, saves_to=file, is_story=document.is_story
    )


def _made(scenario: Scenario, profile: str) -> Opened:
    from hwpoison_gui.session.scenario import replay
    from hwpoison_gui.session.scenario.reader import under

    scenario = under(scenario, profile)
    return Opened(replay.boot(scenario), scenario.title, scenario, again=partial(_made, scenario))


def _open_stored(
    stored: Stored,
    path: Path,
    copied: bool,
    profile: str,
    progress: Progress = nobody_waits,
    cancelled: Cancelled = nobody_cancels,
) -> Opened:
    """The machine of the memory that the session file at `path` refers to."""
    from hwpoison_gui.session.document import files
    from hwpoison_gui.sources import machine_file
    from hwpoison_gui.user.state import scratch

    progress(0.0, "checking the memory")
    with nullcontext(Path()) if stored.archive is None else scratch() as folder:
        paths = files.memory(stored, path, folder, partial(stop_if, cancelled))
        progress(0.2, "reading the memory")
        if copied:
            return _read_copy(paths[0], profile)
        image = machine_file.image_of(paths[0], hidden=any(part.name.endswith("_hidden.npz") for part in paths))
    progress(0.4, "building the machine")
    if stored.archive is None:
        refs = tuple(ref._replace(path=str(part)) for ref, part in zip(stored.files, paths, strict=True))
        file, found = str(paths[0]), stored._replace(files=refs)
    else:
        file = stored.archive or str(path.absolute())
        found = stored._replace(archive=file)
    opened = from_image(image, file, profile=profile)
    return opened._replace(stored=found, again=partial(_open_stored, found, path, False))


def _open_empty_map(
    machine: EmptyMap, records: FileSet | None, path: Path, progress: Progress, cancelled: Cancelled
) -> Opened:
    from hwpoison_gui.opening.real_errors import read_again

    if records is None:
        raise ScenarioError("expected the error records for which the map is empty", key="records", file=str(path))
    return on_empty_map(read_again(records, path, progress, cancelled), machine.profile, machine.frames)


def _with_attached(opened: Opened, document: Document, path: Path, progress: Progress, cancelled: Cancelled) -> Opened:
    """A machine with what else its session refers to; an empty map has its error records already."""
    from hwpoison_gui.opening.attached import read_attached

    if opened.records_only:
        found = read_attached(document._replace(records=None), path, machine_in, progress, cancelled)
        return opened._replace(second=found.second, second_files=found.second_files, missing=found.missing)
    if document.records is None and document.second is None:
        return opened
    return opened._replace(**read_attached(document, path, machine_in, progress, cancelled)._asdict())


def on_empty_map(errors: RealErrors, profile: str = "", frames: int = 0) -> Opened:
    """A machine without memory for error records.

    Parameters
    ----------
    profile
        Its name; by default the nearest to the kernel that wrote the records.
    frames
        Its size; by default as large as the records need.
    """
    from hwpoison_gui.opening.real_errors import empty_image, frames_for

    frames = frames or frames_for(errors.history)
    opened = from_image(empty_image(errors.history, frames), profile=profile)
    again = partial(on_empty_map, errors, frames=frames)
    return opened._replace(history=errors.history, records=errors.files, records_only=True, again=again)


def _read_copy(path: Path, profile: str) -> Opened:
    from hwpoison_gui.sources import live
    from hwpoison_gui.sources.recording import read_recording

    exported = read_recording(path, hidden=False)
    return _copy_of(live.image_of(exported), exported, profile)


def booting(opened: Opened) -> Callable[[str], Session] | None:
    """A function that boots the same machine under a profile, before any operation; None if there is none."""
    scenario, again = opened.scenario, opened.again
    if scenario is not None:
        return partial(_boot_scenario, scenario)
    return (lambda profile: again(profile).session) if again is not None else None


def _boot_scenario(scenario: Scenario, profile: str) -> Session:
    from hwpoison_gui.session.scenario import replay

    return replay.boot(scenario._replace(profile=profile, steps=()))
