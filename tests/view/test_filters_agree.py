"""What the filters of the injector refuse: map, label, sentence, Why, chip, log and report agree, by one source."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.export.report import report
from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.operation_chips import result_in
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.classes import FILTERED
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.words.hwpoison_filter import why_filtered
from tests.view.outcome.previews import preview
from tests.workbench import do

LATER = [name for name, profile in PROFILES.items() if profile.has("injection_filters")]
SETTINGS = {
    filters.BY_DEVICE: {"dev-major": 99},
    filters.BY_FLAGS: {"flags-mask": pf.SWAPCACHE, "flags-value": pf.SWAPCACHE},
    filters.BY_CGROUP: {"memcg": 99},
    filters.BY_KIND: {},
}


@pytest.mark.parametrize("profile", LATER)
@pytest.mark.parametrize("by", SETTINGS)
def test_all_say_the_same_of_a_page_that_is_refused(profile: str, by: str) -> None:
    session = Session.fresh(1 << 13, 1, "desktop", 0, profile)
    for name, value in {**SETTINGS[by], "enable": 1}.items():
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    m, why = session.machine, why_filtered(by)
    kind = pf.SLAB if by == filters.BY_KIND else pf.ANON
    pfn = int(np.flatnonzero(m.flags.view & np.uint64(kind))[0])
    digest = m.gate.digest()
    assert why in preview(m, pfn) and m.gate.digest() == digest
    assert Assessment.of(m).classes()[pfn] == FILTERED
    log = len(m.log.view)
    outcome = do(session, "poison", frame=f"pfn:{pfn:#x}")
    operation = session.operations[-1]
    assert outcome.filtered and outcome.errno == 0 and len(m.log.view) == log
    said = verdict(session, operation)
    assert said.startswith("Filtered: nothing happens") and why in said
    shown = sentence_of(session)
    assert shown.text == said and not shown.detail
    assert result_in(session, operation) == ("filtered", "plain")
    assert said in report(session, "x") and not impact_now(session, pfn)
    assert not m.page(pfn) & pf.HWPOISON
