"""All charts, each declared once: its name, what it is made of and how, and what its values lead to.

The menu, the keys, the panel and the command line come from this table. A start reads it: what makes a chart is
imported when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Final

from hwpoison_gui.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from hwpoison_gui.kernel.machine import Machine
    from hwpoison_gui.session.session import Session
    from hwpoison_gui.sources.records.history import History
    from hwpoison_gui.view.charts.chart import Chart
    from hwpoison_gui.view.damage.damage import Damage
    from hwpoison_gui.view.map.snapshots import Changes

# What charts are made of: when it changes, they are made again.
DAMAGE: Final = "damage"
MACHINE: Final = "machine"
TIMELINE: Final = "timeline"
FOUND: Final = "found"
RECORDS: Final = "records"
CHANGES: Final = "changes"

# What choosing a value does.
FIND: Final = "find"  # writes the filter that finds its frames
RANGE: Final = "range"  # the same, and a region of the axis is a filter, too
SEEK: Final = "seek"  # goes to its timeline position
RECORD: Final = "record"  # chooses the record
SELECT: Final = "select"  # selects its first frame


class Sources(Record):
    """Sources of the data of charts; None or empty where a source is missing.

    `session`: where it stands now. `damages`: by value of vm.memory_failure_early_kill. `found`: the filter, and the
    frames that it finds, ascending.
    """

    session: Session | None = None
    damages: Mapping[int, Damage] = {}
    found: tuple[str, npt.NDArray[np.int64]] | None = None
    history: History | None = None
    changes: Changes | None = None

    @property
    def machine(self) -> Machine:
        """The machine of the session."""
        assert self.session is not None
        return self.session.machine


Making = Generator[float | None, None, "Chart"]  # yields the share that is done, where it is known


class Declared(Record):
    """A chart: `name` in lists and menus, `tip`: what it shows. `of` and `leads` are constants declared above."""

    name: str
    tip: str
    of: str
    leads: str
    make: Callable[[Sources], Making]


def _damage(by: str) -> Callable[[Sources], Making]:
    def make(sources: Sources) -> Making:
        from hwpoison_gui.view.charts.damage import damage_bars
        from hwpoison_gui.view.damage.tables import find_tables

        return damage_bars((yield from find_tables(sources.damages, by)))

    return make


def _distribution(quantity: str) -> Callable[[Sources], Making]:
    def make(sources: Sources) -> Making:
        from hwpoison_gui.view.charts.distribution import distribution

        yield 0.0
        return distribution(sources.machine, quantity)

    return make


def _walk(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.walk_cost import cost_curves

    return (yield from cost_curves(sources.machine))


def _timeline(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.timeline import timeline_curves

    assert sources.session is not None
    yield 0.0
    return timeline_curves(sources.session)


def _found(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.found import found_places

    assert sources.found is not None
    return (yield from found_places(sources.machine, *sources.found))


def _errors_over_time(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.recorded import recorded_over_time

    assert sources.history is not None
    yield 0.0
    return recorded_over_time(sources.history)


def _errors_over_memory(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.recorded import recorded_places

    assert sources.history is not None
    yield 0.0
    return recorded_places(sources.history, sources.machine.frames)


def _changed(sources: Sources) -> Making:
    from hwpoison_gui.view.charts.changed import changed_bars

    assert sources.changes is not None
    yield 0.0
    return changed_bars(sources.changes)


CHARTS: Final[dict[str, Declared]] = {
    "kind": Declared("Damage by kind of page", "What an error in each frame would do, early and late, by kind of page",
                     DAMAGE, FIND, _damage("kind")),
    "process": Declared("Damage by process", "What an error in the frames of each process would do",
                        DAMAGE, FIND, _damage("process")),
    "file": Declared("Damage by file", "What an error in the cached frames of each file would do",
                     DAMAGE, FIND, _damage("file")),
    "zone": Declared("Damage by zone", "What an error in the frames of each zone would do",
                     DAMAGE, FIND, _damage("zone")),
    "mapcount": Declared("Frames by mapcount", "How many frames are mapped how often", MACHINE, RANGE,
                         _distribution("mapcount")),
    "refcount": Declared("Frames by refcount", "How many frames have how many references", MACHINE, RANGE,
                         _distribution("refcount")),
    "walk": Declared("Cost of the walk", "Pairs of task and VMA that the handler visits, against mappers that it finds",
                     MACHINE, FIND, _walk),
    "found": Declared("Found frames over memory", "Where the frames of the filter lie: of a fault of DRAM, or any",
                      FOUND, SELECT, _found),
    "timeline": Declared("Along the timeline", "HardwareCorrupted, signals and deaths at each timeline position",
                         TIMELINE, SEEK, _timeline),
    "errors-time": Declared("Recorded errors over time", "Errors that really happened, over time",
                            RECORDS, RECORD, _errors_over_time),
    "errors-memory": Declared("Recorded errors over memory", "Errors that really happened, over physical memory",
                              RECORDS, SELECT, _errors_over_memory),
    "changed": Declared("Changes between two snapshots", "What the frames of each kind became, and what they were",
                        CHANGES, FIND, _changed),
}  # fmt: skip
