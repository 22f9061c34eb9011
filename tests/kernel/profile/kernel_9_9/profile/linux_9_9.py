"""Profile 9.9, as the difference from 7.2: a kernel that is made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import actions_9_9, get_page_9_9, phases_9_9
from .linux_7_2 import V7_2
from .type import FAILED, IGNORED, Exit, Sysctl
from .variants import by_name, changed

TOY: Final = Sysctl("toy_offline", default=1)

V9_9: Final = replace(
    V7_2,
    name="9.9",
    title="Linux 9.9 (toy)",
    news="drains twice",
    from_version=(9, 0),
    modelled=(9, 9),
    release="",
    sysctls=(*V7_2.sysctls, TOY),
    phases=changed(
        V7_2.phases,
        phases_9_9.set_page_hwpoison,
        get_page_9_9.take_reference,
        phases_9_9.shake_page,
        phases_9_9.identify_page_state,
    ),
    log=replace(V7_2.log, prefix="Toy {pfn:#x}: "),
    results=replace(
        V7_2.results,
        states=tuple(
            row._replace(action="me_folio_dirty") if row.action == "me_pagecache_dirty" else row
            for row in V7_2.results.states
        ),
        actions={**V7_2.results.actions, **by_name(actions_9_9.me_folio_dirty)},
        exits={
            **V7_2.results.exits,
            "already poisoned": Exit("already poisoned page", FAILED, "EHWPOISON"),
            "unhandlable": Exit("unknown folio", IGNORED, "EIO"),
        },
    ),
)
