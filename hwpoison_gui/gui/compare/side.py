"""One side of a comparison: settings, sentence of the present step, and reverse map."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollBar, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.timeline.sentence import SentenceBar
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY
from hwpoison_gui.session.compare import Settings, Side
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.facts.groundwork import prepare_verdict
from hwpoison_gui.view.facts.sentence import Sentence, sentence_of
from hwpoison_gui.view.walk.state import map_for, prepare_walk, state_of
from hwpoison_gui.view.words.kernels import listed

_KILL: Final = (("early kill", 1), ("late kill", 0))
_RECOVERY: Final = (("recovery on", 1), ("recovery off", 0))


class SettingsRow(QWidget):
    """Chooses kernel, early kill and recovery."""

    changed = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.profile = self._choice(f"{name}: kernel", "Which kernel’s memory_failure() runs on this side")
        for profile in PROFILES.values():
            self.profile.addItem(f"Profile {listed(profile.name)}", profile.name)
        self.kill = self._choice(f"{name}: {SYSCTL_EARLY_KILL}", "Signal processes on detection (1) or on access")
        self.recovery = self._choice(f"{name}: {SYSCTL_RECOVERY}", "Recover (1), or stop the machine (0)")
        for box, words in ((self.kill, _KILL), (self.recovery, _RECOVERY)):
            for word, value in words:
                box.addItem(word, value)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.MEDIUM, look.TIGHT, look.MEDIUM, look.TIGHT)
        row.setSpacing(look.SMALL)
        for box in (self.profile, self.kill, self.recovery):
            row.addWidget(box)
            box.activated.connect(lambda _=0: self.changed.emit())
        self.line = self._choice(f"{name}: line of operations", "Which operations are done on this side")
        self.line.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.line.hide()
        self.line.activated.connect(lambda _=0: self.changed.emit())
        row.addWidget(self.line, 3)
        self.where = ElidedLabel(self)
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.where, 1)

    def _choice(self, name: str, tip: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setToolTip(tip)
        return box

    def set_theme(self, theme: Theme) -> None:
        self.where.setFont(look.font(look.CAPTION))
        look.ink(self.where, theme.muted)

    def set_lines(self, lines: Sequence[str], chosen: int) -> None:
        """Set what lines of operations there are to choose from."""
        self.line.clear()
        self.line.addItems(list(lines))
        self.line.setCurrentIndex(chosen)

    def choose_lines(self, on: bool) -> None:
        """Show the choice of a line of operations in place of the settings, or the settings again."""
        self.line.setVisible(on)
        for box in (self.profile, self.kill, self.recovery):
            box.setHidden(on)

    @property
    def settings(self) -> Settings:
        """The chosen settings."""
        values = {SYSCTL_EARLY_KILL: self.kill.currentData(), SYSCTL_RECOVERY: self.recovery.currentData()}
        return Settings(self.profile.currentData(), values)

    def set_settings(self, settings: Settings) -> None:
        """Set the choices without emitting `changed`."""
        self.profile.setCurrentIndex(self.profile.findData(settings.profile))
        self.kill.setCurrentIndex(self.kill.findData(int(settings.sysctl[SYSCTL_EARLY_KILL] != 0)))
        self.recovery.setCurrentIndex(self.recovery.findData(int(settings.sysctl[SYSCTL_RECOVERY] != 0)))


class LinkedViews(QObject):
    """Makes two reverse maps one view: both show the same rows, and unfold the same groups."""

    def __init__(self, first: RmapView, second: RmapView) -> None:
        super().__init__(first)
        self._is_following = False
        for one, other in ((first, second), (second, first)):
            one.unfolded.connect(other.unfold)
            for bar, same in (
                (one.verticalScrollBar(), other.verticalScrollBar()),
                (one.horizontalScrollBar(), other.horizontalScrollBar()),
            ):
                bar.valueChanged.connect(lambda value, same=same: self._follow(same, value))

    def _follow(self, bar: QScrollBar, value: int) -> None:
        if not self._is_following:  # a shorter range must not scroll the other one back
            self._is_following = True
            bar.setValue(value)
            self._is_following = False


class CompareSide(QWidget):
    """Shows one side; seeks the side's own session."""

    def __init__(self, name: str, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.side: Side | None = None
        self.choices = SettingsRow(name, self)
        self.sentence = SentenceBar(self, theme, details=2)  # half a window has half as long lines
        for label in (self.sentence.code, self.sentence.branch):
            label.hide()  # half a window is too narrow; the function is shown beside the step number
        self.rmap = RmapView(self, theme)
        self.rmap.setAccessibleName(f"{name}: reverse map")
        self.rmap.empty = ""
        self.rmap.setWhatsThis("Who uses the frame on this side, and what the handler has done with them so far")
        self._colours: dict[int, str] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.choices)
        box.addWidget(self.sentence)
        box.addWidget(self.rmap, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.choices.set_theme(theme)
        self.sentence.set_theme(theme)
        self.rmap.set_theme(theme)
        self._colours = self._theme.of_tasks(self.rmap.graph.numbers) if self.rmap.graph is not None else {}
        if self.side is not None and self.side.session.at_rest:  # else it is on its way to a step, and shown then
            to_the_end(self.showing())

    def set_side(self, side: Side | None) -> None:
        """Set the side, or None while it is built."""
        self.side = side
        if side is None:
            self.sentence.set_sentence(Sentence("Building this machine again …", tone="idle"))
            self.rmap.set_walk(None, None, {}, None)
            self.choices.where.setText("")

    def going(self, within: int) -> Iterator[None]:
        """Seek to a step of the click, in slices, and prepare the reverse map."""
        side = self.side
        if side is None:
            return
        yield from side.session.walking(min(side.start + within, len(side.session.steps)))
        if side.click is not None:
            yield from prepare_walk(side.session, side.click.outcome.pfn or 0)
            yield from prepare_verdict(side.session)

    def showing(self) -> Generator[None, None, None]:
        """Show the present step, in slices: the sentence, then the reverse map."""
        if self.side is None:
            return
        side, session = self.side, self.side.session
        if side.click is None:
            self.sentence.set_sentence(Sentence("This click is not possible here.", side.refused, tone="warn"))
            return
        within = session.position - side.start
        sentence = sentence_of(session)
        if not within:
            sentence = Sentence("Before the click.", "Only the settings differ.", tone="idle")
        self.sentence.set_sentence(sentence)
        self.choices.where.setText(f"step {within:,} of {side.steps:,}  ·  {sentence.code}".rstrip(" ·"))
        yield
        graph = map_for(session, side.click.outcome.pfn or 0)
        if graph is not None:
            if graph is not self.rmap.graph:
                self._colours = self._theme.of_tasks(graph.numbers)
            state = state_of(session, graph)
            yield
            self.rmap.set_walk(graph, state, self._colours, None)
