"""Connects the sentence of the present step, the timeline track, and the progress line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import SignalInstance

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.playback import Playback
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.timeline.sentence import SentenceBar
from hwpoison_gui.gui.timeline.stage import PlaybackStage
from hwpoison_gui.gui.timeline.transport import Transport
from hwpoison_gui.gui.widgets.progress_line import ProgressLine
from hwpoison_gui.view.facts.sentence import AboutFrame, is_about, sentence_of

if TYPE_CHECKING:  # only a scenario has captions
    from hwpoison_gui.gui.widgets.caption_bar import CaptionBar
    from hwpoison_gui.view.facts.captions import Captions


def connect_timeline(
    sentence: SentenceBar,
    transport: Transport,
    controller: Controller,
    present: Present,
    show_frame: Callable[[int], None],
) -> None:
    """Keeps sentence and track up to date; the track seeks, and the sentence shows another frame that it names."""

    def show_sentence() -> None:
        session, frame = controller.session, controller.selection.frame
        other = frame != NONE and not is_about(session, frame)
        shown = sentence_of(session, chosen.lines(frame) if other else AboutFrame(), frame == asked[0])
        sentence.set_sentence(shown._replace(to=-1) if shown.to == frame else shown)
        transport.where.setText(shown.where)

    def looked() -> None:
        frame = controller.selection.frame
        if frame != known[0]:
            known[0] = asked[0] = frame
        show_sentence()

    def show() -> None:
        known[0], asked[0] = controller.selection.frame, NONE
        show_sentence()
        transport.timeline.set_position(controller.session.position)

    def opened() -> None:
        chosen.set_session(controller.session)
        transport.timeline.set_steps(controller.session)
        show()
        transport.show_speed(controller.playback.speed)

    def moved(moved: Moved) -> None:
        if moved.acted:
            transport.timeline.set_steps(controller.session)
        show()

    chosen = HoverText(show_sentence, sentence)
    known, asked = [NONE], [NONE]  # the frame selected last, and the one selected since the last move
    sentence.frameWanted.connect(show_frame)
    transport.timeline.seekRequested.connect(controller.seek)
    controller.playback.speedChanged.connect(transport.show_speed)
    present.opened.connect(opened)
    present.moved.connect(moved)
    present.looked.connect(looked)


def connect_playback(playback: Playback, settings: Settings, appearance: Appearance) -> None:
    """Plays at the speed that was chosen last, and without motion if that is wanted."""
    playback.set_speed(settings.get(keys.SPEED))
    playback.speedChanged.connect(lambda speed: settings.keep(keys.SPEED, speed))
    playback.set_motion(not appearance.still)
    appearance.motionChanged.connect(playback.set_motion)


def connect_captions(
    controller: Controller, present: Present, edited: SignalInstance, bar: Callable[[bool], CaptionBar | None]
) -> None:
    """Shows the captions of a scenario while it is stepped through; `bar(create)` returns the bar, if created.

    `edited` is emitted when one may have changed.
    """
    captions: list[Captions] = []  # of the open machine, if it has some

    def opened() -> None:
        scenario, session = controller.machine.scenario, controller.session
        captions.clear()
        told = any(operation.telling.caption for operation in session.operations)
        if controller.machine.is_story and (told or (scenario is not None and scenario.summary)):
            from hwpoison_gui.view.facts.captions import Captions

            title, summary = (scenario.title, scenario.summary) if scenario is not None else ("", "")
            captions.append(Captions(session, title, summary))
        show(True)

    def show(acted: bool) -> None:
        shown = bar(bool(captions))
        if shown is None:
            return
        if acted:
            shown.set_texts(captions[0].every if captions else ())
        shown.show_words(*captions[0].at_present() if captions else ("", ""))

    def again() -> None:
        if controller.machine.is_story:
            opened()

    present.opened.connect(opened)
    present.moved.connect(lambda moved: show(moved.acted))
    edited.connect(again)


def connect_stage(stage: PlaybackStage, controller: Controller, present: Present) -> None:
    """Gives the playback row no more room than it has something to show."""

    def show() -> None:
        stage.set_content(bool(controller.session.steps), controller.selection.frame != NONE)

    present.opened.connect(show)
    present.moved.connect(lambda _: show())
    present.looked.connect(show)


def connect_progress(line: ProgressLine, controller: Controller, appearance: Appearance) -> None:
    """Shows the progress of long work; Esc cancels it."""
    line.set_motion(not appearance.still)
    appearance.motionChanged.connect(line.set_motion)
    line.cancelled.connect(controller.work.give_up)
    controller.work.busyChanged.connect(line.set_busy)
    controller.work.progressed.connect(line.say)
