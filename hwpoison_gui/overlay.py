"""Overlays error records on a machine, whose kernel they may name."""

from __future__ import annotations

from hwpoison_gui.kernel.profile.registry import nearest
from hwpoison_gui.opening import Opened
from hwpoison_gui.real_errors import RealErrors, other_kernel


def overlaid(opened: Opened, errors: RealErrors) -> Opened:
    """A machine with error records over it. Memory that does not say its kernel, such as raw page flags, is modelled
    under the kernel that wrote the records.
    """
    kernel, profile = errors.history.kernel, opened.session.machine.profile
    unsaid = opened.kernel is None and opened.scenario is None and opened.document is None
    if kernel is not None and unsaid and opened.again is not None:
        chosen = nearest(kernel)
        opened = opened.again(chosen.name) if chosen.name != profile.name else opened
        model = ".".join(map(str, chosen.modelled))
        words = f"Its kernel is taken from the error records, Linux {kernel[0]}.{kernel[1]}; it is modelled as {model}"
        opened = opened._replace(modelled=words, notes=(f"{words}.", *opened.notes[1:]))
    notes = (*opened.notes, *other_kernel(errors.history, opened.kernel, opened.session.machine.profile))
    return opened._replace(history=errors.history, records=errors.files, notes=notes)
