"""The net under soft offline of all frames: those of one class come to the same by soft_offline_page() itself.

The classes were made for memory_failure(), and soft offline is predicted from one frame of each. Here it is run dry on
others, two of each class, so that small classes count as much as large ones.
"""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES, having
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage import moved
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.outcome.assessment import Assessment
from tests.programs import Kind, prepared, run
from tests.session.test_properties import EXAMPLES, PROGRAMS
from tests.view.outcome.states import with_huge_pages
from tests.view.outcome.test_signature import some_of_each_class
from tests.workbench import do

KERNELS = [profile.name for profile in having("soft_offline")]
nets = settings(
    max_examples=max(5, EXAMPLES // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_alike(m: Machine, rng: np.random.Generator) -> set[str]:
    """Two random frames of each class, and the one that it is told from, are moved alike; returns the results."""
    assessment, digest, found = Assessment.of(m), m.gate.digest(), set[str]()
    for number, pfns in some_of_each_class(assessment, rng).items():
        member = int(assessment.members[number])
        expected = moved.offline(m, member)
        found.add(expected.result)
        for pfn in {*pfns} - {member}:
            assert moved.offline(m, pfn) == expected, (hex(pfn), hex(member), pf.letters_of(m.page(pfn)))
    assert m.gate.digest() == digest, "a dry run changes nothing"
    return found


@pytest.mark.parametrize("kind", [kind for kind in sorted(PROGRAMS) if kind[0] in KERNELS], ids=str)
@nets
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    assert_alike(session.machine, np.random.default_rng(data.draw(st.integers(0, 1 << 32))))


@pytest.mark.parametrize("profile", KERNELS)
def test_on_made_up_machines(profile: str) -> None:
    found = set[str]()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found |= assert_alike(with_huge_pages(profile, rng).machine, rng)
        found |= assert_alike(Session.fresh(1 << 14, seed, "desktop", profile=profile).machine, rng)
    assert found >= {moved.MIGRATED, moved.FREED, moved.NOT_MOVED}


@pytest.mark.parametrize("profile", KERNELS)
def test_on_a_recorded_server(profile: str) -> None:
    image = open_recording(resources.path("machines/server.npz"), hidden=True)
    m = machine_from_image(image, PROFILES[profile])
    m.gate.record()
    assert assert_alike(m, np.random.default_rng(7)) >= {moved.MIGRATED, moved.DROPPED, moved.FREED, moved.NOT_MOVED}


def test_what_cannot_be_moved_says_why() -> None:
    m = machine_from_image(open_recording(resources.path("machines/server.npz"), hidden=True), PROFILES["6.1"])
    m.gate.record()
    found = to_the_end(moved.find_soft_offline(Damage.of(m, 1)))
    assert {one.kind for one in found.obstacles} >= {"slab", "page table", "reserved", "anonymous"}
    assert {one.errno for one in found.obstacles} == {"EIO", "EBUSY"}
    assert sum(sum(one.frames) for one in found.obstacles) == sum(found.frames[moved.NOT_MOVED])
    do(session := Session.fresh(4096, profile="6.12"), "sysctl", name="enable_soft_offline", value=0)
    (one, *_) = to_the_end(moved.find_soft_offline(Damage.of(session.machine, 0))).obstacles
    assert one.why == "vm.enable_soft_offline is 0" and one.errno == "EOPNOTSUPP"
