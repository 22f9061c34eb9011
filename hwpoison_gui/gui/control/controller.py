"""User actions: run operations, seek the timeline, and prepare what the views need.

Widgets call it; it notifies them of changes, once per action.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from itertools import zip_longest
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.notifier import Notifier
from hwpoison_gui.gui.control.playback import Playback
from hwpoison_gui.gui.control.selection import Selection
from hwpoison_gui.gui.control.slices import LongWork, Work
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.branches import Inputs
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.recording import Recording
from hwpoison_gui.session.session import SLICE_SECONDS, Session
from hwpoison_gui.session.telling import UNTOLD, Telling
from hwpoison_gui.view.base.moment import moment_of, title
from hwpoison_gui.view.rows.tasks import task_row
from hwpoison_gui.view.words.words import counted

_MANY: Final = 10_000  # steps of an operation; fewer are undone at once


class Controller(QObject):
    """Owns the open machine, its playback, and long work on it."""

    leaving = Signal()  # the machine is about to be replaced
    opened = Signal()
    changed = Signal(object, bool)  # Moved, or None; whether the selection or the names of files have changed
    failed = Signal(str, str)  # a title, a message

    def __init__(self, opened: Opened, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.machine = opened
        self.selection = Selection(lambda: self.session.machine.frames, self)
        self.selection.changed.connect(self._look)
        self.playback = Playback(self, lambda: self.session, lambda: self.machine.is_story)
        self.playback.seekWanted.connect(lambda position: None if self.busy else self._seek(position))
        self.work = LongWork(self)
        # Prepares the data that views need before they are notified; called with whether many steps were walked.
        self.prepare: Callable[[bool], Iterator[str | None]] = lambda _: iter(())
        self.is_crowded: Callable[[], bool] = lambda: False  # whether views take long: work is in short slices
        self.changes = Notifier(opened.session, self)
        self.changes.changed.connect(self.changed)
        self._refused = False  # the last operation was not possible, or was cancelled
        self._cancelled = False  # whether the operation being recorded was cancelled
        self._hasty = self._hurried = False  # the current work may be completed at once, and is being so

    @property
    def session(self) -> Session:
        return self.machine.session

    @property
    def panicked(self) -> bool:
        return self.session.machine.panicked

    @property
    def busy(self) -> bool:
        """True while long work runs: the machine may be between two timeline positions and must not be read."""
        return self.work.busy

    @property
    def occupied(self) -> bool:
        """True if no other action is possible now. Walking and preparing do not block: they are completed at once."""
        return self.busy and (self.session.recording is not None or not self._hasty)

    def _settle(self) -> bool:
        """Complete the current work if possible; return whether another action can start now."""
        if self.occupied:
            return False
        self._hurried = True
        self.work.finish()
        self._hurried = False
        return True

    def open(self, opened: Opened) -> None:
        """Replace the machine."""
        self.work.give_up()
        self.leaving.emit()
        self.playback.pause()
        self.playback.forget()
        self.machine = opened
        self.selection.forget()
        self.changes.follow(opened.session)
        gc.unfreeze()  # the objects of the previous machine may be collected now
        self.opened.emit()

    def set_files(self, machine: Opened) -> None:
        """Replace what is known of the open machine besides its session: its files, its title."""
        assert machine.session is self.machine.session
        self.machine = machine
        self.changed.emit(None, True)

    def together(self) -> AbstractContextManager[None]:
        """Groups changes: listeners are notified once, at the end of the block."""
        return self.changes.together()

    def _run(self, work: Work, then: Callable[[], None] = lambda: None, *, hasty: bool = True) -> None:
        """Run long work; listeners are notified at its end, and `then` is called only if it was completed.

        `hasty`: the next action may complete the work at once, instead of being refused while it runs.
        """
        self.changes.enter()
        self._hasty = hasty

        def ended(complete: bool) -> None:
            self._hasty = False
            self.changes.leave()
            if complete:
                then()

        self.work.start(work, ended, 0.0 if self.is_crowded() else None)

    # -- acts

    def act(self, name: str, args: Mapping[str, Any], *, animate: bool = False) -> bool:
        """Run an operation; return whether it was possible. Running playback is completed first.

        A long operation continues between events and blocks other actions until it is complete or given up.
        """
        with self.together():
            if not self._settle():
                return False
            self._refused = False
            self._run(self._acting(name, args, animate), lambda: self._play(animate))
        return not self._refused

    def act_together(self, acts: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Run operations that were asked for at once: one undo takes back all of them."""
        with self.together():
            if acts and self._settle():
                self._run(self._acting_together(acts), lambda: None)

    def _acting_together(self, acts: Sequence[tuple[str, Mapping[str, Any]]]) -> Work:
        yield from self._finishing()
        done = 0
        for name, args in acts:
            words = title(name, args)
            try:
                recording = yield from self._beginning(name, args, Telling(joined=done > 0))
                if not (yield from self._recording(recording, words)):
                    break
                done += 1
            except ScenarioError as error:
                self.failed.emit(f"Cannot do that: {words}", str(error))
                break
            if self.panicked:
                break
        self.playback.forget()
        yield from self._preparing()

    def _acting(self, name: str, args: Mapping[str, Any], animate: bool) -> Work:
        yield from self._finishing()
        words, session = title(name, args), self.session
        try:
            recording = yield from self._beginning(name, args, UNTOLD)
            self._refused = not (yield from self._recording(recording, words))
        except ScenarioError as error:
            self._refused = True
            self.failed.emit(f"Cannot do that: {words}", str(error))
            return
        self.playback.forget()
        if animate and not self._refused:
            yield from self._going(session.operations[-1].first + 1)
        yield from self._preparing()

    def _beginning(self, name: str, args: Mapping[str, Any], telling: Telling) -> Generator[str, None, Recording]:
        """Begin an operation, at the end of the one whose steps are being walked. Raises ScenarioError."""
        from hwpoison_gui.session.scenario import schema, shape

        session, here = self.session, self.session.position
        values = shape.values_of(schema.OPS[name].keys, dict(args))
        current = session.operation_at(here)
        if current is not None:
            yield from self._going(current.last)
        try:
            return session.begin(name, values, telling, back_to=here)
        except ScenarioError:
            session.seek(here)
            raise

    def cancel(self) -> None:
        """Give the current work up; what a long operation has done is undone between events."""
        recording = self.session.recording
        if recording is not None and recording.steps > _MANY and not self._cancelled:
            self._cancelled = True
        else:
            self.work.give_up()

    def _recording(self, recording: Recording, words: str) -> Generator[str, None, bool]:
        """Record an operation; return whether it was completed."""
        self._cancelled = False
        try:
            yield words  # to look up a crowd of mappers takes a turn of its own
            while not recording.advance(SLICE_SECONDS):
                done = f"{len(recording.parts):,}" if recording.parts else counted(recording.steps, "step")
                yield f"{words}: {done} so far"
                if self._cancelled:
                    for _ in recording.giving_up():
                        yield f"{words}: cancelled, {counted(recording.steps, 'step')} to undo"
                    self.changes.note_given_up()
                    return False
        finally:
            if self.session.recording is recording:
                recording.give_up()
                self.changes.note_given_up()
        self.changes.note_steps()
        return True

    def _play(self, animate: bool) -> None:
        if animate and not self._refused:
            self.playback.play()

    def fire(self, pfn: int) -> None:
        """The click: runs memory_failure() for the frame. After a panic, and during long work, it only selects."""
        if self.occupied or self.panicked:
            self.selection.select(pfn)
            return
        with self.together():
            self.selection.select(pfn)
            self.selection.select_task(None)
            self.act("poison", {"frame": f"pfn:{pfn:#x}"}, animate=True)

    def inject(self, pfn: int, name: str, args: Mapping[str, Any]) -> None:
        """Select a frame and run and play another operation on it."""
        with self.together():
            self.selection.select(pfn)
            self.selection.select_task(None)
            self.act(name, args, animate=True)

    def set_sysctl(self, name: str, value: int) -> None:
        """Write a sysctl in /proc/sys/vm, unless it has that value."""
        if self.session.machine.sysctl.view[name] != value:
            self.act("sysctl", {"name": name, "value": value})

    def set_tasks(self, field: str, tasks: Sequence[str], word: str) -> None:
        """Set the policy or the SIGBUS disposition of processes, as `field` says; of those that have another one."""
        acts = self._set_policy if field == "policy" else self._set_sigbus
        self.act_together([act for task in tasks for act in acts(task, word)])

    def _set_policy(self, task: str, policy: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """prctl(PR_MCE_KILL) for every thread of a process."""
        m = self.session.machine
        for number, tid in enumerate(m.processes.view[self.session.world.task_names.view[task]].threads):
            if m.tasks.view[tid].mce_kill != policy:
                yield "prctl", {"task": task, "thread": number, "mce_kill": policy}

    def _set_sigbus(self, task: str, disposition: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """sigaction(SIGBUS) and sigprocmask() for a process."""
        m = self.session.machine
        if task_row(m, self.session.world.task_names.view[task]).sigbus != disposition:
            yield "sigaction", {"task": task, "sigbus": disposition}

    def touch(self, verb: str, task: str, at: str) -> None:
        """Let a process access a page; `verb` is the name of the operation: read, write or msync."""
        self.act(verb, {"task": task, "at": at}, animate=True)

    def go_along(
        self,
        line: Sequence[Inputs],
        then: Callable[[], None] = lambda: None,
        impossible: Callable[[str], object] | None = None,
    ) -> None:
        """Redo a line of operations as long work; `then` is called if it was completed.

        Given up, it leaves the operations that were completed by then. `impossible` is called with the reason where
        one of them cannot be done; without it, that is a failure.
        """
        with self.together():
            if self._settle():
                self._run(self._redoing(line, impossible), then, hasty=False)

    def _redoing(self, line: Sequence[Inputs], impossible: Callable[[str], object] | None) -> Work:
        yield from self._finishing()
        self.playback.forget()
        complete = False
        try:
            with closing(self.session.go_along(line)) as doing:  # rolled back before listeners are notified
                for left in doing:
                    self.changes.note_steps()
                    yield f"Repeating operations: {left:,} left"
            complete = True
        except ScenarioError as error:
            if impossible is not None:
                impossible(str(error))
            else:
                self.failed.emit("Cannot repeat these operations", str(error))
        finally:
            if not complete:
                self.changes.note_given_up()
        yield from self._preparing()

    # -- the timeline

    def seek(self, position: int) -> None:
        """Seek to a timeline position and stop playback."""
        if not self.occupied:
            self.playback.pause()
            self._seek(position)

    def show_step(self, position: int) -> None:
        """Seek to a timeline position and select the frame of its operation."""
        self.seek(position)
        operation = moment_of(self.session).operation
        if operation is not None and operation.outcome.pfn is not None:
            self.selection.select(operation.outcome.pfn)

    def _seek(self, position: int) -> None:
        with self.together():
            self.work.give_up()  # an earlier seek may still be walking: continue from where it is
            position = min(max(position, 0), len(self.session.steps))
            if position != self.session.position:
                self._run(self._walking(position))

    def _walking(self, position: int) -> Work:
        yield from self._going(position)
        yield from self._preparing()

    def _going(self, position: int) -> Generator[str, None, None]:
        for _ in self.session.walking(position):
            yield f"Step {self.session.position:,} of {len(self.session.steps):,}"

    def _preparing(self) -> Work:
        """Prepare what the views need, again if the selection changes meanwhile."""
        looked_at = None
        while looked_at != self.selection.pair:
            looked_at = self.selection.pair
            for doing in self.prepare(self.changes.few_steps is None):
                if self._hurried:
                    return
                yield doing or "Looking at what has changed"

    def step(self, by: int) -> None:
        self.seek(self.session.position + by)

    def finish(self) -> None:
        """Seek to the end of the operation that is playing."""
        if self._settle():
            self._run(self._finishing())

    def _finishing(self) -> Work:
        playing = self.playback.playing
        self.playback.pause()
        operation = self.session.operation_at(self.session.position)
        if playing and operation is not None:
            yield from self._walking(operation.last)

    def step_operation(self, by: int) -> None:
        """Seek to the end of the previous or the next operation; those that were done together count as one."""
        session = self.session
        pairs = zip_longest(session.operations, session.operations[1:])
        ends = [0, *(one.last for one, following in pairs if following is None or not following.telling.joined)]
        if by > 0:
            self.seek(next((end for end in ends if end > session.position), ends[-1]))
        else:
            self.seek(next((end for end in reversed(ends) if end < session.position), 0))

    def toggle(self) -> None:
        """Start or pause playback."""
        if not self._settle():
            return
        if self.playback.playing:
            self.playback.pause()
        else:
            self.playback.play(again=True, was_read=True)

    # -- the selection

    def _look(self) -> None:
        self.changes.note_look()
        if self.changes.grouping:
            return
        if self.busy:  # the running work does not change the machine
            self.changes.enter()
            self.changes.leave()
        else:
            self._run(self._preparing())
