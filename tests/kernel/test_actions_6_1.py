"""The actions of the 6.1 table: what leaves the page cache, what stays, and who else has the page."""

from __future__ import annotations

import pytest

from tests.workbench import Workbench


def of_file(filesystem: str, dirty: bool) -> Workbench:
    bench = Workbench()
    bench.do("file", path="/srv/f", pages=1, filesystem=filesystem)
    bench.do("open", task="a", path="/srv/f", fd="f")
    if dirty:
        bench.do("pwrite", task="a", fd="f", page=0, value="A")
    else:
        bench.do("pread", task="a", fd="f", page=0)
    bench.do("remember", name="it", frame="/srv/f@0")
    return bench


@pytest.mark.parametrize(
    "filesystem, dirty, result",
    (("ext4", False, "Recovered"), ("ext4", True, "Recovered"), ("tmpfs", True, "Recovered"),
     ("nofs", False, "Recovered"), ("nofs", True, "Failed"), ("blockdev", False, "Recovered"),
     ("blockdev", True, "Failed"), ("directory", False, "Failed"), ("directory", True, "Failed")),
)  # fmt: skip
def test_by_file_system(filesystem: str, dirty: bool, result: str) -> None:
    outcome = of_file(filesystem, dirty).do("poison", frame="@it")
    assert (outcome.result, outcome.errno) == (result, 0 if result == "Recovered" else "EBUSY")


@pytest.mark.parametrize("filesystem, kept", (("ext4", False), ("tmpfs", True)))
def test_shared_memory_keeps_its_page(filesystem: str, kept: bool) -> None:
    bench = of_file(filesystem, dirty=True)
    pfn = bench.pfn("@it")
    bench.do("poison", frame="@it")
    assert (bench.m.inode_of(pfn) is not None) is kept
    assert ("DIRTY" in bench.flags(pfn)) is kept
    assert not bench.flags(pfn) & {"LRU", "ACTIVE", "UNEVICTABLE", "LOCKED"}


def test_a_reference_of_somebody_else_fails() -> None:
    bench = of_file("ext4", dirty=True)
    bench.do("pin", frame="@it")
    outcome = bench.do("poison", frame="@it")
    assert outcome.result == "Failed"
    assert any(line.endswith("dirty LRU page still referenced by 1 users") for line in outcome.log)


def test_an_anonymous_page_may_be_held() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("pin", frame="a:m+0")
    assert bench.do("poison", frame="a:m+0").result == "Recovered"


@pytest.mark.parametrize("written, kind, result", ((False, "clean", "Recovered"), (True, "dirty", "Delayed")))
def test_the_swap_cache(written: bool, kind: str, result: str) -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("read", task="a", at="m+0")
    if written:
        bench.do("write", task="a", at="m+0", value="B")
    outcome = bench.do("poison", frame="a:m+0")
    assert (outcome.kind, outcome.result, outcome.errno) == (f"{kind} swapcache page", result, 0)
    again = bench.do("read", task="a", at="m+0")
    assert again.value == (None if written else "A")
