"""Two sides of a click: made alike but for a setting, walked together, done again with other sysctls."""

from __future__ import annotations

import itertools

import pytest

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.profile.registry import newest
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import Recipe, Settings, Tick
from hwpoison_gui.session.session import Session
from tests.workbench import do


@pytest.fixture
def session() -> Session:
    made = Session.fresh(4096)
    do(made, "task", name="a")
    do(made, "mmap", task="a", name="m", pages=4)
    do(made, "write", task="a", at="m+0", value="x")
    do(made, "fork", task="a", child="b")
    return made


def boot(profile: str) -> Session:
    return Session.fresh(4096, profile=profile)


def sides(session: Session, what: str) -> tuple[compare.Side, compare.Side, Recipe]:
    recipe = compare.recipe_of(session, boot, session.resolve_frame("a:m+0"))
    assert recipe is not None
    one, other = compare.differing(compare.settings_of(session), what)
    never = lambda: False  # noqa: E731
    quiet = lambda share, doing: None  # noqa: E731
    return compare.build(recipe, one, quiet, never), compare.build(recipe, other, quiet, never), recipe


def test_early_against_late(session: Session) -> None:
    left, right, _ = sides(session, "early")
    assert left.click is not None and right.click is not None
    assert {signal.effect for signal in left.click.outcome.signals} == {"killed"}
    assert right.click.outcome.signals == ()
    assert left.click.outcome.pfn == right.click.outcome.pfn == session.resolve_frame("a:m+0")
    assert not session.branches.kept and len(session.operations) == 4, "the session itself is left alone"


def test_recovery_and_profiles(session: Session) -> None:
    left, right, _ = sides(session, "recovery")
    assert left.click is not None and right.click is not None
    assert (left.click.outcome.panic, right.click.outcome.panic) == (False, True)
    left, right, _ = sides(session, "profile")
    assert (left.session.machine.profile.name, right.session.machine.profile.name) == ("v7", newest().name)


def test_a_side_is_done_again_with_other_sysctls(session: Session) -> None:
    left, right, recipe = sides(session, "early")
    compare.again(left, recipe, right.settings)
    assert left.click is not None and right.click is not None
    assert left.click.outcome == right.click.outcome
    assert left.session.machine.gate.digest() == right.session.machine.gate.digest()


def test_which_click_is_meant(session: Session) -> None:
    assert compare.recipe_of(session, boot) is None
    do(session, "poison", frame="a:m+0")
    do(session, "task", name="c")
    here = compare.recipe_of(session, boot)
    assert here is not None and here.click.name == "poison" and len(here.before) == 4
    other = compare.recipe_of(session, boot, 77)
    assert other is not None and other.click.args["frame"] == "pfn:0x4d" and len(other.before) == 6
    session.seek(session.operations[4].first + 1)
    middle = compare.recipe_of(session, boot, 77)
    assert middle is not None and middle.click.args["frame"] == "pfn:0x4d" and len(middle.before) == 5


def test_broken_memory_is_compared_as_it_broke(session: Session) -> None:
    pfn = session.resolve_frame("a:m+0")
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "poison", frame="a:m+0")
    do(session, "read", task="b", at="m+0")
    touched = compare.recipe_of(session, boot, pfn)
    assert touched is not None and touched.click.args["frame"] == "a:m+0"
    assert [asked.name for asked in touched.before] == ["task", "mmap", "write", "fork", "sysctl"]
    left, right, _ = sides(session, "early")
    assert left.click is not None and right.click is not None
    assert {signal.effect for signal in left.click.outcome.signals} == {"killed"}
    assert right.click.outcome.signals == ()


def test_a_second_error_in_a_broken_frame_is_compared_as_the_first(session: Session) -> None:
    """As recorded cases end: a second write to corrupt-pfn, then one to unpoison-pfn."""
    session = boot("6.1")
    for name, args in (("task", {"name": "a"}), ("mmap", {"task": "a", "name": "m", "pages": 3})):
        do(session, name, **args)
    do(session, "write", task="a", at="m+1", value="x")
    pfn = session.resolve_frame("a:m+1")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    for name in ("poison", "unpoison"):
        do(session, name, frame=f"pfn:{pfn:#x}")
        end = compare.recipe_of(session, boot)
        assert end is not None and len(end.before) == 3 and end.click.name == "poison"
    again = compare.recipe_of(session, boot, pfn)
    assert again is not None and len(again.before) == 6, "a frame that was given back would break again"
    do(session, "read", task="a", at="m+2")
    later = compare.recipe_of(session, boot)
    assert later is not None and len(later.before) == 3, "the last error before the position"


def test_sides_begin_with_the_same_operations(session: Session) -> None:
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    left, right, _ = sides(session, "early")
    names = [[operation.name for operation in side.session.operations] for side in (left, right)]
    assert names[0] == names[1]


def test_what_cannot_be_done_is_said(session: Session) -> None:
    recipe = Recipe(boot, (), compare.with_defaults("poison", frame="nobody:m+0"))
    side = compare.build(recipe, Settings("v7", {}), lambda share, doing: None, lambda: False)
    assert side.click is None and "nobody" in side.refused and side.steps == 0
    with pytest.raises(compare.StoppedError):
        compare.build(recipe, Settings("v7", {}), lambda share, doing: None, lambda: True)


def test_a_side_can_be_given_up_in_the_middle_of_its_click(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the click is left then, and it can be made after all."""
    left, _, recipe = sides(session, "early")
    monkeypatch.setattr(compare, "SLICE_SECONDS", -1.0)
    clock = itertools.count()
    with pytest.raises(compare.StoppedError):
        compare.again(left, recipe, left.settings, lambda: next(clock) > 5)
    assert left.session.recording is None and left.session.position == left.start == len(left.session.steps)
    compare.again(left, recipe, left.settings)
    assert left.click is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [("", ""), ("a", ""), ("aab", "ab"), ("abc", "adc"), ("aaaa", "b"), ("abab" * 300, "ba" * 700), ("xyz", "xz")],
)
def test_ticks_go_forward_on_both_sides_from_start_to_end(left: str, right: str) -> None:
    ticks = compare.aligned(left, right)
    assert ticks[0] == Tick(0, 0) and ticks[-1] == Tick(len(left), len(right))
    for before, after in itertools.pairwise(ticks):
        assert 0 <= after.left - before.left <= 1 and 0 <= after.right - before.right <= 1
        assert after != before


def test_equal_functions_stand_side_by_side() -> None:
    ticks = compare.aligned(["lock", "walk", "walk", "done"], ["lock", "done"])
    assert Tick(3, 1) in ticks and Tick(1, 1) in ticks


def test_the_walk_stands_beside_the_walk_whoever_is_passed_by(session: Session) -> None:
    left, right, _ = sides(session, "early")
    acts = []
    for tick in compare.ticks_of(left, right)[1:]:
        steps = (side.session.steps[side.start + done - 1] for side, done in zip((left, right), tick, strict=True))
        acts.append(tuple(step.mark.act for step in steps))
    assert (Act.VISIT, Act.SKIP) in acts and (Act.UNMAP, Act.UNMAP) in acts
    assert not any(Act.UNMAP in pair and Act.VISIT in pair for pair in acts)


def test_a_frame_that_nobody_uses_for_want_of_an_operation_is_not_compared() -> None:
    session = Session.fresh(8192, profile="6.12")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=512, huge="thp")
    do(session, "write", task="a", at="m+5")
    pfn = session.resolve_frame("a:m+5")
    recipe = compare.recipe_of(session, lambda profile: Session.fresh(8192, profile=profile), pfn)
    assert recipe is not None
    for profile, refused in (("v7", "what used the frame could not be repeated"), ("7.2", "")):
        side = compare.build(recipe, Settings(profile, {}), lambda share, doing: None, lambda: False)
        assert (side.refused, side.click is None) == (refused, bool(refused))
