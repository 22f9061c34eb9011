"""The form of `expect`: what each key takes, and which steps can answer it."""

from __future__ import annotations

import pytest

from tests.session.scenario.texts import HEAD, MMAP, NEW, TASK, refused, step

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
