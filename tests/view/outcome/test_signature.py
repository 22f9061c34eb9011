"""The net under the predictions for all of memory: frames of one class come to the same by the handler itself.

A class is predicted from one of its frames. Here the handler is run on others of it, and on frames of other machines
that have the same signature, so a predicate that is missing shows as unlike frames in one class.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui import resources
from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.hugetlb_pool import available_huge_pages
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES, having
from hwpoison_gui.kernel.split_folio import accounted_references, splits
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base.intern import MOST as MOST_WORDS
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import Prediction, predict
from hwpoison_gui.view.outcome.signature import (
    FS_NAMES,
    MOST_REFS,
    NO_FILE,
    PREDICATES,
    Frames,
    check_room,
    inode_file_systems,
    keys_of,
)
from hwpoison_gui.view.outcome.users import USER_COUNTS, Users
from tests.paths import DATA
from tests.programs import Kind, prepared, run
from tests.session.test_properties import EXAMPLES, PROGRAMS
from tests.view.outcome.states import scramble, with_huge_pages
from tests.workbench import do

nets = settings(
    max_examples=max(10, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RECORDINGS = {
    "server": (resources.path("machines/server.npz"), False),
    "server with hidden state": (resources.path("machines/server.npz"), True),
    "snapshot": (DATA / "snapshot" / "before.npz", False),
    "victim": (DATA / "snapshot" / "victim_after.npz", False),
}


@pytest.fixture(params=sorted(PROGRAMS), name="kind", ids=lambda kind: f"{kind[0]}-{kind[1]}", scope="module")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


class Net:
    """Frames by signature, over all machines of one profile: what the handler does must follow from the signature."""

    def __init__(self) -> None:
        self._words = WordTable()
        self._seen: dict[tuple[object, ...], tuple[dict[str, Any], str]] = {}

    def predicates_that_decide(self) -> set[str]:
        """Those without which unlike frames would have equal signatures."""
        found = set[str]()
        for bit, name in enumerate(reversed(PREDICATES)):
            merged: dict[tuple[object, ...], list[dict[str, Any]]] = {}
            for (*whole, key), (outcome, _) in self._seen.items():
                assert isinstance(key, int)
                merged.setdefault((*whole, key & ~(1 << bit)), []).append(outcome)
            if any(outcome != outcomes[0] for outcomes in merged.values() for outcome in outcomes):
                found.add(name)
        return found

    def cast(self, m: Machine, where: str, most: int = 1 << 20) -> dict[int, dict[str, Any]]:
        """Run the handler on each frame that somebody uses, or `most` of them; unlike ones of equal signature fail.

        Returns what came of each of them.
        """
        users = Users(m)
        for _ in users.work():
            pass
        huge = (m.flags.view & np.uint64(pf.THP | pf.HUGE)) != 0
        cached = (m.flags.view & np.uint64(pf.SWAPCACHE)) != 0
        pfns = np.flatnonzero((m.mapcount.view > 0) | cached | huge)
        pfns = pfns[~huge[pfns] | (pfns % 128 < 2)]  # of huge pages a few frames
        pfns = pfns[:: max(1, len(pfns) // most)]
        keys = keys_of(Frames(m, pfns, users, inode_file_systems(m)), self._words)
        # What the handler asks of the machine as a whole is no part of a signature.
        whole = m.profile.name, available_huge_pages(m) > 0, m.sysctl.view["memory_failure_recovery"]
        found: dict[int, dict[str, Any]] = {}
        for pfn, key in zip(pfns.tolist(), keys.tolist(), strict=True):
            outcome, here = outcome_of(m, pfn), f"{pfn:#x} {pf.letters_of(m.page(pfn))} {where}"
            expected, there = self._seen.setdefault((*whole, key), (outcome, here))
            assert outcome == expected, (here, there)
            found[pfn] = outcome
        return found


def outcome_of(m: Machine, pfn: int) -> dict[str, Any]:
    """What must be the same for all frames of a class."""
    return outcome_in(predict(m, pfn))


def outcome_in(one: Prediction) -> dict[str, Any]:
    word = one.matched.word
    return {
        "code": one.code,
        "kind": one.kind,
        "result": one.result,
        "errno": one.errno,
        "lost": one.lost,
        "word": word,
    }


@pytest.fixture(params=PROFILES, name="profile", scope="module")
def _profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_frames_of_equal_signature_come_to_the_same_on_any_machine(profile: str) -> None:
    net = Net()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        m = with_huge_pages(profile, rng).machine
        net.cast(m, f"as made by {seed}")
        scramble(m, rng)
        assert_right(m, rng, net.cast(m, f"scrambled by {seed}"))
        m = Session.fresh(4096, seed, "desktop", profile=profile).machine
        scramble(m, rng)
        assert_right(m, rng, net.cast(m, f"scrambled desktop {seed}", 1500))
    # A net that a missing predicate slips through would hold nothing.
    assert net.predicates_that_decide() >= {
        "all entries are found",
        "an entry is dirty",
        "an entry of a VMA that may be read is found",
        "an entry of a shared VMA is dirty or writable",
        "an entry of a namespace's init is found",
        "an entry of init is found",
        "a process that maps it is on the to_kill list",
    }


def assert_right(m: Machine, rng: np.random.Generator, known: dict[int, dict[str, Any]]) -> None:
    """The class of a frame, used or unused, is what the handler makes of this very frame; of some that is `known`."""
    classes = Assessment.of(m).classes()
    sorts = np.unique(
        m.flags.view * np.uint64(64) + np.clip(m.refcount.view, 0, 7).astype(np.uint64), return_index=True
    )
    merged = np.flatnonzero(m.flags.view & np.uint64(pf.KSM))
    for pfn in {*sorts[1].tolist(), *rng.integers(0, m.frames, 40).tolist(), *merged.tolist()}:
        code = known[pfn]["code"] if pfn in known else predict(m, pfn).code
        assert classes[pfn] == code, (hex(pfn), pf.letters_of(m.page(pfn)))


def difference(m: Machine, one: int, other: int) -> set[str]:
    """The predicates in which two frames of equal flags, file system and references differ."""
    users = Users(m)
    for _ in users.work():
        pass
    pfns = np.array(sorted((one, other)), np.int64)
    frames = Frames(m, pfns, users, inode_file_systems(m))
    first, second = keys_of(frames, WordTable()).tolist()
    assert first >> len(PREDICATES) == second >> len(PREDICATES)
    return {name for name, holds in PREDICATES.items() if len(set(holds(frames).tolist())) == 2}


def test_a_process_that_only_covers_the_page_is_listed_too() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=2)
    for name, policy, offset, pages in (("a", "late", 0, 2), ("b", "late", 0, 2), ("c", "early", 1, 1)):
        do(session, "task", name=name, mce_kill=policy)
        do(session, "mmap", task=name, name="m", pages=pages, file="/f", shared=True, offset=offset)
    for page in range(2):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    pfns = [session.resolve_frame(f"/f@{page}") for page in range(2)]
    assert difference(session.machine, *pfns) == {"a process with a VMA there is on the to_kill list"}
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.LATE, outcomes.EARLY]


def with_merged_pages(profile: str, *policies: str) -> Session:
    """A merged page for each policy, of two processes that have this policy."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    for number, policy in enumerate(policies):
        for name in (f"{number}a", f"{number}b"):
            do(session, "task", name=name, mce_kill=policy)
            do(session, "mmap", task=name, name="m", pages=1)
            do(session, "write", task=name, at="m+0", value="xyz"[number])
            do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    return session


@pytest.mark.parametrize("profile", ["6.12", "7.2"])
def test_merged_pages_are_of_the_classes_of_their_users(profile: str) -> None:
    session = with_merged_pages(profile, "late", "early")
    pfns = [session.resolve_frame(f"{number}a:m+0") for number in range(2)]
    assert difference(session.machine, *pfns) == {
        "a process that maps it is on the to_kill list", "a process with a VMA there is on the to_kill list",
    }  # fmt: skip
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.LATE, outcomes.EARLY]


@pytest.mark.parametrize("profile", ["6.12", "7.2"])
def test_who_has_no_entry_for_a_merged_page_is_listed_by_its_rmap_item(profile: str) -> None:
    session = with_merged_pages(profile, "late", "late")
    do(session, "prctl", task="1a", mce_kill="early")
    do(session, "write", task="1a", at="m+0", value="w")
    pfns = [session.resolve_frame(f"{number}b:m+0") for number in range(2)]
    assert difference(session.machine, *pfns) == {"a process with a VMA there is on the to_kill list"}
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.LATE, outcomes.EARLY]


@pytest.mark.parametrize("profile", ["6.12", "7.2"])
def test_a_merged_page_that_init_has_is_of_another_class(profile: str) -> None:
    session = with_merged_pages(profile, "late", "late")
    do(session, "task", name="init", pid=1, mce_kill="late")
    do(session, "mmap", task="init", name="m", pages=1)
    do(session, "write", task="init", at="m+0", value="y")
    do(session, "madvise", task="init", at="m+0", pages=1, advice="mergeable")
    pfns = [session.resolve_frame(f"{number}a:m+0") for number in range(2)]
    assert difference(session.machine, *pfns) == {"an entry of init is found"}
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.LATE, outcomes.INIT]


def with_split_entries() -> Session:
    """Two transparent huge pages of `a`; of both `c` has small entries, and `b` of the second."""
    session = Session.fresh(1 << 14, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a", mce_kill="late")
    do(session, "mmap", task="a", name="t", pages=1024, huge="thp")
    for page in (0, 512):
        do(session, "write", task="a", at=f"t+{page}", value="x")
    for name in ("b", "c"):
        do(session, "fork", task="a", child=name)
    do(session, "prctl", task="b", mce_kill="early")
    for name, page in (("c", 500), ("c", 1000), ("b", 1000)):
        do(session, "munmap", task=name, at=f"t+{page}", pages=8)
    return session


def test_all_frames_of_a_page_of_hugetlb_have_the_users_of_the_page() -> None:
    session = Session.fresh(1 << 13, huge_pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb")
    do(session, "write", task="a", at="h+0", value="x")
    m, head = session.machine, session.resolve_frame("a:h+0")
    users = Users(m)
    for _ in users.work():
        pass
    pfns = np.array([head, head + 1, head + 7], np.int64)
    frames = Frames(m, pfns, users, inode_file_systems(m))
    assert frames.user["found"].tolist() == [1, 1, 1] and frames.maps.tolist() == [1, 1, 1]
    assert difference(m, head + 1, head + 7) == set()


def test_who_has_small_entries_of_a_huge_page_is_not_listed() -> None:
    session = with_split_entries()
    pfns = [session.resolve_frame(f"a:t+{page}") for page in (5, 517)]
    assert difference(session.machine, *pfns) == {"a process with a huge entry is on the to_kill list"}
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.EARLY, outcomes.LATE]


def test_a_huge_page_that_is_pinned_cannot_be_split() -> None:
    session = with_split_entries()
    do(session, "munmap", task="b", at="t+400", pages=8)
    pfns = [session.resolve_frame(f"a:t+{page}") for page in (5, 517)]
    do(session, "pin", frame=f"pfn:{pfns[0]:#x}")
    assert difference(session.machine, *pfns) == {"the folio can be split"}
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.IGNORED, outcomes.LATE]


def some_of_each_class(assessment: Assessment, rng: np.random.Generator, most: int = 2) -> dict[int, list[int]]:
    """Number of a class -> `most` of its frames, taken at random, where it has so many."""
    order = rng.permutation(assessment.m.frames)
    by_class = order[np.argsort(assessment.class_of[order], kind="stable")]
    numbers, first, counts = np.unique(assessment.class_of[by_class], return_index=True, return_counts=True)
    return {
        number: by_class[at : at + min(most, count)].tolist()
        for number, at, count in zip(numbers.tolist(), first.tolist(), counts.tolist(), strict=True)
    }


def assert_alike(m: Machine, rng: np.random.Generator, most: int = 2) -> None:
    """Random frames of each class, `most` of each, and the one that it was predicted from, come to the same."""
    assessment = Assessment.of(m)
    for number, pfns in some_of_each_class(assessment, rng, most).items():
        member = int(assessment.members[number])
        expected = outcome_in(assessment.predictions[number])
        assert assessment.codes[number] == expected["code"]
        for pfn in {*pfns} - {member}:
            assert outcome_of(m, pfn) == expected, (hex(pfn), hex(member), pf.letters_of(m.page(pfn)))


@nets
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    assert_alike(session.machine, np.random.default_rng(data.draw(st.integers(0, 1 << 32))))


@pytest.mark.parametrize("early_kill", [0, 1])
def test_on_the_desktop(profile: str, early_kill: int) -> None:
    session = Session.fresh(1 << 15, 3, "desktop", 2, profile, {"memory_failure_early_kill": early_kill})
    assert_alike(session.machine, np.random.default_rng(early_kill), most=6)


@cache
def image_of(recording: str) -> MemoryImage:
    """A recording, read once for all kernels: a machine copies what it changes."""
    path, hidden = RECORDINGS[recording]
    image = open_recording(path, hidden=hidden)
    image.kpageflags.flags.writeable = False
    return image


@pytest.mark.parametrize("recording", RECORDINGS)
def test_on_a_recorded_machine(recording: str, profile: str) -> None:
    m = machine_from_image(image_of(recording), PROFILES[profile])
    m.gate.record()
    # Each recording, and each kernel, with early kill and without.
    early_kill = ([*RECORDINGS].index(recording) + [*PROFILES].index(profile)) % 2
    do(Session(m), "sysctl", name="memory_failure_early_kill", value=early_kill)
    assert_alike(m, np.random.default_rng(early_kill))


FILTERS = (
    {"dev-major": 8}, {"dev-minor": 23}, {"flags-mask": 0x1000, "flags-value": 0x1000}, {"memcg": 1},
    {"flags-mask": 0x10000, "flags-value": 0}, {"dev-major": 0, "memcg": 1}, {"flags-mask": 0x80000},
)  # fmt: skip


# The filters are the same in every kernel that has them: each is asked of two machines, in two kernels.
@pytest.mark.parametrize(("number", "filters"), list(enumerate(FILTERS)))
def test_while_the_filters_are_on(number: int, filters: dict[str, int]) -> None:
    kernels = [profile.name for profile in having("injection_filters")]
    one, other = (kernels[(number + at) % len(kernels)] for at in range(2))
    rng = np.random.default_rng(5)
    for session in (Session.fresh(1 << 14, 3, "desktop", 2, one), with_huge_pages(other, rng)):
        for name, value in {**filters, "enable": 1}.items():
            do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
        assert_alike(session.machine, rng)
        codes = set(Assessment.of(session.machine).classes().tolist())
        assert outcomes.FILTERED in codes


# Predicates that say whether a count is above 0.
COUNTED = {
    "an entry is found": "found", "an entry of a VMA that may be read is found": "readable",
    "an entry is dirty": "dirty",
    "an entry of a shared VMA is dirty or writable": "written",
    "a process that maps it is on the to_kill list": "listed",
    "a process with a VMA there is on the to_kill list": "listed_vmas", "a swap entry leads to it": "swapped",
    "a process with a huge entry is on the to_kill list": "huge_listed",
    "an entry of init is found": "init_found", "a swap entry of init leads to it": "init_swapped",
    "init maps it and is on the to_kill list": "listed_init_found",
    "init has a VMA there and is on the to_kill list": "listed_init_vmas",
    "a namespace's init maps it and is on the to_kill list": "listed_namespace_found",
    "a namespace's init has a VMA there and is on the to_kill list": "listed_namespace_vmas",
    "an entry of a namespace's init is found": "namespace_found",
    "a swap entry of a namespace's init leads to it": "namespace_swapped",
}  # fmt: skip
UNTAKEN = {
    "a VMA has no entry there": ("", "readable"), "a VMA of init has no entry there": ("init_", "init_found"),
    "a VMA of a namespace's init has no entry there": ("namespace_", "namespace_found"),
}  # fmt: skip
OF_FRAMES = {"page->mapping is an anon_vma", "page->mapping is set", "the folio can be split"}


def counts(**given: list[int]) -> Any:
    """Frames of which nothing is known but counts of users, and mappings."""
    long = len(next(iter(given.values())))
    user = {name: np.array(given.get(name, [0] * long)) for name in USER_COUNTS}
    return SimpleNamespace(user=user, maps=np.array(given.get("maps", [0] * long)))


def test_each_predicate_asks_its_own_count() -> None:
    for name, count in COUNTED.items():
        assert PREDICATES[name](counts(**{count: [0, 1, 2]})).tolist() == [False, True, True], name
    for name, (whose, found) in UNTAKEN.items():
        shown = counts(**{f"{whose}vmas": [3, 2, 3, 0], f"{whose}taken": [1, 1, 1, 0], found: [1, 1, 2, 0]})
        assert PREDICATES[name](shown).tolist() == [True, False, False, False], name
    assert PREDICATES["mapped"](counts(maps=[0, 1, 2])).tolist() == [False, True, True]
    assert PREDICATES["all entries are found"](counts(maps=[2, 2], found=[2, 1])).tolist() == [True, False]
    assert {*COUNTED, *UNTAKEN, *OF_FRAMES, "mapped", "all entries are found"} == set(PREDICATES)


def test_what_differs_in_one_thing_has_another_key() -> None:
    rows = [(flags, head, fs, refs, bit) for flags in range(3) for head in range(3) for fs in range(len(FS_NAMES))
            for refs in range(-1, 4) for bit in range(-1, 3)]  # fmt: skip
    flags, head, fs, refs, bit = (np.array(column) for column in zip(*rows, strict=True))
    none, maps = np.zeros(len(rows), np.int64), np.where(bit == 1, 5, 7)
    shown: Any = SimpleNamespace(
        flags=flags.astype(np.uint64), head=head.astype(np.uint64), fs=fs, refs=refs + maps, maps=maps, anon=bit == 0,
        mapped=bit == 1, splits=bit == 2, user=dict.fromkeys(USER_COUNTS, none),
    )  # fmt: skip
    assert len(set(keys_of(shown, WordTable()).tolist())) == len(rows)


def test_the_largest_key_is_not_cut() -> None:
    words = WordTable()
    last = np.arange(1, MOST_WORDS, dtype=np.uint64)  # id 0 is no word's
    assert words.look_up(last)[-1] == MOST_WORDS - 1
    user = {name: np.array([5]) for name in USER_COUNTS} | {
        name: np.array([0]) for name in USER_COUNTS if "taken" in name
    }
    user |= {name: np.array([20]) for name in USER_COUNTS if name.endswith("vmas")}
    shown: Any = SimpleNamespace(
        flags=last[-1:], head=last[-1:], fs=np.array([len(FS_NAMES) - 1]), refs=np.array([5 + MOST_REFS]),
        maps=np.array([5]), anon=np.array([True]), mapped=np.array([True]), splits=np.array([True]), user=user,
    )  # fmt: skip
    assert all(predicate(shown).all() for predicate in PREDICATES.values())
    alike = MOST_WORDS**2 * len(FS_NAMES) * (MOST_REFS + 2)
    assert keys_of(shown, words).tolist() == [(alike << len(PREDICATES)) - 1]


def test_a_predicate_without_room_in_the_key_is_refused() -> None:
    check_room(len(PREDICATES))
    left = next(more for more in range(64) if MOST_WORDS**2 * len(FS_NAMES) * (MOST_REFS + 2) << more > 1 << 63) - 1
    check_room(left)
    with pytest.raises(OverflowError, match=f"room for {left} predicates; there are {left + 1}"):
        check_room(left + 1)


@pytest.mark.parametrize("seed", range(2))
def test_frames_are_read_as_one_by_one(profile: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = with_huge_pages(profile, rng).machine
    scramble(m, rng)
    heads = [pfn for pfn in range(m.frames) if m.page(pfn) & pf.THP and m.page(pfn) & pf.COMPOUND_HEAD]
    for number, head in enumerate(heads):  # somebody holds every second one, which stays whole
        m.refcount.load(head, accounted_references(m, head) + number % 2)
    users = Users(m)
    for _ in users.work():
        pass
    shown = Frames(m, np.arange(m.frames), users, inode_file_systems(m))
    for pfn in range(m.frames):
        head, word = m.compound_head(pfn), m.page(pfn)
        inode = m.inode_of(head)
        assert shown.anon[pfn] == bool(m.anon_vma_of(head)), hex(pfn)
        assert shown.mapped[pfn] == bool(m.mapping.get(head)), hex(pfn)
        assert shown.fs[pfn] == (NO_FILE if inode is None else FS_NAMES.index(inode.filesystem)), hex(pfn)
        thp = word & pf.THP and word & (pf.COMPOUND_HEAD | pf.COMPOUND_TAIL)
        assert shown.splits[pfn] == (bool(thp) and splits(m, head)), hex(pfn)
