"""The demo for pictures: an error in a page that forked workers share kills all of them."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.kernel.rmap import page_mapped_in_vma, rmap_vmas
from hwpoison_gui.opening.opening import Opened, default_machine
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.telling import Telling


def default_demo() -> Opened:
    """The default machine after the error."""
    opened = default_machine()
    session = opened.session
    if not session.machine.sysctl.view[SYSCTL_EARLY_KILL]:
        session.act("sysctl", {"name": SYSCTL_EARLY_KILL, "value": 1})
    pfn = shared_anonymous_page(session.machine)
    if pfn is not None:
        keys = schema.OPS["poison"].keys
        told = Telling("An error in a page of all workers.")
        session.act("poison", shape.values_of(keys, {"frame": f"pfn:{pfn:#x}"}), told)
    return opened


def shared_anonymous_page(m: Machine, least: int = 3) -> int | None:
    """The anonymous page with most mappings whose processes all die of SIGBUS; None if there is none."""
    count = m.mapcount.view
    wanted = m.flags.view & np.uint64(pf.ANON | pf.SWAPCACHE) == pf.ANON
    found = np.flatnonzero(wanted & (count >= least))
    for pfn in found[np.argsort(-count[found], kind="stable")].tolist():
        owners = [vma.mm for vma in rmap_vmas(m, pfn) if page_mapped_in_vma(m, pfn, vma) >= 0]
        processes = [m.processes.view[mm] for mm in owners]
        policies = {m.tasks.view[process.tgid].mce_kill for process in processes}
        if policies == {"default"} and all(process.sigbus == "default" for process in processes):
            return int(pfn)
    return None
