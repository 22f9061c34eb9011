"""Connects what surrounds the map: lenses, legend, search bar, and panic screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import Recorded
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.indexing import Indexing
from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.gui.map.lens_bar import LensBar
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.rows.log import panic_line

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.map.find_bar import FindBar
    from hwpoison_gui.gui.map.panic_screen import PanicScreen
    from hwpoison_gui.gui.widgets.banner import Banner
    from hwpoison_gui.opening.opening import Opened


def with_plane_of(frame_map: FrameMapWidget, opened: Opened) -> Opened:
    """The machine with the plane that the map shows, where that is of the same frames: the first picture's."""
    plane, m = frame_map.plane, opened.session.machine
    if plane is not None and opened.plane is None and plane.follow(m.flags.view, m.refcount.view, m.mapcount.view):
        return opened._replace(plane=plane)
    return opened


_COPY: Final = "A copy of this machine’s memory"
_SIMULATED: Final = "Clicks are simulated on the copy: nothing here changes the real memory."
_NO_HANDLER: Final = "Its kernel has no memory_failure()"
_BUILT: Final = (
    "It was built without CONFIG_MEMORY_FAILURE and would not handle an error. The sysctls, HardwareCorrupted and all "
    "that a click shows are those of the modelled kernel."
)


def connect_banner(banner: Banner, controller: Controller, present: Present, recorded: Recorded) -> None:
    """Say above the map what the machine is not: the real memory, a kernel with the handler, that of its records."""

    def said() -> Iterator[tuple[str, str, str]]:
        """Headlines with a short line and a long one, the most important first."""
        machine, m = controller.machine, controller.session.machine
        model = ".".join(map(str, m.profile.modelled))
        if machine.no_handler:
            yield _NO_HANDLER, f"Sysctls, counters and what a click shows are those of the model, {model}.", _BUILT
        elif machine.is_copy and machine.modelled:
            yield _COPY, f"{machine.modelled}.", ""
        if machine.is_copy:
            yield _COPY, _SIMULATED, ""
        if recorded.history is not None and recorded.history.kernel is not None:
            from hwpoison_gui.opening.real_errors import other_kernel

            kernel = ".".join(map(str, recorded.history.kernel))
            for words in other_kernel(recorded.history, machine.kernel, m.profile):
                yield "Error records of another kernel", f"Its records are of Linux {kernel}.", words

    def show() -> None:
        if controller.machine.records_only:
            size = amount(controller.session.machine.frames * FRAME_SIZE)
            banner.show_words("Error records", f"An empty map of {size}, up to the highest recorded frame.")
            return
        heads, lines, tips = zip(*said(), strict=True) if any(said()) else ((), (), ())
        banner.show_words(heads[0] if heads else "", " ".join(lines), "\n".join(filter(None, tips)))

    present.opened.connect(show)
    recorded.changed.connect(show)


def connect_lenses(
    lenses: LensControl, filters: FilterControl, lens_bar: LensBar, legend: Legend, frame_map: FrameMapWidget,
    present: Present, finder: Callable[[], FindBar],
) -> None:  # fmt: skip
    """Call after `MapLink`: lenses and filter read what the map has read. `finder` gives the search bar."""

    def opened() -> None:
        legend.forget()
        lenses.machine_changed()
        lens_bar.set_current(lenses.wanted)
        filters.machine_changed()

    def moved(moved: Moved) -> None:
        lenses.moved(moved)
        filters.moved(moved)

    def show_counts() -> None:
        plane = frame_map.plane
        if plane is not None:
            if plane.lens is not legend.lens:
                legend.set_lens(plane.lens)
            legend.set_counts(plane.class_counts().tolist(), filters.per_cpu_frames)

    def find_class(code: int) -> None:
        """Filters by the class clicked in the legend; a second click clears the filter."""
        text = filters.expression_of(lenses.lens, code)
        if text and text == filters.text:
            finder().close_search()
        elif text:
            finder().look_for(text)

    indexing = Indexing(frame_map, lenses.sheets)
    lens_bar.lensWanted.connect(lenses.choose)
    lenses.lensChanged.connect(lens_bar.show_lens)
    lenses.sheetsChanged.connect(lambda: lens_bar.offer_snapshot(lenses.other_snapshot is not None))
    lenses.sheetsChanged.connect(indexing.changed)
    lenses.wantedChanged.connect(lambda lens: lens_bar.set_current(lens.key))
    lenses.progress.connect(lens_bar.set_progress)
    frame_map.countsChanged.connect(show_counts)
    legend.classClicked.connect(find_class)
    frame_map.dramGeometryChanged.connect(filters.geometry_changed)
    present.opened.connect(opened)
    present.moved.connect(moved)


def connect_finder(finder: FindBar, filters: FilterControl, frame_map: FrameMapWidget, controller: Controller) -> None:
    """Connect the search bar to the filter."""
    from hwpoison_gui.view.filter.suggestions import words_for

    def show_found() -> None:
        finder.show_found(filters.count, filters.taken_for, filters.found_at, filters.is_old)

    finder.words.suggest = lambda typed: words_for(controller.session.machine, typed)
    finder.textWanted.connect(filters.set_text)
    finder.stepWanted.connect(filters.step)
    finder.left.connect(frame_map.setFocus)
    finder.againWanted.connect(filters.ask_again)
    filters.found.connect(lambda _: show_found())
    filters.aged.connect(show_found)
    filters.failed.connect(finder.show_error)


def connect_panic(controller: Controller, present: Present, screen: Callable[[bool], PanicScreen | None]) -> None:
    """Show the screen while the machine is panicked; `screen(create)` returns it, if created."""

    def show() -> None:
        line = panic_line(controller.session)
        shown = screen(bool(line))
        if shown is not None:
            shown.show_line(line)

    for changed in (present.opened, present.moved):
        changed.connect(show)
