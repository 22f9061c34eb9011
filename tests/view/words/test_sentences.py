"""Sentences of recorded cases: each mark has one, whole, with its values filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.kernel.mark import SITES, Act, Mark
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.view.words.lookup import branch_of, text_of, why_of
from tests.paths import DATA
from tests.session.replayed import in_groups
from tests.workbench import crowd, do

SOME = [
    file for folder in ("cases", "cases-extra", "tinjpage") for file in sorted((DATA / folder).rglob("*.toml"))[::5]
]


@pytest.mark.parametrize("files", in_groups(SOME, DATA))
def test_every_mark_has_a_whole_sentence(files: list[Path]) -> None:
    for file in files:
        scenario = load(file)
        session = replay.boot(scenario)
        for _ in replay.play(session, scenario):
            pass
        for mark in set(session.steps.marks):
            text = text_of(mark)
            assert text.endswith(".") and not text.endswith(".."), (file, text)
            signs = text + why_of(mark) + branch_of(mark)
            assert not any(sign in signs for sign in ("{", "}", "None")), (file, text)


def test_words_are_chosen_by_the_values() -> None:
    def says(site: str, *args: object, **objects: tuple[int, ...]) -> str:
        return text_of(Mark(SITES[site], args, **objects))

    assert says("hwpoison_user_mappings/mapped", 1) == "1 PTE maps it."
    assert says("hwpoison_user_mappings/mapped", 1200) == "1,200 PTEs map it."
    assert "PR_MCE_KILL is late" in says("task_early_kill/task_early_kill: no", "a", "late", 1, tasks=(7,))
    assert "memory_failure_early_kill is 0" in says(
        "task_early_kill/task_early_kill: no", "a", "default", 0, tasks=(7,)
    )
    assert says("invalidate_inode_page/Failed", "/f", "referenced", 3) == (
        "/f cannot drop the page: another user holds a reference (refcount 3)."
    )
    assert branch_of(Mark(SITES["action_result"], ("LRU", "Failed"))) == "Failed"
    assert SITES["action_result"].act is Act.RESULT


def test_a_process_exits_or_is_killed_and_does_not_end() -> None:
    session = crowd(1)
    do(session, "poison", frame="top:m+0")
    texts = [text_of(mark) for mark in session.steps.marks if mark.act is Act.DIE]
    do(session, "task", name="a")
    do(session, "exit", task="a")
    texts.append(text_of(session.steps.marks[-1]))
    assert [text.partition(" ")[2] for text in texts] == ["is killed by SIGBUS (BUS_MCEERR_AO)."] * 2 + ["exits."]
