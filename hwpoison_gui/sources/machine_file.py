"""Reads memory from a file of any form: a snapshot, a recording of several files, or raw page flags."""

from __future__ import annotations

from pathlib import Path

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.sources.recognise import Form, Reader, form_of


def image_of(path: Path, hidden: bool | None = None) -> MemoryImage:
    """The memory in a snapshot, a recording or a raw file of page flags; any other file is refused by name.

    Parameters
    ----------
    hidden
        Of a recording: True requires NAME_hidden.npz, False ignores it, None uses it if it exists.

    Raises
    ------
    SourceError, OSError
    """
    return read_image(path, form_of(path), hidden)


def read_image(path: Path, form: Form, hidden: bool | None = None) -> MemoryImage:
    """Return the same as `image_of` for a file whose form is known."""
    if form.reader in (Reader.RECORDING, Reader.NOTES):
        from hwpoison_gui.sources.recording import open_recording

        return open_recording(path, hidden)
    if form.reader is Reader.RAW:
        from hwpoison_gui.sources.raw import open_raw

        return open_raw(path)
    raise form.refusal(path)


def parts_of(path: Path, form: Form) -> tuple[Path, ...]:
    """The files that hold the memory that `read_image` reads; of another file itself."""
    if form.reader not in (Reader.RECORDING, Reader.NOTES):
        return (path,)
    from hwpoison_gui.sources import recording

    return recording.parts_of(path)
