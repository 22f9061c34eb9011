"""What may be wrong with a scenario: the one exception class for bad files.

The kernel's own failures are values of an outcome; this is for files (and acts) that say
something which cannot be asked of any machine.
"""

from __future__ import annotations


class ScenarioError(Exception):
    """A scenario that cannot be used: where, and what was expected instead.

    `step` is the number of the step, from 1; `key` the key in it. Whoever knows more than the
    place that raised it fills in the rest (`at`).
    """

    def __init__(self, message: str, *, key: str = "", step: int | None = None, file: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.step = step
        self.file = file

    def at(self, *, step: int | None = None, file: str = "") -> ScenarioError:
        """Itself, with the step and the file filled in where they were not known."""
        if self.step is None:
            self.step = step
        self.file = self.file or file
        return self

    def __str__(self) -> str:
        where = (self.file, "" if self.step is None else f"step {self.step}", self.key)
        return ": ".join(part for part in (*where, self.message) if part)


class NotYetSupportedError(ScenarioError):
    """A good scenario that asks for something this program cannot do yet."""

    @property
    def summary(self) -> str:
        """What is missing, without the file."""
        where = "" if self.step is None else f" (step {self.step})"
        return f"not yet supported: {self.message}{where}"
