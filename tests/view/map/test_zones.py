"""Zones and nodes as the map shows them: names, hues, and what is said where a machine does not say them."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmzone import zones_by_address
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.lens_sheets import ZoneSheet, made
from hwpoison_gui.view.map.lenses import ZONE, ZONES
from hwpoison_gui.view.map.zones import lens_and_codes, starts_of, zone_name

TWO = (
    ZoneImage(0, "DMA", 1, 1024),
    ZoneImage(0, "Normal", 1024, 4000),
    ZoneImage(1, "Normal", 4000, 6000),
    ZoneImage(0, "Normal", 6000, 7000),
    ZoneImage(1, "Movable", 7500, 8000),
)


def machine_of(zones: tuple[ZoneImage, ...], frames: int = 8192) -> Machine:
    m = Machine(frames, PROFILES["v7"])
    m.zones = zones
    return m


def names(m: Machine) -> list[str]:
    """What the lens says of every frame."""
    sheet = made("zone", m, m.frames)
    assert isinstance(sheet, ZoneSheet)
    return [sheet.lens.classes[code].name for code in sheet.held.values[: m.frames].tolist()]


def test_two_nodes_are_told_apart_and_parts_of_one_zone_are_not() -> None:
    told = names(machine_of(TWO))
    assert told[0] == told[7200] == told[8100] == "in no zone"
    assert told[1] == told[1023] == "node 0, DMA"
    assert told[1024] == told[6500] == "node 0, Normal"
    assert told[4000] == told[5999] == "node 1, Normal"
    assert told[7500] == "node 1, Movable"
    sheet = made("zone", machine_of(TWO), 8192)
    pfns = np.array([0, 1, 4000, 7200, 7999, 8191])
    assert sheet.some(pfns).tolist() == sheet.held.values[pfns].tolist()


def test_a_simulated_machine_is_one_node() -> None:
    m = Session.fresh(8192, 1, "desktop").machine
    assert set(names(m)) == {"node 0, DMA", "node 0, DMA32", "no page"}
    assert Session.fresh(4096).machine.zones == zones_by_address(4096, node=0)


def test_what_is_not_known_is_said() -> None:
    zones = zones_by_address(1 << 21)
    assert [zone_name(zone.node, zone.name) for zone in zones][-1] == "Normal, node not known"
    lens, _ = lens_and_codes(zones)
    assert all("does not report" in lens.classes[lens.id_of(f"zone{number}")].meaning for number in range(3))


def test_of_many_zones_the_largest_have_hues() -> None:
    zones = tuple(ZoneImage(node, "Normal", node << 20, (node << 20) + 1000 * (node + 1)) for node in range(12))
    lens, codes = lens_and_codes(zones)
    assert codes.count(ZONE.id_of("other")) == 12 - ZONES
    hued = [lens.classes[code].name for code in codes if code != ZONE.id_of("other")]
    assert hued == [f"node {node}, Normal" for node in range(12 - ZONES, 12)]
    assert len(lens.classes) == len(ZONE.classes)


def test_every_zone_begins_a_row() -> None:
    layout = ByZone(8192, 100, starts_of(TWO))
    assert [layout.position(zone.start)[0] for zone in TWO] == [1, 0, 0, 0, 0]
    assert starts_of(()) == (0,)


def test_the_inspector_says_the_zone() -> None:
    session = Session.fresh(8192, 1, "desktop")
    assert ("Zone", "node 0, DMA32") in [fact[:2] for fact in facts_of(session, 5000).counts]
    session.machine.zones = zones_by_address(8192)
    (fact,) = (fact for fact in facts_of(session, 5000).counts if fact.name == "Zone")
    assert "node not known" in fact.value and "does not report" in fact.meaning
    session.machine.zones = TWO
    assert ("Zone", "none") in [fact[:2] for fact in facts_of(session, 8191).counts]
