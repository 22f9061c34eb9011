"""Makes the enumerations of PySide as `enum` does, with the same result, in a quarter of the time.

PySide makes all enumerations of a class when the class is first used: a window has 250 of them with 3,300 members.
`enum` gives each member a dozen steps for what never occurs in them: values that are no numbers, names that a base
class has, `auto()`. Here such an enumeration is a copy of an empty one that `enum` made, to which members are added.
"""

from __future__ import annotations

import sys
from enum import KEEP, Enum, EnumType, Flag, FlagBoundary, IntEnum, IntFlag
from typing import Any, Final, cast

_KNOWN: Final = ((3, 11), (3, 13))  # the oldest and the newest Python of which all is known that a member needs
_BASES: Final = (Enum, IntEnum, Flag, IntFlag)
_FILLED: Final = frozenset(("_member_names_", "_member_map_", "_value2member_map_"))  # filled with each member
_UNFILLED: Final = frozenset(("_unhashable_values_", "_unhashable_values_map_"))  # stay empty if all values are numbers
_OF_ANY_CLASS: Final = frozenset(("__dict__", "__weakref__", "__module__", "__new__"))
# Names that mean more than a member.
_TAKEN: Final = {"", "mro", *(name for base in IntFlag.__mro__ for name in vars(base))}

_as_ever: Final = cast(Any, EnumType)._create_
_empty: Final[dict[type, dict[str, Any] | None]] = {}  # namespace of an empty Enum, by base class

Items = list[tuple[str, int]]


def install() -> None:
    """From now on make enumerations like those of PySide here, if this Python is one of which `enum` is known."""
    oldest, newest = _KNOWN
    if oldest <= sys.version_info[:2] <= newest:
        cast(Any, EnumType)._create_ = _create


def _create(
    cls: Any,
    class_name: str,
    names: Any,
    *,
    module: str | None = None,
    boundary: FlagBoundary | None = None,
    **more: Any,
) -> Any:
    """Make an enumeration for `cls(class_name, names)`, as `EnumType._create_` does."""
    module = module or sys._getframe(2).f_globals.get("__name__")  # module of the caller of `cls`
    if boundary is KEEP and cls in _BASES and _are_plain(names) and not (more.get("type") or more.get("qualname")):
        made_up = _made_up(cls)
        if made_up is not None:
            return _filled(cls, class_name, names, {**made_up, "__module__": module})
    return _as_ever(cls, class_name, names, module=module, boundary=boundary, **more)


def _are_plain(names: Any) -> bool:
    """Return whether `names` are different names, each with a number, of which none means anything to a base class."""
    if type(names) is not list or set(map(type, names)) != {tuple}:
        return False
    numbers = dict(names)
    return (
        len(numbers) == len(names)
        and set(map(type, numbers.values())) == {int}
        and numbers.keys().isdisjoint(_TAKEN)
        and not any(name.startswith("_") for name in numbers)
    )


def _made_up(cls: type) -> dict[str, Any] | None:
    """The attributes of an empty enumeration; None if a Python that is not known gives it more to be filled."""
    if cls not in _empty:
        made = vars(_as_ever(cls, "Empty", (), module=__name__, boundary=KEEP))
        containers = {name for name, value in made.items() if isinstance(value, list | dict | set)}
        known = _FILLED <= containers <= _FILLED | _UNFILLED
        _empty[cls] = {name: value for name, value in made.items() if name not in _OF_ANY_CLASS} if known else None
    return _empty[cls]


def _filled(cls: Any, name: str, items: Items, made_up: dict[str, Any]) -> Any:
    """Return an enumeration of this make-up with members."""
    fresh = {key: type(made_up[key])() for key in (_FILLED | _UNFILLED) & made_up.keys()}
    made: Any = type.__new__(EnumType, name, (cls,), {**made_up, **fresh})
    type.__setattr__(made, "__new__", Enum.__new__)
    names, members, by_value = fresh["_member_names_"], fresh["_member_map_"], fresh["_value2member_map_"]
    is_flag, number = issubclass(cls, Flag), issubclass(cls, int)
    put, mask, singles = type.__setattr__, 0, 0
    for key, value in items:
        member = by_value.get(value)
        if member is None:
            member = int.__new__(made, value) if number else object.__new__(made)
            member._value_, member._name_, member.__objclass__, member._sort_order_ = value, key, made, len(names)
            by_value[value] = member
            is_single = value > 0 and not value & (value - 1)
            if is_single or not is_flag:
                names.append(key)
            mask, singles = mask | value, singles | (value if is_single else 0)
        put(made, key, member)
        members[key] = member
    if is_flag:
        put(made, "_flag_mask_", mask)
        put(made, "_singles_mask_", singles)
        put(made, "_all_bits_", 2 ** mask.bit_length() - 1)
        numbers = [members[key]._value_ for key in names]
        if numbers != sorted(numbers):
            put(made, "_iter_member_", made._iter_member_by_def_)
    return made
