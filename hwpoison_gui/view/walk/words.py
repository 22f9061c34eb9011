"""The reverse map as text, for tooltips, the clipboard and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.rmap.compound import kind_words
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap
from hwpoison_gui.view.walk.entries import ENTRY_WORDS
from hwpoison_gui.view.walk.layout import Row
from hwpoison_gui.view.walk.news import RowNews
from hwpoison_gui.view.walk.state import Standing, WalkState
from hwpoison_gui.view.words.words import counted

# Flags that the handler asks for or changes, in words for an audience; what the kind says is left out.
_FLAG_WORDS: Final = (
    ("LOCKED", "locked"),
    ("WRITEBACK", "write-back"),
    ("DIRTY", "dirty"),
    ("MLOCKED", "mlocked"),
    ("MMAP", "mapped"),
    ("LRU", "on the LRU"),
    ("RESERVED", "reserved"),
)
# Tips of the columns of the reverse map, and of the gap where the entries stand.
HEAD_TIPS: Final = {
    "frame": "Frame: the page frame whose users are looked for.",
    "mapping": "Mapping: what page->mapping refers to, the anon_vma of anonymous memory or the file of a cached page.",
    "pte": "PTEs: the page-table entry at the address where each VMA would map the frame.",
    "vma": "VMAs: the virtual memory areas that could map the frame, as the reverse map lists them.",
    "task": "Tasks: the processes that own these address spaces.",
}
# remap_pfn_range() and vm_insert_page() map such frames, and nothing leads back to who asked for it.
NO_REVERSE_MAP: Final = "No reverse map: the kernel cannot find who maps it, if anybody does."
_NO_USERS: Final = {
    kinds.FREE: "Free: no process uses it.",
    kinds.HOLE: "No memory here.",
    kinds.FILE: "In the page cache, but no process has mapped this page.",
    kinds.SHMEM: "In the page cache, but no process has mapped this page.",
    kinds.SWAP_CACHE: "In the swap cache; no page table maps it.",
    kinds.ANON: "No page table maps it any more.",
    kinds.HUGE: "Part of a huge page that no process has mapped.",
    kinds.RESERVED: NO_REVERSE_MAP,
    kinds.KERNEL: NO_REVERSE_MAP,
}
_UNKNOWN: Final = "It is mapped; by which processes is not known, as {}."
_OTHERS_UNKNOWN: Final = "Others map it; by which processes is not known, as {}."
_PER_CPU: Final = "Free, on a per-CPU list: no process uses it."
_NOT_ANY_MORE: Final = "page->mapping is 0 now"
_CACHES: Final = {kinds.FILE: "page cache", kinds.SHMEM: "page cache", kinds.SWAP_CACHE: "swap cache"}
_NEVER_MAPPED: Final = "no process had mapped this page"


def flag_words(letters: str) -> str:
    """The flags among these letters that say how far the handler is: `UlMab` is `mapped, on the LRU`."""
    return ", ".join(words for name, words in _FLAG_WORDS if page_flags.BY_NAME[name].letter in letters)


def mapping_words(graph: ReverseMap, state: WalkState) -> tuple[str, str]:
    """Title and detail of the mapping now, or of the one that page->mapping referred to before."""
    if _is_cut(graph, state):
        return f"was {graph.mapping.title}", _NOT_ANY_MORE
    mapping = state.mapping or graph.mapping
    return mapping.title, mapping.detail


def _is_cut(graph: ReverseMap, state: WalkState) -> bool:
    return state.mapping is not None and state.mapping.kind == "none" != graph.mapping.kind


def box_words_of(graph: ReverseMap, state: WalkState) -> tuple[str, str, bool]:
    """Heading and small print of the box of the mapping, and whether page->mapping no longer refers to it."""
    if _is_cut(graph, state):
        return box_words(graph.mapping)[0], _NOT_ANY_MORE, True
    head, detail = box_words(state.mapping or graph.mapping)
    others = "; others map it, not known which" if state.unknown and graph.mappers else ""
    return head, f"{detail}{others}", False


def line_words_of(graph: ReverseMap, state: WalkState) -> tuple[str, bool]:
    """The mapping in one line of the frame's box, as box_words_of(), where there is no room for a box of its own."""
    head, _, is_cut = box_words_of(graph, state)
    mapping = graph.mapping if is_cut else state.mapping or graph.mapping
    if mapping.kind == "none":
        return "no mapping", is_cut
    return mapping.title if mapping.kind == "anon" else head, is_cut


def box_words(mapping: Mapping) -> tuple[str, str]:
    """Heading and small print of the box of a mapping."""
    if mapping.kind == "file":
        return mapping.name.rpartition("/")[2] or mapping.name, mapping.detail
    if mapping.kind == "anon":
        return "anon_vma", f"{mapping.name}: {mapping.detail}"
    return mapping.title, mapping.detail


def no_users_words(state: WalkState) -> str:
    """Why a frame has no users."""
    if state.per_cpu:
        return _PER_CPU
    if state.unknown:
        return _UNKNOWN.format(state.unknown)
    if state.mapped:
        said = counted(state.mapped, "PTE maps", "PTEs map")
        return f"{said} it, but no reverse map leads to {'it' if state.mapped == 1 else 'them'}."
    ptes = counted(state.departed.ptes, "PTE that mapped it was", "PTEs that mapped it were")
    if state.departed.to >= 0:
        rest = f"the {ptes} changed to map that frame" if state.departed.ptes else _NEVER_MAPPED
        return f"Its page was migrated to frame {state.departed.to:#x}; {rest}."
    if state.kind.id in _CACHES and not state.cached:
        rest = f"the {ptes} unmapped" if state.departed.ptes else _NEVER_MAPPED
        return f"It was removed from the {_CACHES[state.kind.id]}; {rest}."
    return _NO_USERS.get(state.kind.id, "No process maps it.")


def row_words(row: Row, state: WalkState, news: RowNews) -> list[str]:
    """The lines of a row, the most important one first."""
    if row.is_group:
        hit = "".join(f", {words}" for words in news.of_tasks())
        ptes = _entry_words(news.entry, "PTEs")
        return [
            f"{row.label}: {counted(news.vmas, 'VMA')} of {counted(news.tasks, 'task')}{hit}",
            f"{ptes}; visited {news.visited:,}, skipped {news.skipped:,}, unmapped {news.unmapped:,}",
        ]
    mapper = row.mappers[0]
    standing = state.standings.get(mapper.tgid, Standing("alive"))
    skipped = state.skipped.get(mapper.vma)
    end = IMPACTS[state.ends[mapper.tgid]].clause if mapper.tgid in state.ends else ""
    lines = [
        f"{mapper.task}  {standing.text or end or standing.kind}",
        f"{mapper.name} at {mapper.vpn << PAGE_SHIFT:#x}, {mapper.rights}",
        _entry_words(state.entries.get(mapper.vma, "none")),
    ]
    return [*lines, skipped.why] if skipped else lines


def _entry_words(entry: str, noun: str = "PTE") -> str:
    return f"{noun}: {ENTRY_WORDS[entry].brief}"


def map_words(
    graph: ReverseMap, rows: Sequence[Row], state: WalkState, news: Callable[[int], RowNews], most: int | None = None
) -> str:
    """A line for the frame and one for each row; of long maps, the first `most` rows."""
    title, detail = mapping_words(graph, state)
    frame = f"{graph.pfn:#x} {kind_words(state.poisoned, state.kind)}, {title}"
    lines = [f"{frame}: {detail}" if detail else frame]
    lines += ["; ".join(row_words(row, state, news(number))) for number, row in enumerate(rows[:most])]
    if most is not None and len(rows) > most:
        lines.append(f"and {len(rows) - most:,} more")
    if rows and state.unknown:
        lines.append(_OTHERS_UNKNOWN.format(state.unknown))
    return "\n".join(lines if rows else [*lines, no_users_words(state)])
