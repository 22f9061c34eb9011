"""An address space page by page, whatever calls have split, moved, locked and protected: a plain table says the same.

After mm/mmap.c, mm/mremap.c, mm/mprotect.c and mm/mlock.c.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, PAGE_SIZE
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))
PAGES = 6


class Page(NamedTuple):
    """The page that a process has at an address."""

    prot: str = "rw"
    locked: bool = False
    value: str = "zero"


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("write", "write", "munmap", "mprotect", "mlock", "munlock", "dontneed", "mremap", "pageout")),
        st.integers(0, PAGES - 1),
        st.integers(1, 3),
        st.sampled_from(("rw", "r", "none")),
    ),
    max_size=25,
)


def gap(model: dict[int, Page], pages: range) -> int:
    """Return the number of pages of the range that are mapped before the first that is not."""
    return next((at for at, page in enumerate(pages) if page not in model), len(pages))


@both
@settings(max_examples=60)
@given(acts=ACTS)
def test_each_page_is_as_calls_have_left_it(profile: str, acts: list[tuple[str, int, int, str]]) -> None:
    """VMAs are split and moved; page by page a process has what a plain table says."""
    bench = Workbench(profile)
    bench.do("sigaction", task="a", sigsegv="handler")
    bench.area(pages=PAGES)
    m, mm = bench.m, bench.session.world.process("a").mm
    start = bench.session.resolve_address("a", "m+0")
    model = dict.fromkeys(range(PAGES), Page())
    for number, (act, first, count, prot) in enumerate(acts):
        pages = range(first, min(first + count, PAGES))
        where: dict[str, Any] = {"task": "a", "at": f"m+{first}", "pages": len(pages)}
        before = gap(model, pages)
        if act == "write":
            outcome = bench.do("write", task="a", at=f"m+{first}", value=f"v{number}")
            if first in model and model[first].prot == "rw":
                model[first] = model[first]._replace(value=f"v{number}")
            else:
                code = "SEGV_ACCERR" if first in model else "SEGV_MAPERR"
                assert [seen.code for seen in outcome.signals] == [code]
        elif act == "munmap":
            assert bench.do("munmap", **where).errno == 0
            model = {page: what for page, what in model.items() if page not in pages}
        elif act == "mprotect":
            assert bench.do("mprotect", **where, prot=prot).errno == (0 if before == len(pages) else "ENOMEM")
            model |= {page: model[page]._replace(prot=prot) for page in pages[:before]}
        elif act in ("mlock", "munlock"):
            errno = bench.do(act, **where).errno
            none = act == "mlock" and any(model[page].prot == "none" for page in pages[:before])
            assert errno == (0 if before == len(pages) and not none else "ENOMEM")
            model |= {page: model[page]._replace(locked=act == "mlock") for page in pages[:before]}
        elif act == "dontneed":
            errno = bench.do("madvise", **where, advice="dontneed").errno
            ok = next((page for page in pages if page in model and model[page].locked), None)
            gone = [page for page in pages if page in model and (ok is None or page < ok)]
            assert errno == ("EINVAL" if ok is not None else 0 if before == len(pages) else "ENOMEM")
            model |= {page: model[page]._replace(value="zero") for page in gone}
        elif act == "pageout":
            bench.do("madvise", **where, advice="pageout")
        elif act == "mremap" and before == len(pages):
            new = f"n{number}"
            bench.do("mremap", **where, name=new)
            assert [bench.session.pte_state("a", f"m+{page}") for page in pages] == ["none"] * len(pages)
            for at, page in enumerate(pages):
                what = model.pop(page)
                if what.prot != "none":
                    assert bench.do("read", task="a", at=f"{new}+{at}").value == what.value
        vmas = m.vmas_of(mm)
        assert all(a.end <= b.start for a, b in pairwise(vmas)), "VMAs do not overlap"
        for page in range(PAGES):
            vma = m.find_vma(mm, start + page * PAGE_SIZE)
            assert (vma is not None) is (page in model)
            if vma is not None:
                assert (vma.prot, vma.locked) == model[page][:2]
                assert vma.index_of(start + page * PAGE_SIZE) == (start >> PAGE_SHIFT & 0x7FFF_FFFF) + page
                entry = m.pte(mm, (start >> PAGE_SHIFT) + page)
                assert vma.prot == "rw" or not entry & ptes.PRESENT or not entry & ptes.RW
    for page, what in model.items():
        if what.prot != "none":
            assert bench.do("read", task="a", at=f"m+{page}").value == what.value
    invariants.check(m)
    bench.session.seek(0)
    bench.session.seek(len(bench.session.steps))
