"""Enumerations of PySide are the same as those that `enum` makes, and any other enumeration is made by `enum`."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from enum import KEEP, Enum, EnumType, Flag, IntEnum, IntFlag
from typing import Any, cast

import pytest
from PySide6 import QtCore, QtGui, QtWidgets

from hwpoison_gui.gui.app import qt_enums

ENUMS = cast(Any, EnumType)
Described = dict[str, object]


def of_pyside() -> Iterator[type[Enum]]:
    """All enumerations of the modules that the window uses."""
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            found = getattr(module, name)
            inner = (
                [value for value in vars(found).values() if isinstance(value, EnumType)]
                if isinstance(found, type)
                else []
            )
            yield from [found] if isinstance(found, EnumType) else inner


def described(cls: Any) -> Described:
    """What a class consists of, with its members described too: they differ from those of an equal class."""

    def plain(value: Any) -> object:
        if type(value) is cls:
            return value._name_, value._value_, {key: part for key, part in vars(value).items() if part is not cls}
        if isinstance(value, dict):
            return [(key, plain(one)) for key, one in value.items()]
        return type(value) if isinstance(value, enum.property) else getattr(value, "__func__", value)

    return {key: plain(value) for key, value in vars(cls).items() if key not in ("__dict__", "__weakref__")}


def test_every_enumeration_of_pyside_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0
    for cls in of_pyside():
        base, items = cls.__bases__[0], [(name, member.value) for name, member in cls.__members__.items()]
        as_ever = qt_enums._as_ever(base, cls.__name__, items, module="m", start=1, boundary=KEEP)
        made = cast(Any, qt_enums._create(base, cls.__name__, items, module="m", start=1, boundary=KEEP))
        assert described(made) == described(as_ever), cls
        assert [repr(one) for one in made] == [repr(one) for one in as_ever] and dir(made) == dir(as_ever)
        assert all(made(value) is made[name] is getattr(made, name) for name, value in items)
        number += 1
    assert number > 500
    monkeypatch.setattr(qt_enums, "_as_ever", None)  # no longer needed: the make-up of each base is known
    for base in (Enum, IntEnum, Flag, IntFlag):
        assert qt_enums._create(base, "Made", [("ONE", 1), ("TWO", 2)], boundary=KEEP).TWO.value == 2


def test_flags_combine_and_negate_alike() -> None:
    items = [("NONE", 0), ("LOW", 1), ("HIGH", 4), ("BOTH", 5), ("ALSO_HIGH", 4), ("ALL", -1)]
    for base in (Flag, IntFlag):
        for make in (qt_enums._as_ever, qt_enums._create):
            made = make(base, "Made", items, module="m", boundary=KEEP)
            assert made.LOW | made.HIGH is made.BOTH and list(made.BOTH) == list(made) == [made.LOW, made.HIGH]
            assert made.ALSO_HIGH is made.HIGH and made(8).value == 8 and not made.BOTH & ~made.BOTH


@pytest.mark.parametrize(
    ("names", "options"),
    [
        ([("name", 1), ("value", 2)], {}),
        ([("_private", 1)], {}),
        ([("A", 1), ("A", 2)], {}),
        ([("A", "text")], {}),
        ("A B C", {}),
        (["A", "B"], {}),
        ([], {}),
        ([("A", 1)], {"type": int}),
        ([("A", 1)], {"qualname": "Outer.Made"}),
        ([("A", 1), ("B", 2)], {"boundary": None}),
    ],
)
def test_others_are_made_by_enum(monkeypatch: pytest.MonkeyPatch, names: Any, options: dict[str, Any]) -> None:
    def attempt() -> object:
        try:
            return described(Enum("Made", names, **{"boundary": KEEP, **options}))
        except (TypeError, ValueError) as error:
            return repr(error)

    as_ever = attempt()
    monkeypatch.setattr(ENUMS, "_create_", ENUMS._create_)
    qt_enums.install()
    assert ENUMS._create_ is qt_enums._create and attempt() == as_ever
    assert Enum("Made", names="A").__module__ == __name__


def test_a_python_that_is_not_known_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENUMS, "_create_", qt_enums._as_ever)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    qt_enums.install()
    assert ENUMS._create_ is qt_enums._as_ever
    monkeypatch.setattr(qt_enums, "_empty", {})
    monkeypatch.setattr(qt_enums, "_UNFILLED", frozenset())  # it has something to be filled of which nothing is known
    assert qt_enums._made_up(Enum) is None
    assert qt_enums._create(Enum, "Made", [("A", 1)], module="m", boundary=KEEP).A.value == 1
