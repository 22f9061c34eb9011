"""A frame in a huge page is called what it is, with head or tail, its number and head, wherever it is named."""

from __future__ import annotations

from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.facts.frame_text import as_text
from hwpoison_gui.view.rmap.graph import reverse_map
from hwpoison_gui.view.rows.pages import PageRows
from hwpoison_gui.view.walk.state import map_for, state_of
from tests.view.filter.test_numbers import found
from tests.workbench import Workbench


def test_the_frame_panel_and_the_reverse_map_name_the_huge_page() -> None:
    bench = Workbench(huge_pages=1)
    head = bench.m.huge_free.of(0)[0]
    for pfn, name in ((head, "hugetlb, head of 512 pages"), (head + 5, f"hugetlb, tail 5 of 512, head {head:#x}")):
        assert facts_of(bench.session, pfn).kind.name == name
        assert name in as_text(facts_of(bench.session, pfn))
        assert reverse_map(bench.session, pfn).kind.name == name
    assert [PageRows(bench.m).row(pfn).kind for pfn in (head, head + 1)] == ["hugetlb, head", "hugetlb, tail"]


def test_after_a_dissolve_nothing_calls_its_frames_huge() -> None:
    bench = Workbench(huge_pages=1)
    pfn = bench.m.huge_free.of(0)[0] + 1
    bench.do("poison", frame=f"pfn:{pfn:#x}")
    graph = map_for(bench.session, pfn)
    names = [state_of(bench.session, graph).kind.name, facts_of(bench.session, pfn).kind.name]
    names += [facts_of(bench.session, pfn + 1).kind.name, PageRows(bench.m).row(pfn + 1).kind]
    assert not [name for name in names if "huge" in name or "THP" in name]


def test_a_large_folio_is_named_with_its_size() -> None:
    bench = Workbench("6.12")
    bench.area(pages=16, folio=16)
    bench.do("write", task="a", at="m+5", value="A")
    head = bench.pfn("head:a:m+5")
    assert facts_of(bench.session, head + 3).kind.name == f"large folio, tail 3 of 16, head {head:#x}"
    assert reverse_map(bench.session, head).kind.name == "large folio, head of 16 pages"
    assert [PageRows(bench.m).row(pfn).kind for pfn in (head, head + 1)] == ["large folio, head", "large folio, tail"]
    assert found(bench.m, "order=4") == found(bench.m, "a:m") == set(range(head, head + 16))


def test_frames_that_one_operation_poisoned_have_the_kind_that_they_had_before() -> None:
    bench = Workbench()
    bench.area(pages=3)
    for page in range(3):
        bench.do("write", task="a", at=f"m+{page}", value="A")
    pfns = [bench.pfn(f"a:m+{page}") for page in range(3)]
    bench.do("poison", frames=tuple(f"{pfn:#x}" for pfn in pfns))
    assert {reverse_map(bench.session, pfn).kind.name for pfn in pfns} == {"anonymous"}
