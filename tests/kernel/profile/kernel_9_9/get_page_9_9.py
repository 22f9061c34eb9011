"""The phase of 9.9, which is made up, that takes a reference."""

from __future__ import annotations

from . import phases_7_2
from .handler import Handler, Verdict
from .mark import Steps
from .profile.variants import phase


@phase("9.9")
def take_reference(h: Handler) -> Steps[Verdict]:
    """Take a reference as before."""
    return (yield from phases_7_2.take_reference(h))
