"""The exceptions for invalid scenario files and operations.

Failures of the kernel are values of an outcome. These exceptions are for requests that make no sense on the machine.
"""

from __future__ import annotations


class ScenarioError(Exception):
    """An invalid scenario or operation: where, and what was expected instead.

    `step` is the number of the step, from 1, and `key` the key in it. Callers add what they know (`at`).
    """

    def __init__(self, message: str, *, key: str = "", step: int | None = None, file: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.step = step
        self.file = file

    def at(self, *, step: int | None = None, file: str = "") -> ScenarioError:
        """Set the step and the file if they are not set, and return itself."""
        if self.step is None:
            self.step = step
        self.file = self.file or file
        return self

    def __str__(self) -> str:
        where = (self.file, "" if self.step is None else f"step {self.step}", self.key)
        return ": ".join(part for part in (*where, self.message) if part)


class NotYetSupportedError(ScenarioError):
    """A valid scenario that needs something this program does not support yet."""

    @property
    def summary(self) -> str:
        """The unsupported thing and the step, without the file."""
        where = "" if self.step is None else f" (step {self.step})"
        return f"not yet supported: {self.message}{where}"
