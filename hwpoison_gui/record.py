"""Records: named tuples, like those of `typing.NamedTuple`, whose classes are made in a tenth of the time.

A start makes more than a hundred of these classes, and instances of half of them. NamedTuple compiles every annotation
and a constructor of every class; here annotations stay text, and classes with as many fields share the code of a
constructor, compiled at the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import repeat
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["Record", "as_columns", "from_columns"]

R = TypeVar("R")

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from collections import namedtuple

    _new = tuple.__new__
    _Field = type(namedtuple("_", "field").field)  # reads one place of a tuple, in C

    @cache
    def _constructor(fields: int) -> CodeType:
        """The code of a constructor with that many fields, whose names are still to be given."""
        names = ", ".join(f"_{place}" for place in range(fields))  # of numbers alone: no text from outside is run
        return eval(f"lambda _cls, {names}: _new(_cls, ({names},))").__code__

    class _Kind(type):
        """Makes records without room for further attributes; classes that inherit from a record have it."""

        @classmethod
        def __prepare__(cls, name, bases):
            return {} if any(hasattr(base, "_fields") for base in bases) else {"__slots__": ()}

    class Record(tuple, metaclass=_Kind):
        """A tuple with names for its places; a subclass declares them, with or without defaults, as attributes."""

        def __init_subclass__(cls):
            if hasattr(cls, "_fields"):  # inherited
                return
            declared = cls.__annotations__
            cls._fields = cls.__match_args__ = tuple(declared)
            cls._field_defaults = {name: cls.__dict__[name] for name in declared if name in cls.__dict__}
            cls._places = {name: place for place, name in enumerate(declared)}
            for name, place in cls._places.items():
                setattr(cls, name, _Field(place, ""))

        def __new__(cls, *values, **named):
            names, qualname = ("_cls", *cls._fields), f"{cls.__qualname__}.__new__"
            code = _constructor(len(cls._fields)).replace(co_varnames=names, co_name="__new__", co_qualname=qualname)
            made = FunctionType(code, {"_new": _new}, argdefs=tuple(cls._field_defaults.values()))
            cls.__new__ = staticmethod(made)
            return made(cls, *values, **named)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changed):
            values, places = list(self), self._places
            try:
                for name, value in changed.items():
                    values[places[name]] = value
            except KeyError:
                raise TypeError(f"{type(self).__name__} has no {name}") from None
            return _new(type(self), values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)


def from_columns(kind: type[R], *columns: Iterable[Any]) -> Iterator[R]:
    """Records of one kind; each column has the values of one field, and no field may be left out.

    They are made in a third of the time that as many calls of the constructor take.
    """
    made: Callable[..., R] = tuple.__new__
    return map(made, repeat(kind), zip(*columns, strict=False))


def as_columns(kind: type[R], records: Iterable[R]) -> Any:
    """A record of that kind whose fields are columns, with one element of each of some records; not of none."""
    made: Callable[..., Any] = tuple.__new__
    return made(kind, zip(*records, strict=True))
