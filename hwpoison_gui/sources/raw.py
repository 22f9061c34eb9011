"""Opens a raw file of kpageflags words, 8 bytes per frame, as `page-types --kpageflags FILE` reads it.

It has the flags of each frame, but no processes and no mapping counts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwpoison_gui.kernel.image import MemoryImage
from hwpoison_gui.sources.assemble import Exported, assemble
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.frames import read_words

_NOTE = "A raw file of page flags has no processes and no counts: no process can be signalled."


def open_raw(path: Path | str) -> MemoryImage:
    """The image of a raw file. Raises SourceError."""
    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error
    words = read_words(path, size // 8)
    if not len(words):
        raise SourceError(path, "", "there are no frames in it")
    return assemble(
        Exported(
            title=path.name,
            kpageflags=words,
            kpagecount=np.zeros(len(words), np.uint64),
            pagemap_pid=np.empty(0, np.int64),
            pagemap_va=np.empty(0, np.uint64),
            pagemap_entry=np.empty(0, np.uint64),
            notes=(_NOTE,),
        )
    )
