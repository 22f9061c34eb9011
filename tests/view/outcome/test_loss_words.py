"""What was lost, in words: every way out, asked of a page that differs in one thing."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.profile.type import FAILED, IGNORED, RECOVERED
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import find_before
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.loss_words import Lost, Page, lost_words
from tests.paths import DATA
from tests.workbench import do

FILE = pf.LRU | pf.UPTODATE
HUGE = pf.HUGE | pf.COMPOUND_TAIL


@pytest.fixture(name="session")
def _session() -> Session:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="m+0", value="x")
    return session


def page(session: Session, **changed: object) -> Page:
    """The page of the file, dirty and mapped by `a`, but for what is changed."""
    return to_the_end(find_before(session.machine, session.resolve_frame("/f@0"))).page._replace(**changed)  # type: ignore[arg-type]


def lost(
    session: Session, shown: Page, effect: Effect | None, result: str | None = RECOVERED, truncated: bool = False
) -> Lost:
    return lost_words(session.machine, shown, result, effect, truncated)


def test_a_hwpoison_entry_of_a_huge_page_names_its_head(session: Session) -> None:
    assert page(session, pfn=1029, word=HUGE).hwpoison_entry == ptes.hwpoison_pte(1024) | ptes.PSE
    assert page(session, pfn=1029, word=FILE).hwpoison_entry == ptes.hwpoison_pte(1029)


def test_what_swap_has_is_no_loss_and_what_it_has_not_is_one(session: Session) -> None:
    good = lost(session, page(session), Effect.DROPS_FROM_SWAP_CACHE)
    assert (good.gone, good.in_use, good.again, good.tone) == (False, False, False, "good")
    gone = lost(session, page(session), Effect.KEEPS_IN_SWAP_CACHE)
    assert gone.gone and gone.tone == "warn" and "that swap had not got yet of a" not in gone.text


@pytest.mark.parametrize(("word", "dirty", "effect", "gone"), [
    (FILE, True, Effect.DROPS_DIRTY, True), (FILE, True, Effect.DROPS, False),
    (HUGE, True, Effect.HUGE, True), (HUGE, False, Effect.HUGE, False),
])  # fmt: skip
def test_a_huge_page_is_lost_if_it_was_dirty_others_if_that_was_matched(
    session: Session, word: int, dirty: bool, effect: Effect, gone: bool
) -> None:
    assert lost(session, page(session, word=word, dirty=dirty), effect).gone is gone


def test_why_a_page_was_not_dropped(session: Session) -> None:
    shown = page(session)
    still = lost(session, shown, Effect.DROPS, FAILED)
    assert still.text == "Nothing is lost: the disk has /f, page 0; the page could not be dropped from the page cache."
    held = lost(session, shown._replace(number=7), Effect.DROPS, FAILED)
    assert held.text == "Nothing is lost: the disk has /f, page 7; somebody still holds the broken page."


def test_a_truncated_page_has_lost_its_file_before(session: Session) -> None:
    said = lost(session, page(session), None, IGNORED, truncated=True)
    assert said.text == "Nothing is lost: it was cut off its file before." and said.tone == "good"
    assert lost(session, page(session), None, IGNORED).in_use


@pytest.mark.parametrize("case", ["cases/v7/already_truncated.toml", "cases-public/n38_truncated_lru_61.toml"])
def test_an_operation_that_finds_the_page_truncated_says_so(case: str) -> None:
    scenario = load(DATA / case)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        pass
    said = [loss_of(session, operation) for operation in session.operations if operation.name == "poison"]
    assert "Nothing is lost: it was cut off its file before." in [loss.lost for loss in said if loss is not None]


@pytest.mark.parametrize(("head", "again"), [
    (pf.COMPOUND_HEAD | pf.HUGE | pf.HWPOISON, True), (pf.COMPOUND_HEAD | pf.THP | pf.HWPOISON, False),
    (pf.COMPOUND_HEAD | pf.HUGE, False),
])  # fmt: skip
def test_a_huge_page_breaks_as_a_whole_others_do_not(session: Session, head: int, again: bool) -> None:
    assert lost(session, page(session, word=pf.COMPOUND_TAIL, head=head), None, IGNORED).again is again


@pytest.mark.parametrize(("free", "word", "result", "said"), [
    (True, HUGE, IGNORED, "it stays in the pool of huge pages"), (True, HUGE, RECOVERED, "will not hand it out again"),
    (True, pf.BUDDY, IGNORED, "will not hand it out again"), (False, HUGE, IGNORED, "a huge page stays in use"),
])  # fmt: skip
def test_what_becomes_of_free_memory(session: Session, free: bool, word: int, result: str, said: str) -> None:
    assert said in lost(session, page(session, free=free, word=word), None, result).text


def test_what_is_left_as_it_is_stays_in_use(session: Session) -> None:
    bare = lost(session, page(session, word=0, head=0, bare=True), None, IGNORED)
    assert bare.in_use and not bare.gone and bare.tone == "warn"
    assert bare.brief == "a page with refcount 0 is left as it is"


@pytest.mark.parametrize(("dirty", "owners", "filesystem", "written"), [
    (True, ("a",), "ext4", True), (False, ("a",), "ext4", False), (True, ("a",), "tmpfs", False),
])  # fmt: skip
def test_a_dirty_page_that_stays_in_use_is_written_back(
    session: Session, dirty: bool, owners: tuple[str, ...], filesystem: str, written: bool
) -> None:
    shown = page(session, dirty=dirty, owners=owners)
    assert shown.inode is not None
    shown = shown._replace(inode=shown.inode._replace(filesystem=filesystem))
    left = (
        "a page of a file stays in use, broken" + ", and is written back as it is: fsync() reports no error" * written
    )
    assert lost(session, shown, None, IGNORED).brief == left
    session.machine.refcount.load(shown.pfn, 0)
    freed = "a page of a file was left in use, and freed when its users died"
    assert lost(session, shown, None, IGNORED).brief == freed
