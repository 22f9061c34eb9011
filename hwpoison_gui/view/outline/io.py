"""What a file says of a lost page, in our words: fsync, read and write; and an injector that refuses."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fs
from hwpoison_gui.kernel.hwpoison_inject import NO_PAGE
from hwpoison_gui.view.outline.part import Part, Way

FSYNC: Final = (
    Part("Write what is dirty", "filemap_fdatawrite", signs=(fs.WRITTEN_BACK,), quiet=True),
    Part(
        "Is there an error that was not told here yet?",
        "vfs_fsync",
        (
            Way(fs.ERROR_REPORTED, "Yes: EIO, once. The next call says that all is well."),
            Way(fs.NO_ERROR, "No: 0."),
        ),
        teach="In 2009 there is one mark for each file: whoever asks first takes it along. Later each open"
        " descriptor is told of each error once.",
    ),
)

READ: Final = (
    Part(
        "Is the content of the page still there?",
        "generic_file_aio_read",
        (
            Way((fs.LOST, fs.HUGETLB_LOST), "No: EIO. Nobody is signalled."),
            Way((fs.READ, fs.HUGETLB_READ), "Yes: it is read through the page cache."),
        ),
        teach="A dirty page that was dropped is read from disk again, without a word about its last write.",
    ),
)

WRITE: Final = (
    Part(
        "Can the page be written?",
        "generic_file_aio_write",
        (
            Way(fs.NOT_WRITTEN, "No, it is poisoned: EIO. Nobody is signalled."),
            Way(fs.NO_WRITE, "No: its file system has no write()."),
            Way(fs.WRITTEN, "Yes: the page cache has it, DIRTY."),
        ),
    ),
)

REFUSED: Final = (
    Part(
        "Is there memory behind the number?",
        "hwpoison_inject",
        (Way(NO_PAGE, "No: the injector refuses. −ENXIO, and the handler never hears of it."),),
    ),
)
