"""Files of the kernel that hold numbers: what stands in them, what may be typed, and which operation writes it."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.counters import counters_of
from hwpoison_gui.view.facts.kernel_files import (
    KernelFile,
    filter_files,
    missing_filters,
    missing_pool,
    pool_files,
    written,
)


def named(m: Machine, name: str) -> KernelFile:
    return next(file for file in (*filter_files(m), *pool_files(m)) if file.name.endswith(name))


@pytest.fixture(name="session")
def _session() -> Session:
    return Session.fresh(1 << 13, 0, "none", 2, "6.1")


def write(session: Session, name: str, text: str) -> None:
    file = named(session.machine, name)
    args = written(session.machine, file, text)
    assert args is not None
    session.act(file.op, shape.values_of(OPS[file.op].keys, args))


@pytest.mark.parametrize(
    ("name", "text", "number", "shown"),
    [("dev-major", "8", 8, "8"), ("dev-minor", "0x17", 23, "23"), ("flags-mask", "lru, dirty", 0x30, "0x30"),
     ("flags-value", "0x20", 0x20, "0x20"), ("memcg", "4026531840", 4026531840, "4026531840"), ("enable", "1", 1, "1"),
     ("nr_hugepages", "3", 3, "3"), ("nr_overcommit_hugepages", "1", 1, "1")],
)  # fmt: skip
def test_what_is_typed_is_written_and_stands_there_then(
    session: Session, name: str, text: str, number: int, shown: str
) -> None:
    write(session, name, text)
    file = named(session.machine, name)
    assert (file.value, file.text) == (number, shown)
    assert written(session.machine, file, file.text) is None


def test_any_device_is_the_default(session: Session) -> None:
    file = named(session.machine, "dev-major")
    assert file.text == "any" and written(session.machine, file, "any") is None
    write(session, "dev-major", "8")
    assert written(session.machine, named(session.machine, "dev-major"), "any") == {
        "name": "corrupt-filter-dev-major", "value": 0xFFFFFFFF,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [("dev-major", "4294967296", "is more than 4294967295"), ("enable", "", "expected a number"),
     ("enable", "-1", "expected a number"), ("flags-mask", "lru,best", "expected a number"),
     ("memcg", "/system.slice", "no memory cgroup"), ("nr_hugepages", "1e3", "expected a number"),
     ("nr_hugepages", "99999999", "is more than"), ("memcg", "٣", "expected a number")],
)  # fmt: skip
def test_what_is_no_value_is_refused_by_name(session: Session, name: str, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: .*{wrong}"):
        written(session.machine, named(session.machine, name), text)


def test_a_cgroup_may_be_named_by_its_path() -> None:
    image = desktop(4096, 1)._replace(cgroup=np.full(4096, 77, np.uint64), cgroups={77: "/a.slice"})
    m = machine_from_image(image, PROFILES["6.12"])
    file = named(m, "memcg")
    assert "77 /a.slice" in file.meaning
    assert written(m, file, "/a.slice") == {"name": "corrupt-filter-memcg", "value": 77}


def test_why_they_are_missing() -> None:
    old, small = Session.fresh(1 << 13, profile="v7").machine, Session.fresh(512, profile="6.1").machine
    assert "choose profile 6.1" in missing_filters(old) and not missing_pool(old)
    assert not missing_filters(small) and "no hugetlb page" in missing_pool(small)


def test_the_counter_says_what_the_filters_let_through(session: Session) -> None:
    write(session, "dev-major", "8")
    write(session, "flags-mask", "dirty")
    assert "Filter" not in [one.name for one in counters_of(session)]
    write(session, "enable", "1")
    (shown,) = [one for one in counters_of(session) if one.name == "Filter"]
    assert shown.value == "on" and "files on device 8:any and flags & 0x10 = 0x0" in shown.tip
