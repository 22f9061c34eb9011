"""The exception for what is wrong with a geometry, a fault or a table of rates."""

from __future__ import annotations


class DramError(Exception):
    """Names the file and the place in it, if there is one. `str(error)` can be shown to the user."""

    def __init__(self, why: str, *, file: str = "", where: str = "") -> None:
        super().__init__(": ".join(part for part in (file, where, why) if part))
        self.why, self.file, self.where = why, file, where
