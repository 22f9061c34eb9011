"""What is one look and what another, and the way back through them."""

from __future__ import annotations

from hwpoison_gui.view.map.look_history import MOST, PAUSE, Look, LookHistory

WHOLE = Look(None, 0.0)
NEAR = Look(40, 8.0)


def after(*looks: tuple[Look, float]) -> LookHistory:
    """A history of looks, each so long after the one before."""
    history, now = LookHistory(), 0.0
    for look, pause in looks:
        now += pause
        history.note(look, now)
    return history


def back(history: LookHistory) -> list[Look]:
    """All that going back shows."""
    found = []
    while (look := history.go(-1)) is not None:
        found.append(look)
    return found


def test_a_way_there_and_back() -> None:
    history = after((WHOLE, 0), (NEAR, 5), (Look(90, 8.0), 5))
    assert back(history) == [NEAR, WHOLE]
    assert history.go(1) == NEAR
    history.note(Look(7, 2.0), 99)
    assert not history.can_go(1)
    assert back(history) == [NEAR, WHOLE]


def test_movements_in_a_row_are_one_but_what_one_began_with_stays() -> None:
    quick = PAUSE / 2
    history = after((WHOLE, 0), (NEAR, quick), (Look(41, 8.0), quick), (Look(42, 8.0), quick))
    assert back(history) == [WHOLE]


def test_another_lens_layout_or_filter_is_never_lost_in_a_movement() -> None:
    quick = PAUSE / 2
    lens = NEAR._replace(lens="state")
    rows = lens._replace(layout="hilbert")
    found = rows._replace(filter="lru")
    history = after((WHOLE, 0), (NEAR, 5), (lens, quick), (rows, quick), (found, quick))
    assert back(history) == [rows, lens, NEAR, WHOLE]


def test_a_movement_that_comes_with_another_layout_is_part_of_it() -> None:
    rows = NEAR._replace(layout="morton")
    history = after((WHOLE, 0), (NEAR, 5), (rows, 5), (rows._replace(pfn=44), 0.1))
    assert history.go(-1) == NEAR
    assert history.go(1) == rows._replace(pfn=44)


def test_what_is_typed_is_one_look_however_slowly() -> None:
    typed = [(WHOLE._replace(filter="lru,~dirty"[:end]), 3.0) for end in (1, 3, 5, 10)]
    history = after((WHOLE, 0), *typed)
    assert back(history) == [WHOLE]
    history = after((WHOLE, 0), *typed, (WHOLE._replace(filter="slab"), 3.0))
    assert back(history) == [typed[-1][0], WHOLE]


def test_rows_made_longer_step_by_step_are_one_look() -> None:
    steps = [(WHOLE._replace(row_width=width), 0.1) for width in range(200, 220)]
    assert back(after((WHOLE, 0), (NEAR, 5), *steps[:1], *steps[1:])) == [NEAR, WHOLE]


def test_what_the_window_did_is_no_look() -> None:
    history = after((WHOLE, 0), (NEAR, 5))
    history.correct(Look(44, 8.0))
    assert history.go(-1) == WHOLE
    assert history.go(1) == Look(44, 8.0)
    LookHistory().correct(NEAR)


def test_only_so_many_are_kept() -> None:
    history = after(*((Look(pfn, 4.0), 5.0) for pfn in range(MOST + 20)))
    assert back(history)[-1] == Look(20, 4.0)
