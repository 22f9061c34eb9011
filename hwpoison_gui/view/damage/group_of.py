"""Find the row of a damage table that counts a frame."""

from __future__ import annotations

from hwpoison_gui.kernel.mmzone import page_zone
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.naming import file_name
from hwpoison_gui.view.damage.damage import Damage


def group_of(damage: Damage, by: str, pfn: int, task: int | None) -> str:
    """The name of the row, of a grouping in GROUPINGS (tables.py); of several processes, of `task` if it is one."""
    m = damage.m
    zone = page_zone(m.zones, pfn)
    if by == "kind":
        return KINDS[kind_of(m.page(pfn))].name
    if by == "zone":
        return zone.name if zone is not None else "in no zone"
    if by == "node":
        return f"node {zone.node}" if zone is not None else "on no node"
    if by == "file":
        inode = m.inode_of(m.compound_head(pfn))
        return file_name(inode) if inode is not None else "of no file"
    users = damage.users_of(pfn)
    if not users:
        return "of no process"
    return m.processes.view[task if task is not None and task in users else users[0]].label
