"""The assessment of all of memory equals the stepped handler, frame by frame."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment, fate_of
from hwpoison_gui.view.outcome.phases import PHASES
from tests.session.test_properties import PROGRAMS, Kind, prepared, run, with_defaults

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
SUPPORTED = [name for name in sorted(PROFILES) if set(PROFILES[name].phases) <= set(PHASES)]
KINDS = [kind for kind in sorted(PROGRAMS) if kind[0] in SUPPORTED]


@pytest.fixture(params=SUPPORTED, name="profile", scope="module")
def _profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KINDS, name="kind", scope="module", ids=lambda kind: f"{kind[0]}-{kind[1]}")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def holders_of_poison(m: Machine, pfn: int) -> int:
    """Living processes with a hwpoison entry for the frame, or a swap entry that leads to it.

    Of a hugetlb page entries name the head.
    """
    slot = m.page_private.view.get(pfn) if m.page(pfn) & pf.SWAPCACHE else None
    found = 0
    for process in m.living():
        for entry in m.ptes.of(process.mm).values():
            bad = entry & ptes.HWPOISON and ptes.value_of(entry) == pfn
            if bad or (slot is not None and entry & ptes.SWAP and ptes.value_of(entry) == slot):
                found += 1
                break
    return found


def struck(session: Session, pfn: int) -> dict[str, Any]:
    """What the handler really did with a frame."""
    start, m = session.position, session.machine
    page = m.compound_head(pfn) if m.page(pfn) & pf.HUGE else pfn
    known = (m.page(page) | m.page(pfn)) & pf.HWPOISON  # late kills are an earlier handler's then
    dead_before = {process.tgid for process in m.processes.view.values() if process.ended}
    log = len(m.log.view)
    outcome = session.act("poison", with_defaults("poison", {"frame": f"pfn:{pfn:#x}"}))
    lines = [m.log.view[n] for n in range(log, len(m.log.view))]
    told = {line.rsplit(":", 1)[1].split()[0] for line in lines if "Killing " in line or "killing " in line
            or "Sending SIGBUS" in line}  # fmt: skip
    dead = {process.tgid for process in m.processes.view.values() if process.ended} - dead_before
    found = {
        "kind": outcome.kind,
        "result": "panic" if outcome.panic else outcome.result,
        "errno": outcome.errno,
        "signalled": len(told),
        "dead": len(dead),
        "late": 0 if known else holders_of_poison(m, page),
    }
    session.seek(start)
    return found


def assert_equal(session: Session, pfns: list[int]) -> None:
    """The assessment of the whole, of one frame, and the handler agree on every frame of `pfns`."""
    m = session.machine
    assessment = Assessment.of(m)
    for pfn in pfns:
        fate = assessment.fate(pfn)
        assert fate_of(m, pfn) == fate, hex(pfn)
        said = {name: getattr(fate, name) for name in ("kind", "result", "errno", "signalled", "dead", "late")}
        assert struck(session, pfn) == said, (hex(pfn), pf.letters_of(m.page(pfn)))


def telling_frames(m: Machine) -> list[int]:
    """Every frame that somebody uses, and a few of all others."""
    used = (m.mapcount.view > 0) | ((m.flags.view & np.uint64(pf.LRU | pf.HWPOISON | pf.SWAPCACHE)) != 0)
    sorts = m.flags.view * np.uint64(64) + np.minimum(m.refcount.view, 7).astype(np.uint64)
    other = np.unique(sorts, return_index=True)
    return sorted({*np.flatnonzero(used).tolist(), *other[1].tolist(), *range(0, m.frames, 61), m.frames - 1})


@quick
@given(data=st.data())
def test_it_equals_the_handler(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    assert_equal(session, telling_frames(session.machine))


def test_recovery_switched_off_is_panic_everywhere(profile: str) -> None:
    session = prepared((profile, False))
    session.act("sysctl", {"name": "memory_failure_recovery", "value": 0})
    classes = Assessment.of(session.machine).classes()
    holes = (session.machine.flags.view & np.uint64(pf.NOPAGE)) != 0
    assert set(classes[~holes].tolist()) == {outcomes.PANICS}
    assert_equal(session, [0, 5, session.machine.frames - 1])


@pytest.mark.parametrize("background", ["desktop"])
def test_a_booted_machine(profile: str, background: str) -> None:
    session = Session.fresh(4096, 3, background, profile=profile)
    rng = np.random.default_rng(1)
    assert_equal(session, rng.integers(0, 4096, 150).tolist())


def test_classes_are_numbered_by_severity_and_have_words() -> None:
    assert [one.id for one in outcomes.CLASSES] == list(range(len(outcomes.CLASSES)))
    assert len({one.key for one in outcomes.CLASSES}) == len(outcomes.CLASSES)
    assert outcomes.CLASSES[-1].id == outcomes.POISONED
