"""The table of files, and what files without a path are called in it and elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import actions
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.profile.registry import newest
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.view.base.naming import path_of
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.filter.terms import quoted
from hwpoison_gui.view.outcome.loss_words import content_name
from hwpoison_gui.view.rmap.graph import mappers_of
from hwpoison_gui.view.rows.files import file_rows
from hwpoison_gui.view.words.lookup import text_of
from tests.workbench import do


@pytest.fixture(scope="module")
def m() -> Machine:
    """A recording that does not name all files of the cached pages."""
    return machine_from_image(image_of(resources.path("machines/victim_before.npz")), newest())


def test_files_without_a_path_come_last(m: Machine) -> None:
    have_path = [m.inodes.view[row.key].has_path for row in file_rows(m)]
    assert have_path == sorted(have_path, reverse=True) and len(set(have_path)) == 2


def test_unknown_files_are_called_alike_and_found_by_that(m: Machine) -> None:
    """Their pseudo-paths are shown nowhere, neither by a row nor by a sentence."""
    rows = {row.key: row for row in file_rows(m)}
    unknown = [inode for inode in m.inodes.view.values() if inode.is_unknown]
    assert unknown
    for inode in unknown:
        shown, mark = path_of(inode), Mark(actions.TRUNCATED, (inode.path, inode.filesystem))
        assert inode.path not in shown and rows[inode.id].path == shown and text_of(mark).startswith(shown)
        wanted = parse(f"path:{quoted(shown)}")
        assert wanted is not None
        frames = wanted.match(m, lambda _: np.zeros(m.frames, np.uint8)).frames
        assert frames is not None and frames[list(m.page_cache.of(inode.id).values())].all()


def test_shared_anonymous_memory_has_no_file_name() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    for name in ("one", "two"):
        do(session, "mmap", task="a", name=name, pages=1, shared=True)
        do(session, "write", task="a", at=f"{name}+0")
    pfns = [session.resolve_frame(f"a:{name}+0") for name in ("one", "two")]
    inodes = [session.machine.inode_of(pfn) for pfn in pfns]
    assert {content_name(inode) for inode in inodes if inode} == {"anonymous shared memory"}
    m = session.machine
    for vma in list(m.vmas.view.values()):
        m.put(m.vmas, vma.id, vma._replace(name=""))
    assert [mapper.name for pfn in pfns for mapper in mappers_of(session, pfn)] == ["shared", "shared"]
