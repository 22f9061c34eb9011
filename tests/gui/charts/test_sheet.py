"""Charts as pictures: all of a chart, with its title, in the colours of a theme; SVG is made of shapes."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from hwpoison_gui.gui.charts.key import entries_of
from hwpoison_gui.gui.charts.sheet import ChartSheet
from hwpoison_gui.gui.export.still import as_image, as_svg
from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records_file import read
from hwpoison_gui.view.base.palette import THEMES, Theme
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.charts.catalogue import CHARTS, Sources
from hwpoison_gui.view.charts.chart import Bars, Chart, Part
from hwpoison_gui.view.charts.recorded import recorded_over_time
from hwpoison_gui.view.damage.damage import Damage
from tests.gui.conftest import workers
from tests.paths import DATA

KEYS = ("kind", "walk", "mapcount", "found")


def chart_of(key: str) -> Chart:
    session = workers()
    m = session.machine
    damages = {early: Damage.of(m, early) for early in (0, 1)} if key == "kind" else {}
    found = "mapcount>0", (m.mapcount.view > 0).nonzero()[0]
    return to_the_end(CHARTS[key].make(Sources(session, damages, found)))


@pytest.mark.parametrize("key", KEYS)
def test_an_svg_file_is_made_of_shapes_and_has_the_title(qtbot, key: str) -> None:
    chart = chart_of(key)
    sheet = ChartSheet(chart, THEMES["light"])
    qtbot.addWidget(sheet)
    text = as_svg(sheet, title=chart.title).decode()
    tags = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()]
    assert "image" not in tags and tags.count("text") > 4
    words = "".join(ElementTree.fromstring(text).itertext())
    assert chart.title.split()[-1] in words
    assert key == "kind" or "rotate(-90" in text, "the name of the axis that goes upward"


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_picture_is_in_the_colours_of_the_theme(qtbot, theme: Theme) -> None:
    sheet = ChartSheet(chart_of("walk"), theme)
    qtbot.addWidget(sheet)
    image = as_image(sheet)
    for at in ((2, 2), (2, image.height() - 2), (image.width() - 20, image.height() // 2)):
        assert image.pixelColor(*at) == QColor(theme.base), at


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_the_key_has_the_colours_that_are_drawn(qtbot, theme: Theme) -> None:
    chart = chart_of("kind")
    assert isinstance(chart, Bars)
    unseen = Part("outcome:lost", "in the table only", np.zeros_like(chart.parts[0].sizes))
    chart = chart._replace(parts=(*chart.parts, unseen))
    head, *entries = entries_of(chart, theme)
    assert head.name == "upper bar: late kill, lower: early kill"
    assert [one.name for one in entries] == [part.name for part in chart.parts if part is not unseen]
    sheet = ChartSheet(chart, theme)
    qtbot.addWidget(sheet)
    bars = sheet.view.plot.grab().toImage()
    rows = [[bars.pixelColor(x, y).name() for x in range(bars.width())] for y in range(bars.height())]
    assert {one.colour for one in entries} <= {colour for row in rows for colour in row}
    # Along the bar of most parts each colour follows that of the part before it.
    parts = np.stack([part.sizes > 0 for part in chart.parts])
    stack, group = np.unravel_index(parts.sum(axis=0).argmax(), parts.shape[1:])
    along = [one.colour for one, has in zip(entries, parts[:, stack, group], strict=False) if has]
    of_parts = {one.colour for one in entries}
    assert len(set(along)) == len(along) > 1
    assert along in [list(dict.fromkeys(colour for colour in row if colour in of_parts)) for row in rows]


def test_bars_are_all_there(qtbot) -> None:
    chart = chart_of("kind")
    assert isinstance(chart, Bars)
    sheet = ChartSheet(chart, THEMES["dark"])
    qtbot.addWidget(sheet)
    assert sheet.view.scroll_bar.maximum() == 0
    small = ChartSheet(chart, THEMES["dark"], QSize(320, 180))
    qtbot.addWidget(small)
    assert small.size() == QSize(320, 180)


def test_a_picture_of_records_begins_with_the_first_one(qtbot) -> None:
    history = history_of([read(DATA / "records" / "6.12" / "dmesg.txt")])
    sheet = ChartSheet(recorded_over_time(history), THEMES["dark"])
    qtbot.addWidget(sheet)
    times = [record.time for record in history.records]
    (low, high), _ = sheet.view.plot.getViewBox().viewRange()
    assert min(times) - 10 < low < high < max(times) + 10
