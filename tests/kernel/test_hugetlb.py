"""Huge pages of hugetlb in files and mappings."""

from __future__ import annotations

import pytest

from tests.workbench import Workbench


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_shared_by_two_through_a_file(profile: str) -> None:
    bench = Workbench(profile, huge_pages=2)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=512, file="/huge/f", shared=True)
    bench.do("write", task="a", at="m+7", value="A")
    assert bench.do("read", task="b", at="m+7").value == "A"
    assert bench.do("read", task="b", at="m+8").value == "zero"
    assert bench.pfn("a:m+7") == bench.pfn("b:m+7") == bench.pfn("a:m+0") + 7
    assert bench.session.mapcount(bench.pfn("a:m+7")) == 2


def test_a_private_page_is_copied_whole() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    bench.do("write", task="a", at="m+2", value="B")
    assert bench.pfn("a:m+1") != bench.pfn("b:m+1")
    assert bench.do("read", task="a", at="m+1").value == "A"
    assert bench.do("read", task="b", at="m+2").value == "zero"


def test_too_few_pages_are_refused_at_once() -> None:
    bench = Workbench(huge_pages=1)
    assert bench.do("mmap", task="a", name="m", pages=1024, huge="hugetlb").errno == "ENOMEM"


def test_a_promise_ends_with_the_mapping() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    bench.do("exit", task="a")
    bench.do("task", name="b")
    bench.area(task="b", pages=512, huge="hugetlb")


def test_a_shared_promise_stays_with_the_file() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("munmap", task="a", at="m+0", pages=512)
    assert bench.do("mmap", task="a", name="n", pages=512, huge="hugetlb").errno == "ENOMEM"
    bench.do("truncate", path="/huge/f", pages=0)
    bench.area("o", pages=512, huge="hugetlb")


def test_a_file_has_its_pages_unless_it_is_a_hole() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs")
    bench.do("open", task="a", path="/huge/f", fd="f")
    assert bench.do("pread", task="a", fd="f", page=5).value == "disk"
    assert bench.do("pwrite", task="a", fd="f", page=5, value="A").errno == "EINVAL"
    assert not bench.m.huge_free.of(0)
    bench.do("punch_hole", path="/huge/f", page=5)
    assert bench.do("pread", task="a", fd="f", page=5).value == "zero"
    assert len(bench.m.huge_free.of(0)) == 1


@pytest.mark.parametrize("op, keys", (("munmap", {}), ("mprotect", {"prot": "r"}), ("mremap", {"name": "n"})))
def test_areas_are_cut_between_huge_pages_only(op: str, keys: dict[str, str]) -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    assert bench.do(op, task="a", at="m+1", pages=2, **keys).errno == "EINVAL"
