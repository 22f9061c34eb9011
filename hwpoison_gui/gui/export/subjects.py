"""Widgets that can be pictured alone: the map, the reverse map and the outline, as large as their content.

The panels of the window show what fits them; these show everything.
"""

from __future__ import annotations

from typing import Final, TypeVar

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.why.view import DecisionView
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.zones import starts_of
from hwpoison_gui.view.outcome.loss import ending_of, loss_of
from hwpoison_gui.view.outline.outline import outline_for

Shown = TypeVar("Shown", bound=QWidget)

_WIDTH: Final = 900  # pixels, unless another width is asked for
_LEAST: Final = 240
_MOST: Final = 16_000  # pixels: what is higher cannot be opened by many programs


class Seen(QObject):
    """A session at a timeline position, with what its views share, for pictures of parts without a window."""

    def __init__(self, opened: Opened, appearance: Appearance, position: int) -> None:
        super().__init__()
        self.theme = appearance.theme
        self.controller = Controller(opened, self)
        self.present = Present(self.controller, appearance.theme, self)
        self.present.show_machine()
        self.controller.seek(position)
        self.controller.work.finish()


def reverse_map(present: Present, theme: Theme, size: QSize | None = None) -> RmapView:
    """The reverse map at the present step, with all its rows."""
    view = RmapView(None, theme)
    view.resize(size or QSize(_WIDTH, _LEAST))
    _laid_out(view)
    view.set_walk(present.graph, present.state, present.colours, None)
    if size is None:
        view.resize(_WIDTH, min(max(view.content_height(), _LEAST), _MOST))
    return view


def outline(session: Session, theme: Theme, size: QSize | None = None) -> DecisionView:
    """The handler's decisions at the present step, with all lines that are not folded."""
    view = DecisionView(None, theme)
    view.resize(size or QSize(_WIDTH, _MOST))
    _laid_out(view)
    operation = moment_of(session).operation
    view.set_moment(outline_for(session, operation), session.position)
    loss = loss_of(session, operation) if operation and session.position == operation.last else None
    view.set_ending(ending_of(loss) if loss else ())
    if size is None:
        view.resize(_WIDTH, min(max(view.content_height(), _LEAST), _MOST))
        view.scrollToTop()
    return view


def frame_map(session: Session, present: Present, theme: Theme, size: QSize) -> QWidget:
    """All frames, with the marks of the present step and a legend."""
    shown = QWidget()
    made, legend = FrameMapWidget(shown, theme), Legend(shown, theme)
    box = QVBoxLayout(shown)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    box.addWidget(made, 1)
    box.addWidget(legend)
    m = session.machine
    made.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones))
    made.set_highlights(highlights_of(session, None, present.numbers))
    assert made.plane is not None
    legend.set_lens(made.plane.lens)
    legend.set_counts(made.plane.class_counts().tolist())
    shown.resize(size)
    return _laid_out(shown)


def _laid_out(shown: Shown) -> Shown:
    """The widget, shown where there is no screen: layouts follow only what is shown."""
    shown.show()
    QApplication.processEvents()
    focused = shown.focusWidget() or shown
    focused.clearFocus()  # the frame around the focused widget does not belong to the picture
    return shown
