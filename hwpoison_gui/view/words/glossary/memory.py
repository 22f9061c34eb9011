"""Terms of physical memory: frames, pages, allocators, page cache and swap."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.words.glossary.term import Term

_CONCEPTS: Final = "Documentation/admin-guide/mm/concepts.rst"
_PAGEMAP: Final = "Documentation/admin-guide/mm/pagemap.rst"
_MM_TYPES: Final = "include/linux/mm_types.h: struct page"
_HUGETLB: Final = "Documentation/admin-guide/mm/hugetlbpage.rst"
_THP: Final = "Documentation/admin-guide/mm/transhuge.rst"
_ALLOC: Final = "mm/page_alloc.c"
_ZONES: Final = ("Documentation/mm/physical_memory.rst", "include/linux/mmzone.h: enum zone_type")

TERMS: Final = (
    Term(
        "frame",
        "A piece of physical memory of 4 KiB, aligned to 4 KiB: the unit that breaks, and that the kernel takes "
        "out of use.",
        (_CONCEPTS, _MM_TYPES),
        ("page frame",),
    ),
    Term(
        "pfn",
        "Page frame number: the physical address divided by 4096. It is written in hexadecimal here.",
        (_PAGEMAP, "include/linux/pfn.h"),
        ("page frame number", "frame number"),
    ),
    Term(
        "physical address",
        "Where a byte lies in the machine’s memory, as the processor’s memory controller counts. Processes use "
        "virtual addresses, which page tables translate to it.",
        (_CONCEPTS,),
    ),
    Term(
        "KiB",
        "1024 bytes; a MiB are 1024 KiB, a GiB are 1024 MiB. A frame has 4 KiB, a huge page of x86 2 MiB.",
        ("man 7 units",),
        ("kB", "MiB", "GiB", "TiB"),
    ),
    Term(
        "page",
        "The content of a frame, and what the kernel keeps about it in a struct page: flags, counts, and whom it "
        "belongs to.",
        (_MM_TYPES, _CONCEPTS),
        ("struct page",),
    ),
    Term(
        "page flag",
        "One bit of a page’s state, such as PG_dirty. The handler decides what to do with a page by its flags; "
        "/proc/kpageflags exports them.",
        ("include/linux/page-flags.h", _PAGEMAP),
        ("flag", "flag word", "kpageflags"),
    ),
    Term(
        "refcount",
        "The number of users that hold on to a page: its page tables, the page cache, a device that does I/O on "
        "it. At 0 the page is free.",
        ("include/linux/page_ref.h", f"{_MM_TYPES}, _refcount"),
        ("_refcount", "reference count", "references", "reference", "Refs", "get_page", "put_page"),
    ),
    Term(
        "mapcount",
        "The number of page-table entries that map a page. All of them have to be found and cleared before a "
        "broken page is out of use.",
        ("include/linux/mm.h: page_mapcount()", _PAGEMAP),
        ("_mapcount", "Mappings", "Maps"),
    ),
    Term(
        "pin",
        "A reference that something outside the page tables holds, such as direct I/O or RDMA. A page with one "
        "can be unmapped, but not dropped, migrated or split.",
        ("mm/gup.c: pin_user_pages()", "Documentation/core-api/pin_user_pages.rst"),
        ("pinned", "unpin", "unpinned"),
    ),
    Term(
        "zone", "A range of frames with the same use in the allocator, such as DMA32: the memory below 4 GiB.", _ZONES
    ),
    Term("DMA", "The zone of the first 16 MiB, for devices that can reach no more.", _ZONES),
    Term("DMA32", "The zone of the memory below 4 GiB, for devices with 32-bit addresses.", _ZONES),
    Term("HighMem", "On 32-bit machines, memory that the kernel has no permanent mapping of.", _ZONES),
    Term(
        "node",
        "The memory that is next to one group of processors. A machine with several nodes is a NUMA machine.",
        ("Documentation/mm/numa.rst", _ZONES[0]),
        ("NUMA",),
    ),
    Term(
        "hole",
        "A range of frame numbers without memory behind it, as where devices have their addresses.",
        (_PAGEMAP, "include/linux/mmzone.h: pfn_valid()"),
        ("no page",),
    ),
    Term(
        "reserved",
        "Memory that was never given to the allocator: the kernel’s own image, tables of the firmware, a "
        "balloon’s pages. The handler cannot do anything with it.",
        ("include/linux/page-flags.h: PG_reserved",),
        ("RESERVED", "balloon"),
    ),
    Term(
        "buddy allocator",
        "The allocator of whole frames. It keeps free memory in blocks of 1, 2, 4 … frames and joins a freed "
        "block with its neighbour, its buddy, where that is free too.",
        (f"{_ALLOC}: __free_one_page()", "Documentation/mm/page_allocation.rst"),
        ("buddy", "free list", "free lists", "buddy lists", "allocator", "free block", "PageBuddy"),
    ),
    Term(
        "order",
        "The size of a block of frames as a power of two: order 0 is one frame, order 9 are 512 frames or 2 MiB.",
        (f"{_ALLOC}: __alloc_pages()",),
        ("high order kernel", "high order", "high-order"),
    ),
    Term(
        "per-CPU list",
        "A few free frames that each processor keeps for itself, so that most allocations need no lock. They are "
        "drained where a frame has to be found among the free ones.",
        (f"{_ALLOC}: drain_all_pages()", "include/linux/mmzone.h: struct per_cpu_pages"),
        ("per-CPU cache", "per-CPU LRU cache", "per-CPU", "CPU", "drained", "drain"),
    ),
    Term(
        "slab",
        "The allocator of the kernel’s own small objects, such as inodes. Nothing finds all pointers to an "
        "object, so a broken slab page cannot be taken away.",
        ("mm/slub.c", "Documentation/mm/slub.rst"),
        ("slab allocator", "SLAB"),
    ),
    Term(
        "compound page",
        "Several frames in a row that are one page, as a huge page is. The first one is the head, the others are "
        "its tails.",
        ("include/linux/page-flags.h: PageCompound()", "mm/page_alloc.c: prep_compound_page()"),
        ("compound",),
    ),
    Term(
        "folio",
        "A page of memory as the kernel handles it: one frame, or a compound page of 2, 4, 8 … frames as a whole. "
        "Flags, references and the place in a file are the folio’s; each frame has its own count of mappings.",
        ("include/linux/mm_types.h: struct folio", "Documentation/mm/page_cache.rst"),
        ("folios",),
    ),
    Term(
        "large folio",
        "A folio of several frames, up to 2 MiB. Anonymous memory has them since 6.8, and the page cache where the "
        "file system can: ext4 since 6.16. An error in one of its frames has the handler split it first; what cannot "
        "be split, because it is dirty on ext4 or somebody holds a reference, stays in use with the bad frame in it.",
        ("mm/huge_memory.c: split_huge_page_to_list()", "mm/readahead.c: page_cache_ra_order()"),
        ("large folios",),
    ),
    Term(
        "mTHP",
        "Multi-size THP: anonymous memory in folios between 4 KiB and 2 MiB, each page mapped by a PTE of its own. "
        "Each size is switched on in /sys/kernel/mm/transparent_hugepage/hugepages-*/enabled.",
        (_THP, "mm/memory.c: alloc_anon_folio()"),
        ("multi-size THP",),
    ),
    Term(
        "head",
        "The first frame of a compound page. It holds the flags and the counts of the whole.",
        ("include/linux/page-flags.h: compound_head()",),
        ("compound head", "head page", "COMPOUND_HEAD", "PG_head"),
    ),
    Term(
        "tail",
        "A frame of a compound page after the first. Its struct page refers to the head.",
        ("include/linux/page-flags.h: PageTail()",),
        ("tail page", "COMPOUND_TAIL", "PG_tail"),
    ),
    Term(
        "huge page",
        "2 MiB or more of memory that one entry of a page table maps: a hugetlb page or a transparent huge page. "
        "An error in one of its 512 frames may cost all of it.",
        (_HUGETLB, _THP),
        ("huge", "huge entry", "PMD", "small page"),
    ),
    Term(
        "hugetlb",
        "Huge pages that the administrator sets aside in a pool, and that processes map from hugetlbfs or with "
        "MAP_HUGETLB. They are never split while in use; the handler takes the whole page.",
        (_HUGETLB, "mm/hugetlb.c"),
        ("hugetlb page", "hugetlbfs", "hugetlb pool", "HUGE"),
    ),
    Term(
        "pool",
        "The huge pages set aside for hugetlb: vm.nr_hugepages, of which some are free and some reserved for "
        "mappings that have not touched them yet.",
        (_HUGETLB, "mm/hugetlb.c: hstate"),
        ("nr_hugepages", "pool of huge pages", "spare page", "HPAGE_RESV_UNMAPPED", "surplus"),
    ),
    Term(
        "dissolve",
        "To turn a free hugetlb page back into 512 free frames. The bad one of them is then kept from the "
        "allocator, and 511 are saved.",
        ("mm/hugetlb.c: dissolve_free_huge_page()",),
        ("dissolved",),
    ),
    Term(
        "THP",
        "Transparent huge page: 2 MiB that the kernel gives a process on its own, where an aligned range allows "
        "it. It can be split into 512 pages again.",
        (_THP, "mm/huge_memory.c"),
        ("transparent huge page", "thp"),
    ),
    Term(
        "split",
        "To turn a large folio, such as a transparent huge page, into single pages with flags and counts of their "
        "own. It fails while somebody else holds a reference, or a file system does not release the buffers.",
        ("mm/huge_memory.c: split_huge_page_to_list()", "Documentation/mm/transhuge.rst"),
    ),
    Term(
        "huge zero page",
        "One huge page of zeros that all processes map until they write. It is shared by all, so it is never "
        "split or poisoned.",
        ("mm/huge_memory.c: huge_zero_page", _THP),
    ),
    Term(
        "zero page",
        "One frame of zeros that is mapped where anonymous memory is read before it is written.",
        ("mm/memory.c: do_anonymous_page()", "include/linux/pgtable.h: is_zero_pfn()"),
        ("ZERO_PAGE",),
    ),
    Term(
        "page table",
        "The tables by which the processor translates the virtual addresses of a process. They are memory of the "
        "kernel: a broken one cannot be recovered.",
        ("Documentation/mm/page_tables.rst", "arch/x86/include/asm/pgtable_types.h"),
        ("PGTABLE",),
    ),
    Term(
        "LRU",
        "Least recently used: lists of all pages that can be reclaimed, active and inactive, of files and "
        "anonymous. Only pages of processes and files are on one; the handler asks for PG_lru to know them.",
        ("mm/swap.c", "mm/vmscan.c", "Documentation/mm/multigen_lru.rst"),
        ("LRU list", "LRU page", "non LRU", "PG_lru"),
    ),
    Term(
        "active list",
        "The LRU list of pages that were used more than once; reclaim takes pages from the inactive list first.",
        ("mm/vmscan.c: shrink_active_list()",),
        ("active", "inactive"),
    ),
    Term(
        "unevictable",
        "On the LRU list of pages that reclaim must leave alone: mlocked ones, or those of ramfs.",
        ("Documentation/mm/unevictable-lru.rst",),
        ("UNEVICTABLE", "unevictable LRU"),
    ),
    Term(
        "mlock",
        "A process locks its memory: it stays resident and is not swapped out. It does not protect from an error; "
        "the handler unmaps it like any other.",
        ("mm/mlock.c", "Documentation/mm/unevictable-lru.rst", "man 2 mlock"),
        ("mlocked", "locked into memory", "PG_mlocked", "MLOCKED"),
    ),
    Term(
        "reclaim",
        "To free memory: clean pages of files are dropped, dirty ones are written, anonymous ones go to swap.",
        ("mm/vmscan.c: shrink_page_list(), shrink_folio_list()",),
        ("reclaimed",),
    ),
    Term(
        "migrate",
        "To copy a page to another frame and change all page tables over; processes do not notice. Soft offline "
        "does it.",
        ("mm/migrate.c: migrate_pages()", "Documentation/mm/page_migration.rst"),
        ("migrated", "migration"),
    ),
    Term(
        "KSM",
        "Kernel samepage merging: pages with the same content, of whatever processes, are merged into one "
        "read-only frame. One error then hits all of them, and page->index does not lead to their addresses.",
        ("mm/ksm.c", "Documentation/mm/ksm.rst", "Documentation/admin-guide/mm/ksm.rst"),
        ("KSM page", "merged", "KSM stable node", "stable node", "stable tree"),
    ),
    Term(
        "swap",
        "A disk or file that holds anonymous memory which was pushed out of physical memory.",
        ("mm/swapfile.c", _CONCEPTS),
    ),
    Term(
        "swap entry",
        "In a page table, the place in swap where the page lies: it stands where the PTE was.",
        ("include/linux/swapops.h", "mm/memory.c: do_swap_page()"),
        ("slot",),
    ),
    Term(
        "swap cache",
        "Anonymous pages that have a place in swap and are in memory as well. While the page is clean, swap has a "
        "good copy and an error costs nothing.",
        ("mm/swap_state.c",),
        ("PG_swapcache", "SWAPCACHE"),
    ),
    Term(
        "page cache",
        "Pages of files in memory: what was read is kept, what was written waits here for write-back. A clean "
        "page can be dropped and read again.",
        ("mm/filemap.c", _CONCEPTS),
        ("cached", "Cached", "file (page cache)"),
    ),
    Term(
        "anonymous memory",
        "Memory of processes that belongs to no file: heap, stack, private mappings that were written. Without a "
        "place in swap there is no second copy.",
        ("mm/memory.c: do_anonymous_page()", _CONCEPTS),
        ("anonymous", "anon", "ANON", "private memory"),
    ),
    Term(
        "tmpfs",
        "A file system whose files lie in memory, and in swap if need be: /tmp, System V shared memory, shared "
        "anonymous mappings. There is no disk to read a lost page from.",
        ("mm/shmem.c", "Documentation/filesystems/tmpfs.rst"),
        ("shared memory", "shmem", "System V", "shared memory (tmpfs)"),
    ),
    Term(
        "clean",
        "The same as the copy on disk or in swap: if the page is lost, it can be read again.",
        ("include/linux/page-flags.h: PG_dirty",),
    ),
    Term(
        "dirty",
        "Newer than the copy on disk or in swap: if the page is lost, what was written last is lost.",
        ("include/linux/page-flags.h: PG_dirty", "mm/page-writeback.c"),
        ("PG_dirty", "DIRTY", "Dirty"),
    ),
    Term(
        "writeback",
        "The page is being written to disk or swap now. The handler waits until that ends.",
        ("mm/page-writeback.c: folio_wait_writeback()",),
        ("write-back", "written back", "PG_writeback", "WRITEBACK"),
    ),
    Term(
        "PG_locked",
        "The page lock: one thread works on the page, others wait. It excludes truncation, write-back and faults "
        "while the handler works.",
        ("mm/filemap.c: __folio_lock()",),
        ("page lock", "locked", "LOCKED", "unlocked"),
    ),
    Term(
        "truncate",
        "To shorten a file: the pages past its new end leave the page cache. A page that was truncated has no "
        "mapping and needs nothing more.",
        ("mm/truncate.c",),
        ("truncated", "truncation", "already truncated LRU", "already truncated LRU page"),
    ),
    Term(
        "invalidate",
        "To drop a clean page from the page cache; it fails if the page is dirty, mapped or held.",
        ("mm/truncate.c: invalidate_inode_page()",),
        ("invalidated",),
    ),
    Term(
        "offline",
        "Memory that is present, but logically taken out of use, as by memory hotplug or a balloon.",
        ("mm/memory_hotplug.c", "include/linux/page-flags.h: PageOffline()"),
        ("OFFLINE",),
    ),
)
