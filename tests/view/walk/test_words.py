"""What the reverse map says of frames without users, and of frames that have become something else."""

from __future__ import annotations

from hwpoison_gui import resources
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap
from hwpoison_gui.view.walk.layout import rows_of
from hwpoison_gui.view.walk.news import news_of
from hwpoison_gui.view.walk.state import WalkState, map_for, state_of
from hwpoison_gui.view.walk.words import box_words, box_words_of, map_words, mapping_words, no_users_words
from tests.workbench import do


def seen(session: Session, pfn: int) -> tuple[ReverseMap, WalkState]:
    graph = map_for(session, pfn)
    assert graph is not None
    return graph, state_of(session, graph)


def said(session: Session, pfn: int) -> str:
    graph, state = seen(session, pfn)
    rows = rows_of(graph)
    return map_words(graph, rows, state, lambda number: news_of(rows[number], state))


def test_a_page_that_was_cut_out_of_the_page_cache_is_not_said_to_be_in_it() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/srv/data", pages=2)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/srv/data", fd="f")
    do(session, "pwrite", task="a", fd="f", page=0, value="x")
    pfn = session.resolve_frame("/srv/data@0")
    do(session, "check")
    assert "In the page cache, but no process has mapped this page." in said(session, pfn)
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert "hardware poison, was file" in said(session, pfn) and "removed from the page cache" in said(session, pfn)


def test_a_page_that_is_brought_in_shows_what_it_is_now() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/srv/data", pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/srv/data", shared=True)
    do(session, "read", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    graph, state = seen(session, pfn)
    assert [mapper.task for mapper in graph.mappers] == ["a:101"] and state.kind.key == "file"
    operation = session.operations[-1]
    session.seek(operation.first + 1)
    graph, state = seen(session, -1)
    assert graph.pfn == pfn and len(graph.mappers) == session.machine.mapcount.get(pfn), "at its first step as well"


def test_an_unpoisoned_frame_is_what_it_is_now() -> None:
    session = Session.fresh(4096, profile="6.1")
    pfn = session.resolve_frame("any:free")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    _, state = seen(session, pfn)
    assert state.kind.key == "free" and "Free: no process uses it." in said(session, pfn)


def test_a_frame_that_goes_free_by_a_per_cpu_list_is_said_to_be_free() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    frame = f"pfn:{session.resolve_frame('a:m+0'):#x}"
    do(session, "soft_offline", frame=frame)
    do(session, "unpoison", frame=frame)
    assert "Free, on a per-CPU list" in said(session, session.resolve_frame(frame))


def test_pages_without_users_say_why() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "check")
    assert "No process maps it." in said(session, session.resolve_frame("any:slab"))
    assert "No process maps it." in said(session, session.resolve_frame("any:pgtable"))
    reserved = said(session, session.resolve_frame("any:reserved"))  # remap_pfn_range(), vm_insert_page()
    assert "the kernel cannot find who maps it" in reserved and "No process" not in reserved
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    do(session, "pin", frame=f"pfn:{pfn:#x}")
    do(session, "exit", task="a")
    do(session, "check")
    assert "No process maps it." not in said(session, pfn)


def test_the_box_of_a_mapping_has_its_name_large_and_the_rest_below() -> None:
    assert box_words(Mapping("file", "/usr/lib/libc.so.6", "page 3", "/usr/lib/libc.so.6")) == ("libc.so.6", "page 3")
    assert box_words(Mapping("anon", "anon_vma 7", "3 VMAs", "7")) == ("anon_vma", "7: 3 VMAs")
    assert box_words(Mapping("none", "no mapping")) == ("no mapping", "")


def test_a_page_that_is_mapped_without_a_reverse_map_is_not_said_to_be_unmapped() -> None:
    """The vdso of the recorded server: a reserved frame in 51 page tables, with no file and no anon_vma."""
    session = open_file(resources.path("machines/server.npz")).session
    graph, state = seen(session, 0x2416)
    assert not graph.mappers
    assert no_users_words(state) == "51 PTEs map it, but no reverse map leads to them."


def test_the_mapping_is_that_of_the_same_moment() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/srv/data", pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/srv/data", shared=True)
    do(session, "read", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    assert box_words_of(*seen(session, pfn)) == ("data", "page 0 on ext4", False)
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert box_words_of(*seen(session, pfn)) == ("data", "page->mapping is 0 now", True)
    assert "was /srv/data: page->mapping is 0 now" in said(session, pfn)
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    graph, state = seen(session, pfn)
    assert not graph.mappers, "the frame was given back: its former users are no users of it"
    assert mapping_words(graph, state)[0] == "none" and state.kind.name == "free (per-CPU list)"


def test_a_hwpoison_entry_outlives_the_poison() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    graph, state = seen(session, pfn)
    assert [state.entries[mapper.vma] for mapper in graph.mappers] == ["hwpoison"]
    assert graph.mapping.kind == "none" == state.mapping.kind


def test_a_broken_frame_is_still_said_to_have_held_what_it_held() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    pfn = session.resolve_frame("a:m+0")
    do(session, "pin", frame=f"pfn:{pfn:#x}")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "task", name="b")
    assert "hardware poison, was anonymous" in said(session, pfn), "after another operation"
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    assert session.operations[-1].outcome.errno and "hardware poison, was anonymous" in said(session, pfn)


def test_a_frame_whose_page_was_migrated_says_where_it_went_and_how_many_mapped_it() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/srv/data", pages=2)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=2, file="/srv/data", shared=True)
        do(session, "read", task=name, at="m+0")
    pfn = session.resolve_frame("a:m+0")
    do(session, "soft_offline", frame=f"pfn:{pfn:#x}")
    new = session.resolve_frame("a:m+0")
    do(session, "sysctl", name="memory_failure_early_kill", value=1)  # the frame is shown for itself then
    words = f"Its page was migrated to frame {new:#x}; the 2 PTEs that mapped it were changed to map that frame."
    assert said(session, pfn).endswith(words)
    session.seek(session.operations[-2].first)
    assert "migrated" not in said(session, pfn), "not before it happened"


def test_a_frame_whose_users_are_gone_is_not_said_to_have_had_none() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/srv/data", pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/srv/data", shared=True)
    do(session, "read", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "munmap", task="a", at="m+0")
    assert said(session, pfn).endswith("It was removed from the page cache; the 1 PTE that mapped it was unmapped.")


def test_a_page_that_was_removed_from_the_swap_cache_is_not_said_to_be_in_it() -> None:
    state = WalkState(poisoned=True, kind=kinds.KINDS[kinds.SWAP_CACHE])
    assert no_users_words(state) == "It was removed from the swap cache; no process had mapped this page."
    state.cached = True
    assert no_users_words(state) == "In the swap cache; no page table maps it."
