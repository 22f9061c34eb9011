"""Reading scenario files: what a good one becomes, and how every bad one is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import from_document, load, loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from tests.paths import DATA

CASES = sorted((DATA / "cases").glob("*/*.toml"))

HEAD = 'format = 1\ntitle = "t"\n'
NEW = HEAD + 'profile = "6.1"\n'
TASK = '[[step]]\nop = "task"\nname = "a"\n'
FILE = '[[step]]\nop = "file"\npath = "/f"\npages = 4\n'
OPEN = '[[step]]\nop = "open"\ntask = "a"\npath = "/f"\nfd = "d"\n'
MMAP = '[[step]]\nop = "mmap"\ntask = "a"\nname = "m"\npages = 2\n'
EXIT = '[[step]]\nop = "exit"\ntask = "a"\n'


def step(op: str, rest: str = "") -> str:
    return f'[[step]]\nop = "{op}"\n{rest}\n'


def refused(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as raised:
        loads(text, "x.toml")
    return raised.value


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_cases_load(path: Path) -> None:
    assert load(path).steps


def test_defaults_are_filled_in() -> None:
    scenario = loads(HEAD + TASK + MMAP + step("poison", 'frame = "a:m+0"'))
    assert scenario == Scenario(title="t", steps=scenario.steps)
    assert (scenario.profile, scenario.memory, scenario.sysctl) == ("v7", Memory(4096, "none", 0, 0), {})
    task, mmap, poison = scenario.steps
    assert task.args == {
        "name": "a", "comm": "a", "mce_kill": "default", "sigbus": "default", "sigsegv": "default", "threads": 1
    }  # fmt: skip
    assert mmap.args == {
        "task": "a", "name": "m", "pages": 2, "offset": 0, "shared": False, "prot": "rw", "locked": False,
        "populate": False, "huge": "none",
    }  # fmt: skip
    assert poison.args == {"frame": "a:m+0", "via": "corrupt-pfn", "thread": 0, "rip_valid": True}
    assert [one.number for one in scenario.steps] == [1, 2, 3]


def test_presenting_stops_at_poison_and_captions() -> None:
    text = HEAD + TASK + step("drop_caches", 'caption = "Look."') + step("poison", 'frame = "any:free"')
    assert [one.pause for one in loads(text).steps] == [False, True, True]
    assert not loads(HEAD + step("poison", 'frame = "any:free"\npause = false')).steps[0].pause


def test_a_file_without_steps_is_good() -> None:
    assert loads(HEAD).steps == ()


FORM = {
    "not TOML": ("format = ", "", None, "expected TOML 1.0"),
    "an endless integer": (f"format = {'1' * 5000}", "", None, "expected TOML 1.0"),
    "nested too deeply": ("a = " + "[" * 20000, "", None, "nested too deeply"),
    "no format": ('title = "t"', "format", None, "missing; expected 1"),
    "another format": ('format = 2\ntitle = "t"', "format", None, "expected 1, not 2"),
    "a format that is no integer": ('format = true\ntitle = "t"', "format", None, "expected 1, not true"),
    "no title": ("format = 1", "title", None, "missing"),
    "a title that is no string": ("format = 1\ntitle = 1", "title", None, "expected a string, not 1"),
    "an unknown key": (HEAD + "steps = []", "steps", None, "did you mean `step`?"),
    "an unknown profile": (HEAD + 'profile = "v8"', "profile", None, "expected `v7` or `6.1`"),
    "memory that is no table": (HEAD + "memory = 1", "memory", None, "expected a table"),
    "an unknown key of memory": (HEAD + "[memory]\nframe = 1", "memory.frame", None, "did you mean `frames`?"),
    "too few frames": (HEAD + "[memory]\nframes = 1", "memory.frames", None, "expected an integer from 256"),
    "true for a number": (HEAD + "[memory]\nseed = true", "memory.seed", None, "not true"),
    "an unknown background": (HEAD + '[memory]\nbackground = "x"', "memory.background", None, "expected `none`"),
    "more huge pages than memory": (HEAD + "[memory]\nhuge_pages = 9", "memory.huge_pages", None, "at most 8"),
    "an unknown sysctl": (HEAD + "[sysctl]\nswappiness = 1", "sysctl.swappiness", None, "unknown key"),
    "a sysctl's value": (
        HEAD + "[sysctl]\nmemory_failure_recovery = 2", "sysctl.memory_failure_recovery", None, "from 0 to 1"
    ),
    "steps that are no list": (HEAD + "[step]", "step", None, "expected a list"),
    "a step that is no table": (HEAD + "step = [1]", "", 1, "expected a table, not 1"),
    "no op": (HEAD + "[[step]]", "op", 1, "missing"),
    "an unknown op": (HEAD + step("mmapp"), "op", 1, 'not "mmapp"'),
    "a missing key": (HEAD + TASK + step("mmap", 'task = "a"\nname = "m"'), "pages", 2, "missing; expected an integer"),
    "an unknown key of an op": (HEAD + step("task", 'name = "a"\nfoo = 1'), "foo", 1, "unknown key; `task` takes"),
    "true for pages": (HEAD + FILE.replace("4", "true"), "pages", 1, "not true"),
    "a float for pages": (HEAD + FILE.replace("4", "4.0"), "pages", 1, "not 4.0"),
    "a negative number": (HEAD + FILE.replace("4", "-1"), "pages", 1, "not -1"),
    "1 for true": (HEAD + FILE + "hole = 1", "hole", 1, "expected true or false, not 1"),
    "a word that is not allowed": (HEAD + TASK + 'sigbus = "caught"', "sigbus", 1, "`default`, `handler`"),
    "a name with a colon": (HEAD + step("task", 'name = "a:b"'), "name", 1, "expected a name"),
    "an address without a page": (HEAD + TASK + MMAP + step("read", 'task = "a"\nat = "m"'), "at", 3, "AREA+PAGE"),
    "a page in no known form": (HEAD + step("pin", 'frame = "0x12"'), "frame", 1, "expected a page"),
    "a page of no known kind": (HEAD + step("pin", 'frame = "any:thing"'), "frame", 1, "`free`"),
    "madvise by nobody": (HEAD + step("poison", 'frame = "any:free"\nvia = "madvise"'), "task", 1, "needs it"),
    "a caption that is no string": (HEAD + TASK + "caption = 1", "caption", 1, "expected a string"),
    "a pause that is no flag": (HEAD + TASK + 'pause = "yes"', "pause", 1, "expected true or false"),
}  # fmt: skip

LATER = {
    "soft_offline": (step("soft_offline", 'frame = "any:free"'), "op"),
    "unpoison": (step("unpoison", 'frame = "any:free"'), "op"),
    "hard_offline": (step("poison", 'frame = "any:free"\nvia = "hard_offline"'), "via"),
    "srao": (step("poison", 'frame = "any:free"\nvia = "srao"'), "via"),
    "srar": (TASK + step("poison", 'frame = "any:free"\nvia = "srar"\ntask = "a"'), "via"),
    "thp": (TASK + MMAP + 'huge = "thp"', "huge"),
    "mergeable": (TASK + MMAP + step("madvise", 'task = "a"\nat = "m+0"\nadvice = "mergeable"'), "advice"),
    "huge-zero": (step("pin", 'frame = "any:huge-zero"'), "frame"),
    "the head of huge-zero": (step("pin", 'frame = "head:any:huge-zero"'), "frame"),
}

NAMES = {
    "a task never created": (EXIT, "task", 1),
    "a task that exited": (TASK + EXIT + EXIT, "task", 3),
    "a copier that exited": (
        TASK + step("task", 'name = "b"') + MMAP + step("exit", 'task = "b"')
        + step("copy_from_user", 'task = "a"\nat = "m+0"\nby = "b"'), "by", 5
    ),
    "a page of a task that exited": (TASK + MMAP + EXIT + step("pin", 'frame = "a:m+0"'), "frame", 4),
    "a task twice": (TASK + TASK, "name", 2),
    "a child that is there": (TASK + step("fork", 'task = "a"\nchild = "a"'), "child", 2),
    "a thread it has not": (TASK + step("prctl", 'task = "a"\nthread = 1\nmce_kill = "late"'), "thread", 2),
    "an area never mapped": (TASK + step("read", 'task = "a"\nat = "m+0"'), "at", 2),
    "a page outside its area": (TASK + MMAP + step("read", 'task = "a"\nat = "m+2"'), "at", 3),
    "an area mapped later": (TASK + step("read", 'task = "a"\nat = "m+0"') + MMAP, "at", 2),
    "a replaced page of no area": (TASK + MMAP + 'fixed = "n+0"', "fixed", 2),
    "an area of the parent, mapped after fork": (
        TASK + step("fork", 'task = "a"\nchild = "b"') + MMAP + step("read", 'task = "b"\nat = "m+0"'), "at", 4
    ),
    "a file never created": (TASK + OPEN, "path", 2),
    "a file twice": (FILE + FILE, "path", 2),
    "an unlinked file": (FILE + step("unlink", 'path = "/f"') + step("sync", 'path = "/f"'), "path", 3),
    "a mapped file never created": (TASK + MMAP + 'file = "/f"', "file", 2),
    "a descriptor never opened": (TASK + step("fsync", 'task = "a"\nfd = "d"'), "fd", 2),
    "a descriptor closed": (
        TASK + FILE + OPEN + step("close", 'task = "a"\nfd = "d"') + step("fsync", 'task = "a"\nfd = "d"'), "fd", 5
    ),
    "a descriptor twice": (TASK + FILE + OPEN + OPEN, "fd", 4),
    "a descriptor without its file": (TASK + FILE + OPEN + MMAP + 'fd = "d"', "file", 4),
    "a descriptor of another file": (
        TASK + FILE + FILE.replace("/f", "/g") + OPEN + MMAP + 'file = "/g"\nfd = "d"', "fd", 5
    ),
    "a page never remembered": (step("pin", 'frame = "@p"'), "frame", 1),
    "a page of no file": (step("pin", 'frame = "/f@0"'), "frame", 1),
    "a head of nothing": (step("pin", 'frame = "head:@p"'), "frame", 1),
    "huge pages in parts": (TASK + MMAP + 'huge = "hugetlb"', "pages", 2),
    "a hugetlbfs file in parts": (FILE + 'filesystem = "hugetlbfs"', "pages", 1),
    "huge pages of an ext4 file": (
        TASK + FILE + MMAP.replace("2", "512") + 'file = "/f"\nhuge = "hugetlb"', "huge", 3
    ),
    "a tmpfs file larger than memory": (FILE.replace("4", "5000") + 'filesystem = "tmpfs"', "pages", 1),
}  # fmt: skip

EXPECT = {
    "an unknown key": ("outcome = 1", "expect.outcome", "unknown key"),
    "an unknown result": ('result = "OK"', "expect.result", "`Ignored`"),
    "a number for a kind": ("kind = 1", "expect.kind", "expected a string"),
    "an errno that is a number": ("errno = 16", "expect.errno", "expected 0 or the name"),
    "an errno that is false": ("errno = false", "expect.errno", "expected 0 or the name"),
    "an errno of no kernel": ('errno = "EWRONG"', "expect.errno", "expected 0 or the name"),
    "dirty that is no flag": ("dirty = 0", "expect.dirty", "expected true or false"),
    "signals that are no list": ('signals = "none"', "expect.signals", "expected a list"),
    "a signal that is no table": ("signals = [1]", "expect.signals[1]", "expected a table"),
    "an unknown key of a signal": ("signals = [{}, { pid = 1 }]", "expect.signals[2].pid", "unknown key"),
    "an unknown code": ('signals = [{ code = "BUS_ADRALN" }]', "expect.signals[1].code", "`BUS_MCEERR_AO`"),
    "true for lsb": ("signals = [{ lsb = true }]", "expect.signals[1].lsb", "expected an integer"),
    "a signal's task": ('signals = [{ task = "z" }]', "expect.signals[1].task", "task that was created"),
    "a signal's thread": ('signals = [{ task = "a", thread = 1 }]', "expect.signals[1].thread", "below 1"),
    "a signal's address": ('signals = [{ task = "a", at = "z+0" }]', "expect.signals[1].at", "mapped"),
    "anybody's address": ('signals = [{ at = "z+0" }]', "expect.signals[1].at", "mapped"),
    "a log that is no list": ('log = "x"', "expect.log", "expected a list"),
    "a log line that is no string": ("log = [1]", "expect.log[1]", "expected a string"),
    "an unknown placeholder": ('log_lacks = ["{pfm}"]', "expect.log_lacks[1]", "{pid:NAME}"),
    "a pid of nobody": ('log = ["{pid:z}"]', "expect.log[1]", "task that was created"),
    "a pid of no thread": ('log = ["{pid:a/1}"]', "expect.log[1]", "below 1"),
    "an address without at": ('log_contains = ["{addr}"]', "expect.log_contains[1]", "`at`"),
    "an unknown flag": ('flags_set = ["PG_dirty"]', "expect.flags_set[1]", "page flag"),
    "a float for a count": ("mapcount = 1.0", "expect.mapcount", "not 1.0"),
    "an entry without a state": ('pte = [{ task = "a", at = "m+0" }]', "expect.pte[1].is", "missing"),
    "an unknown state": ('pte = [{ task = "a", at = "m+0", is = "x" }]', "expect.pte[1].is", "`present`"),
    "an entry's address": ('pte = [{ task = "a", at = "z+0", is = "none" }]', "expect.pte[1].at", "mapped"),
    "alive nobody": ('alive = ["a", "z"]', "expect.alive[2]", "task that was created"),
    "dead that is no list": ('dead = "a"', "expect.dead", "expected a list"),
    "a value of a poisoning": ('value = "x"', "expect.value", "only for `read`"),
    "a policy of a poisoning": ('mce_kill = "late"', "expect.mce_kill", "only for `prctl` or `check`"),
    "pages kept from no alloc": ("never_handed_out = []", "expect.never_handed_out", "only for `alloc`"),
    "panic that is no flag": ("panic = 1", "expect.panic", "expected true or false"),
}


@pytest.mark.parametrize(("text", "key", "number", "message"), FORM.values(), ids=FORM)
def test_bad_form(text: str, key: str, number: int | None, message: str) -> None:
    error = refused(text)
    assert (error.file, error.key, error.step) == ("x.toml", key, number)
    assert message in error.message
    assert str(error).startswith("x.toml: " + (f"step {number}: " if number else "") + (f"{key}: " if key else ""))


@pytest.mark.parametrize(("text", "key"), LATER.values(), ids=LATER)
def test_profile_v7_refuses_what_only_later_kernels_have(text: str, key: str) -> None:
    error = refused(HEAD + text)
    assert error.key == key
    assert "only for profile 6.1" in error.message
    loads(NEW + text)


@pytest.mark.parametrize(("text", "key", "number"), NAMES.values(), ids=NAMES)
def test_names_that_stand_for_nothing(text: str, key: str, number: int) -> None:
    error = refused(HEAD + text)
    assert (error.key, error.step) == (key, number), error


@pytest.mark.parametrize(("text", "key", "message"), EXPECT.values(), ids=EXPECT)
def test_bad_expect(text: str, key: str, message: str) -> None:
    poison = step("poison", 'frame = "a:m+0"')
    error = refused(HEAD + TASK + MMAP + poison + "[step.expect]\n" + text)
    assert (error.step, error.key) == (3, key), error
    assert message in error.message


def test_expect_asks_only_what_a_step_can_answer() -> None:
    bare = step("check", "[step.expect]\n{}")
    assert refused(HEAD + bare.format("mapcount = 0")).key == "expect.mapcount"
    assert refused(HEAD + bare.format('flags_set = ["LRU"]')).key == "expect.flags_set"
    assert refused(HEAD + bare.format('mce_kill = "late"')).key == "expect.mce_kill"
    assert refused(HEAD + bare.format('log = ["{pfn}"]').replace("{{", "{")).key == "expect.log[1]"
    assert refused(NEW + bare.format("dirty = true")).key == "expect.dirty"
    kept = step("alloc", 'frames = 1\n[step.expect]\nnever_handed_out = ["@p"]')
    assert refused(HEAD + kept).key == "expect.never_handed_out[1]"


def test_names_go_on_where_they_may() -> None:
    """A child has its parent's areas and descriptors; an unmapped area and an unlinked file keep their names."""
    text = HEAD + TASK + FILE + OPEN + MMAP + 'file = "/f"\nfd = "d"\n'
    text += step("fork", 'task = "a"\nchild = "b"') + EXIT
    text += step("pread", 'task = "b"\nfd = "d"\npage = 0') + step("munmap", 'task = "b"\nat = "m+0"')
    text += step("unlink", 'path = "/f"') + MMAP.replace('"a"', '"b"') + 'file = "/f"\nfd = "d"\n'
    text += FILE + step("check", '[step.expect]\ndead = ["a"]\npte = [{ task = "a", at = "m+0", is = "none" }]')
    assert len(loads(text).steps) == 12


def test_a_background_has_names_of_its_own() -> None:
    text = HEAD + '[memory]\nbackground = "desktop"\n'
    text += step("read", 'task = "shell"\nat = "heap+3"') + step("fork", 'task = "shell"\nchild = "b"')
    text += step("pread", 'task = "b"\nfd = "log"\npage = 0') + step("pin", 'frame = "/lib/libc.so@0"')
    assert len(loads(text).steps) == 4


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ScenarioError, match=r"^f\.toml: expected UTF-8; byte 9 is none$"):
        loads(b"format = \xff", "f.toml")


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(HEAD + step("exit", 'task = "z"'))
    with pytest.raises(ScenarioError) as raised:
        load(path)
    assert str(raised.value) == f'{path}: step 1: task: expected a task that was created, not "z"'


def answers(data: bytes) -> None:
    try:
        assert isinstance(loads(data), Scenario)
    except ScenarioError as error:
        assert str(error)


@given(st.binary())
def test_any_bytes_are_answered(data: bytes) -> None:
    answers(data)


@given(
    st.sampled_from(CASES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), max_size=4)
)
def test_a_damaged_file_is_answered(path: Path, damage: list[tuple[float, int, bytes]]) -> None:
    data = path.read_bytes()
    for where, length, new in damage:
        at = int(where * len(data))
        data = data[:at] + new + data[at + length :]
    answers(data)


VALUES = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}), st.just([{}]),
    st.sampled_from(["a:m+0", "m+0", "@bad", "any:free", "head:any:slab", "pfn:0x12", "/f@1", "default", "a"]),
)  # fmt: skip


@given(st.sampled_from(CASES), st.data())
def test_a_file_with_other_values_is_answered(path: Path, data: st.DataObject) -> None:
    document = tomllib.loads(path.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        where = (
            data.draw(st.sampled_from([document, *document["step"]]))
            if isinstance(document.get("step"), list)
            else document
        )
        if not isinstance(where, dict):
            continue
        if isinstance(where.get("expect"), dict) and where["expect"] and data.draw(st.booleans()):
            where = where["expect"]
        key = data.draw(st.sampled_from([*where, "extra"]))
        where[key] = data.draw(VALUES)
    try:
        assert isinstance(from_document(document), Scenario)
    except ScenarioError as error:
        assert str(error)
