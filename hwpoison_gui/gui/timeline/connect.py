"""Connects the playback row, playback itself, and the progress line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.playback import Playback
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.timeline.playback_row import PlaybackStage
from hwpoison_gui.gui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:  # only a scenario has captions
    pass


def connect_playback(playback: Playback, settings: Settings, appearance: Appearance) -> None:
    """Play at the speed that was chosen last, and without motion if that is wanted."""
    playback.set_speed(settings.get(keys.SPEED))
    playback.speedChanged.connect(lambda speed: settings.keep(keys.SPEED, speed))
    playback.set_motion(not appearance.still)
    appearance.motionChanged.connect(playback.set_motion)


def connect_stage(stage: PlaybackStage, controller: Controller, present: Present) -> None:
    """Tell the playback row whether there is something to play."""

    def show() -> None:
        stage.set_content(bool(controller.session.steps))

    present.opened.connect(show)
    present.moved.connect(lambda _: show())


def connect_progress(line: ProgressLine, controller: Controller, appearance: Appearance) -> None:
    """Show the progress of long work; Esc cancels it."""
    line.set_motion(not appearance.still)
    appearance.motionChanged.connect(line.set_motion)
    line.cancelled.connect(controller.cancel)
    controller.work.busyChanged.connect(line.set_busy)
    controller.work.progressed.connect(line.say)
