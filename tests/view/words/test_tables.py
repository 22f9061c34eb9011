"""What the pages say of an upgrade: each case that is cited for a sentence shows what the sentence says."""

from __future__ import annotations

import re

import pytest

from hwpoison_gui.session.fidelity.differences import differences, pairs, taken_over
from hwpoison_gui.session.fidelity.shown_by import holds_under
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.view.words.tables import UPGRADE
from tests.paths import ROOT

# Of each kernel: a case that it cites, in the order of its text, and the difference that its sentence tells.
CITED = {
    "6.1": (
        ("cases-extra/6.1/blockdev_buffers.toml", "sysctls.memory_failure_early_kill"),
        ("cases/6.1/file_unmapped_clean.ek0.toml", "log.result"),
        ("cases/6.1/free_buddy.ek1.srao.toml", "phases.take_reference"),
        ("cases/6.1/hugetlb_private_tail_1.ek0.toml", "phases.try_memory_failure_hugetlb"),
        ("cases/6.1/thp_head_1.ek1.toml", "phases.split_transparent_huge_page"),
        ("cases/6.1/thp_tail_pinned_by_pipe.ek0.srar.toml", "phases.split_transparent_huge_page"),
        ("cases/6.1/ksm_2.ek0.madv.toml", "log.ksm"),
        ("cases/6.1/shmem_unmapped_write2_first.ek1.toml", "files.io_refuses"),
        ("cases/6.1/file_unmapped_dirty_write2_first.ek0.toml", "files.report_error"),
        ("cases/6.1/anon_private.ek0.srar.toml", "features.machine_check_recovery"),
        ("cases-extra/6.1/filter_hugetlb.toml", "features.injection_filters"),
        ("cases/6.1/free_buddy.ek1.srao.toml", "features.count_at_action_result"),
    ),
    "6.12": (
        ("cases/6.12/anon_disp_default.ek0.madv.toml", "features.madvise_action_required"),
        ("cases/6.12/ksm_2.ek1.toml", "phases.hwpoison_user_mappings"),
        ("cases/6.12/thp_tail_pinned_by_pipe.ek0.srar.toml", "phases.split_transparent_huge_page"),
        ("cases/6.12/anon_private.ek0.srar_norip.toml", "features.machine_check_must_kill"),
        ("cases/6.12/hugetlb_shared_tail_3.ek1.toml", "features.hugetlb_signal_address"),
        ("cases/6.12/hugetlb_tail.ek0.srar.toml", "features.hugetlb_accessed_address"),
        ("cases/6.12/hugetlb_shared_tail_read_others.ek1.toml", "files.io_refuses"),
        ("cases/6.12/mthp_tail_1.ek1.toml", "features.multi_size_thp"),
        ("cases/6.1/kernel_compound_head.ek1.toml", "results.exits.unhandlable"),
        ("cases/6.1/free_buddy_inside.ek0.softsys.toml", "log.soft_offline.already poisoned"),
        ("cases/6.12/soft_disabled_anon.ek0.soft.toml", "sysctls.enable_soft_offline"),
        ("cases/6.12/free_buddy.ek1.srao.toml", "features.memory_failure_stats"),
    ),
    "7.2": (
        ("cases/7.2/file_large_dirty_1.ek1.toml", "files.large_folios"),
        ("cases/7.2/file_large_unmapped_dirty.ek1.toml", "files.large_folios"),
        ("cases/7.2/file_large_clean_3.ek0.toml", "files.large_folios"),
        ("cases/7.2/file_large_dirty.ek0.soft.toml", "files.large_folios"),
        ("cases/7.2/zero_page_ro_anon.ek0.madv.toml", "phases.take_reference"),
    ),
}
OLDER = {newer.name: (older, newer) for older, newer in pairs()}


@pytest.mark.parametrize("kernel", UPGRADE)
def test_it_is_known_of_each_case_that_is_cited_what_it_is_cited_for(kernel: str) -> None:
    assert re.findall(r"`(cases[-\w./]*\.toml)`", UPGRADE[kernel]) == [case for case, _ in CITED[kernel]]


@pytest.mark.parametrize(
    ("kernel", "case", "name"), [(kernel, *cited) for kernel, cases in CITED.items() for cited in cases]
)
def test_a_case_that_is_cited_shows_what_it_is_cited_for(kernel: str, case: str, name: str) -> None:
    """A sentence and the row of its difference must not tell two things: the case fails without the difference."""
    older, newer = OLDER[kernel]
    scenario = load(ROOT / "tests" / "data" / case)
    (cited,) = (one for one in differences(older, newer) if one.name == name)
    own, wrong = (newer, cited.without) if scenario.profile == kernel else (older, taken_over(older, newer)[name])
    assert (holds_under(scenario, own), holds_under(scenario, wrong)) == (True, False)
