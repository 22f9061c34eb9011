"""Description of a loss: by the effect of the action that was taken, and what the page was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import ZERO, can
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmap import can_be_reached
from hwpoison_gui.kernel.profile.type import FAILED, RECOVERED
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, Inode
from hwpoison_gui.record import Record
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.naming import names, page_name, path_of
from hwpoison_gui.view.base.units import amount
from hwpoison_gui.view.words.words import counted

_USED: Final = {
    kinds.RESERVED: "a reserved page",
    kinds.FILE: "a page of a file",
    kinds.SWAP_CACHE: "a page of the swap cache",
    kinds.SHMEM: "a page of shared memory",
    kinds.ANON: "a page of anonymous memory",
    kinds.HUGE: "a huge page",
    kinds.KERNEL: "a page of the kernel’s own",
    kinds.SLAB: "a slab page",
    kinds.PGTABLE: "a page table",
}


class Page(Record):
    """A page before the error.

    `head`: the flag word of the first frame of its compound page. `number`: its index in the file. `owners`: names of
    the processes that had it. `free`: in the hands of an allocator. `dirty`: by its flag or by an entry. `on_disk`: the
    content that the disk had of it, ZERO where there is no file. `bare`: with neither flags nor references.
    """

    pfn: int
    word: int
    head: int
    inode: Inode | None
    number: int
    owners: tuple[str, ...]
    free: bool
    dirty: bool
    on_disk: str
    bare: bool = False

    @property
    def hwpoison_entry(self) -> int:
        """The hwpoison entry that replaces an entry for the page: of a hugetlb page a huge one, naming the head."""
        if self.word & pf.HUGE:
            return ptes.hwpoison_pte(self.pfn & -HPAGE_PMD_NR) | ptes.PSE
        return ptes.hwpoison_pte(self.pfn)

    @property
    def size(self) -> str:
        return "2 MiB" if self.word & pf.HUGE else "4 KiB"


class Lost(Record):
    """Description of a loss: a sentence that also says how it is reported, and `brief`, a clause of the summary.

    `gone`: whether content was lost. `in_use`: the page was left to its users, broken. `again`: it was broken before.
    """

    text: str
    brief: str = "nothing is lost"
    gone: bool = False
    in_use: bool = False
    again: bool = False

    @property
    def tone(self) -> str:
        """`good` where nothing is lost."""
        return "warn" if self.gone or self.in_use or self.again else "good"


def content_words(lost: int, huge: int) -> str:
    """Lost content (bytes), foretold or happened. Each of its `huge` hugetlb pages is lost whole, and counts once."""
    whole = f", {counted(huge, 'hugetlb page')} whole" if huge else ""
    return f"{amount(lost)}{whole}"


def lost_words(m: Machine, page: Page, result: str | None, effect: Effect | None, truncated: bool) -> Lost:
    """Describe the loss.

    `result`: of the result line, None without one. `effect`: of the action that the state table chose, None if the
    handler returned before it. `truncated`: whether it returned because the page was truncated meanwhile.
    """
    if effect is Effect.DROPS_FROM_SWAP_CACHE:
        return Lost("Nothing is lost: swap has a good copy.")
    if effect is Effect.KEEPS_IN_SWAP_CACHE:
        what = f"{page.size} that swap had not got yet"
        return Lost(
            f"Lost: {what}{_of(page.owners, ',')}; a process that swaps it in is signalled.", f"{what} is lost", True
        )
    if effect in (Effect.DROPS_DIRTY, Effect.DROPS, Effect.HUGE):
        return _of_file(m, page, page.inode, result, effect) if page.inode is not None else _of_memory(page)
    return _untouched(m, page, truncated, result)


def _of(owners: Sequence[str], comma: str = "") -> str:
    return f"{comma} of {names(owners)}" if owners else ""


def _of_memory(page: Page) -> Lost:
    what = f"{page.size} of anonymous memory"
    return Lost(f"Lost: {what}{_of(page.owners)}.", f"{what} is lost", True)


def _of_file(m: Machine, page: Page, inode: Inode, result: str | None, effect: Effect) -> Lost:
    """Return what is lost of a page of a file: its newest content, or nothing."""
    where = page_name(inode, content_name(inode), page.number)
    comma = "" if inode.is_unknown else ","  # ends the apposition
    held = _held(m, page, inode, result)
    noted = page.dirty if page.word & pf.HUGE else effect is Effect.DROPS_DIRTY
    if noted and can(inode, "writeback"):
        what = f"the last write to {where} ({page.size})"
        older = "a hole there" if page.on_disk == ZERO else "the older data"
        return Lost(f"Lost: {what}; {_told_by_fsync(m, inode)}; the disk has {older}{held}.", f"{what} is lost", True)
    if noted:
        what = f"{page.size} of {where}"
        return Lost(f"Lost: {what}; {_afterwards(m, inode)}{held}.", f"{what}, is lost", True)
    if not can(inode, "writeback"):
        return Lost(f"Nothing is lost: {where}{comma} was never written{held}.")
    if result == FAILED:
        return Lost(f"Nothing is lost: the disk has {where}{held}.")
    return Lost(f"Nothing is lost: {where}{comma} is read from disk again.")


def _told_by_fsync(m: Machine, inode: Inode) -> str:
    """Describe how a lost write is reported."""
    one_mark = not m.profile.has("errseq")
    once = "once" if one_mark else "once per open file"
    unseen = one_mark and not m.page_cache.of(inode.id)
    when = " (but nothing while no page of the file is cached)" if unseen else ""
    return f"fsync() returns EIO {once}{when}"


def _held(m: Machine, page: Page, inode: Inode, result: str | None) -> str:
    """Why the page was not dropped."""
    if result != FAILED:
        return ""
    if m.page_cache.of(inode.id).get(page.number) == page.pfn and not m.profile.files.keeps_poison(inode.filesystem):
        return "; the page could not be dropped from the page cache"
    return "; somebody still holds the broken page"


def content_name(inode: Inode) -> str:
    """Name of the file in a sentence about lost content."""
    return "anonymous shared memory" if inode.is_shared_anonymous else path_of(inode)


def _afterwards(m: Machine, inode: Inode) -> str:
    """Describe the fate of a page without a copy on disk: gone with its file, truncated, or kept poisoned."""
    if not can_be_reached(m, inode.id):
        return "it went with its last user: nobody can touch it now"
    if m.profile.files.keeps_poison(inode.filesystem):
        return "it stays there, poisoned: a process that touches it is signalled"
    opened = inode.can_be_opened and inode.filesystem not in m.profile.files.noop_fsync
    told = f"{_told_by_fsync(m, inode)}, and " if opened else ""
    return f"{told}a new mapping of it reads zeros"


def _untouched(m: Machine, page: Page, truncated: bool, result: str | None) -> Lost:
    """The handler returned before it did anything with the page."""
    if page.word & pf.HWPOISON or (page.head & pf.HUGE and page.head & pf.HWPOISON):
        return Lost("Nothing more is lost: it was broken before.", "nothing more is lost", again=True)
    if page.word & pf.NOPAGE:
        return Lost("Nothing is lost: there is no memory at this number.")
    if page.free and page.word & pf.HUGE and result != RECOVERED:
        return Lost("Nothing is lost yet: it was free, but it stays in the pool of huge pages.", "nothing is lost yet")
    if page.free:
        return Lost("Nothing is lost: the page was free, and the allocator will not hand it out again.")
    if truncated:
        return Lost("Nothing is lost: it was cut off its file before.")
    if page.bare:
        maybe = "it may be free on a per-CPU list, or part of a larger allocation"
        return Lost(f"Nothing is saved: a page with refcount 0 is left as it is; {maybe}.",
                    "a page with refcount 0 is left as it is", in_use=True)  # fmt: skip
    used = "a large folio" if page.word & pf.THP else _USED.get(kinds.kind_of(page.word), "it")
    freed = page.owners and not m.refcount.view[m.compound_head(page.pfn)]
    left = f"{used} was left in use, and freed when its users died" if freed else f"{used} stays in use, broken"
    if not freed and page.dirty and page.inode is not None and can(page.inode, "writeback"):
        left += ", and is written back as it is: fsync() reports no error"
    return Lost(f"Nothing is saved: {left}.", left, in_use=True)
