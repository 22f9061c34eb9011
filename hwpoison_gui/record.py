"""Records: named tuples, as of `typing.NamedTuple`, whose classes are made in a tenth of the time.

A start makes more than a hundred of these classes, and instances of half of them. NamedTuple compiles every annotation
and a constructor of every class; here annotations stay text, and a constructor is compiled at the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Record"]

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from collections import namedtuple

    _Field = type(namedtuple("_", "field").field)  # reads one place of a tuple, in C

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
            for place, name in enumerate(declared):
                setattr(cls, name, _Field(place, ""))

        def __new__(cls, *values, **named):
            names = ", ".join(cls._fields)
            made = eval(f"lambda _cls, {names}: _new(_cls, ({names},))", {"_new": tuple.__new__})
            made.__defaults__ = tuple(cls._field_defaults.values())
            made.__name__, made.__qualname__ = "__new__", f"{cls.__qualname__}.__new__"
            cls.__new__ = staticmethod(made)
            return made(cls, *values, **named)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changed):
            return type(self)(**{**self._asdict(), **changed})

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)
