"""The legend: counts, amounts, clicks and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import DARK, LIGHT
from hwpoison_gui.view.map.lenses import LENSES
from tests.gui.waiting import until


@pytest.fixture
def legend(qtbot: QtBot) -> Legend:
    widget = Legend()
    qtbot.addWidget(widget)
    widget.resize(900, 120)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def counts(**known: int) -> list[int]:
    return [known.get(kind.key, 0) for kind in kinds.KINDS]


def test_counts_in_frames_and_memory(legend: Legend) -> None:
    legend.set_counts(counts(free=40_013, poison=1))
    assert legend.chips[kinds.FREE].text() == "40,013"
    assert legend.chips[kinds.FREE].accessibleName() == "free (buddy): 40,013 frames, 156.3 MiB"
    assert legend.chips[kinds.POISON].accessibleName() == "hardware poison: 1 frame, 4 KiB"


def shown(legend: Legend) -> list[int]:
    return [number for number, chip in legend.chips.items() if chip.isVisible()]


def test_only_what_the_machine_has_is_listed_and_poison_always(legend: Legend) -> None:
    legend.set_counts(counts(free=5))
    assert shown(legend) == [kinds.POISON, kinds.FREE]
    legend.set_counts(counts(free=5, hole=7))
    assert shown(legend) == [kinds.POISON, kinds.FREE, kinds.HOLE]


def test_a_class_once_listed_stays_until_there_is_another_machine(legend: Legend) -> None:
    legend.set_counts(counts(free=5, anon=1))
    legend.set_counts(counts(free=6))
    assert shown(legend) == [kinds.POISON, kinds.ANON, kinds.FREE]
    legend.forget()
    legend.set_counts(counts(free=6))
    assert shown(legend) == [kinds.POISON, kinds.FREE]


def test_every_lens_has_its_classes(legend: Legend) -> None:
    for lens in LENSES:
        legend.set_lens(lens)
        legend.set_counts([1] * len(lens.classes))
        assert [legend.chips[number].one.name for number in shown(legend)] == [
            one.name for one in reversed(lens.classes[1:])
        ]


def test_arrows_go_from_chip_to_chip(legend: Legend) -> None:
    legend.set_counts(counts(free=5, anon=1))
    legend.activateWindow()
    legend.setFocus()
    assert legend.chips[kinds.POISON].hasFocus()
    QTest.keyClick(legend.chips[kinds.POISON], Qt.Key.Key_Right)
    assert legend.chips[kinds.ANON].hasFocus()
    QTest.keyClick(legend.chips[kinds.ANON], Qt.Key.Key_Left)
    assert legend.chips[kinds.POISON].hasFocus()


def test_a_chip_says_which_class_by_mouse_and_by_key(legend: Legend, qtbot: QtBot) -> None:
    legend.set_counts(counts(anon=3, slab=2))
    with qtbot.waitSignal(legend.classClicked) as clicked:
        QTest.mouseClick(legend.chips[kinds.ANON], Qt.MouseButton.LeftButton)
    assert clicked.args == [kinds.ANON]
    legend.chips[kinds.SLAB].setFocus()
    with qtbot.waitSignal(legend.classClicked) as pressed:
        QTest.keyClick(legend.chips[kinds.SLAB], Qt.Key.Key_Space)
    assert pressed.args == [kinds.SLAB]


@pytest.mark.parametrize("width", [1900, 1100, 740, 485, 330])
def test_chips_lie_apart_in_any_width(legend: Legend, qtbot: QtBot, width: int) -> None:
    legend.set_counts([16_000] * len(kinds.KINDS))
    legend.resize(width, 200)
    legend.resize(width, legend.heightForWidth(width))
    until(lambda: legend.width() == width)
    seen = [chip for chip in legend.chips.values() if chip.isVisible()]
    assert len(seen) == len(kinds.KINDS) - 1  # OUTSIDE is only padding
    for chip in seen:
        assert legend.rect().contains(chip.geometry())
        assert chip.width() >= chip.sizeHint().width()
    assert all(a is b or not a.geometry().intersects(b.geometry()) for a in seen for b in seen)
    lines = len({chip.y() for chip in seen})
    assert lines <= (2 if width >= 740 else 3 if width > 400 else 6)
    assert seen[0].whole == (width >= 1900)


def test_every_chip_teaches(legend: Legend) -> None:
    assert all(chip.toolTip() and chip.accessibleName() for chip in legend.chips.values())


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_swatches_have_the_colours_of_the_theme(legend: Legend, theme: object) -> None:
    legend.set_theme(theme)  # type: ignore[arg-type]
    legend.set_counts(counts(anon=1))
    chip = legend.chips[kinds.ANON]
    image = chip.grab().toImage()
    assert image.pixelColor(10, chip.height() // 2) == QColor(theme.kind(kinds.ANON))  # type: ignore[attr-defined]


def test_frames_that_are_free_without_a_flag_are_named_beside_kernel_memory(legend: Legend, user) -> None:
    chip = legend.chips[kinds.KERNEL]
    legend.set_counts(counts(kernel=20))
    wide, other = chip.sizeHint().width(), legend.chips[kinds.FILE]
    legend.set_counts(counts(kernel=20), 15)
    assert chip.sizeHint().width() == wide, "a click on the map must not move it"
    assert not other.full_name.endswith("pcp")
    assert chip.accessibleName().startswith("kernel (other) + pcp: 20 frames")
    assert "15 of these are free, on per-CPU lists (pcp)" in chip.toolTip()
    legend.set_counts(counts(kernel=5))
    assert chip.accessibleName().startswith("kernel (other): 5 frames") and "per-CPU lists of" not in chip.toolTip()
    listed = len(user.session.machine.pcp.of(0))
    shown = user.window.legend.chips[kinds.KERNEL]
    assert listed and shown.frames >= listed and shown.per_cpu == listed


def test_with_larger_text_it_still_takes_the_lines_that_it_may(legend: Legend) -> None:
    legend.set_counts([1_000_000] * len(kinds.KINDS))
    legend.resize(500, 120)
    legend.set_most_lines(2)
    before = len(shown(legend))
    try:
        look.set_text_size(200)
        legend.set_theme(DARK)
        assert legend._flow.rows(legend.width()) <= 2 and len(shown(legend)) < before
    finally:
        look.set_text_size(look.USUAL_TEXT)
    legend.set_theme(DARK)
    assert len(shown(legend)) == before
