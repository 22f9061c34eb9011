"""Entry of the glossary for one term."""

from __future__ import annotations

from hwpoison_gui.record import Record


class Term(Record):
    """`text`: one or two sentences. `read`: files, functions and documents to read on, the kernel's unless it says so.

    `forms`: other spellings and words that mean it; plurals with an s are found without being named.
    """

    name: str
    text: str
    read: tuple[str, ...]
    forms: tuple[str, ...] = ()
