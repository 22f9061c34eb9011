"""Outline of file I/O after a page was lost: fsync, read and write; and of an injector that refuses."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fs
from hwpoison_gui.kernel.hwpoison_inject import FILTERED, NO_PAGE, NOT_HIT
from hwpoison_gui.view.outline.part import NO_STEP, Part, Way

FSYNC: Final = (
    Part("Write dirty pages back", "filemap_fdatawrite", signs=(fs.WRITTEN_BACK,), quiet=True),
    Part(
        "Is there an error that was not reported here yet?",
        "vfs_fsync",
        (
            Way(fs.ERROR_REPORTED, "Yes: EIO, once. The next call returns 0."),
            Way(fs.NO_ERROR, "No: 0."),
        ),
        teach="In 2.6.32 there is one flag per mapping: the first fsync() clears it. Later each open"
        " file reports each error once.",
    ),
)

READ: Final = (
    Part(
        "Is the content of the page still there?",
        "generic_file_aio_read",
        (
            Way((fs.LOST, fs.HUGETLB_LOST), "No: EIO, no signal."),
            Way((fs.READ, fs.HUGETLB_READ), "Yes: it is read through the page cache."),
        ),
        teach="A dirty page that was dropped is read from disk again; nothing reports the lost write.",
    ),
)

WRITE: Final = (
    Part(
        "Can the page be written?",
        "generic_file_aio_write",
        (
            Way(fs.NOT_WRITTEN, "No, it is poisoned: EIO, no signal."),
            Way(fs.NO_WRITE, "No: its file system has no write()."),
            Way(fs.WRITTEN, "Yes: the page in the page cache is dirty now."),
        ),
    ),
)

# Where the injector refuses a page, memory_failure() is not called.
REFUSED: Final = (
    Part(
        "Is there memory at the frame number?",
        "hwpoison_inject",
        (
            Way(NO_PAGE, "No. −ENXIO, memory_failure() is not called."),
            Way(NO_STEP, "Yes."),
        ),
    ),
    Part(
        "Is it on an LRU list, of hugetlb, or in a free block?",
        "hwpoison_inject",
        (
            Way(NOT_HIT, "No: with the filters on, other pages are spared. 0, memory_failure() is not called."),
            Way(NO_STEP, "Yes: the filters are asked."),
        ),
    ),
    Part(
        "Does a filter protect it?",
        "hwpoison_filter",
        (Way(FILTERED, "Yes. 0, memory_failure() is not called."),),
    ),
)
