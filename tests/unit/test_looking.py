"""Looking at objects without running any of the program's code."""

from __future__ import annotations

import types

import pytest

from hotswap.looking import family, in_classes, is_a, is_any, look_up, own_space


class Trap:
    """Whatever is asked of it runs code."""

    here = 1
    computed = property(lambda _: 1 / 0)

    @property
    def __class__(self):
        raise ZeroDivisionError

    def __getattribute__(self, name):
        raise ZeroDivisionError

    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = None


class Liar:
    @property
    def __class__(self):
        return int


class Slotted:
    __slots__ = ("x",)


class OwnDict:
    __slots__ = ()

    @property
    def __dict__(self):
        raise ZeroDivisionError


class Meta(type):
    def __getattribute__(cls, name):
        raise ZeroDivisionError


class Guarded(metaclass=Meta):
    x = 1


@pytest.mark.parametrize(
    ("cls", "kind", "expected"), [(bool, int, True), (int, bool, False), (Liar, int, False), (Trap, Trap, True)]
)
def test_the_true_type_counts(cls, kind, expected):
    """Whatever an object says of its class."""
    value = cls()
    assert (is_a(value, kind), is_any(value, str, kind)) == (expected, expected)


def test_an_objects_own_attributes():
    """Those that it holds itself; a `__dict__` that computes something is none."""
    trap = Trap()
    object.__setattr__(trap, "x", 2)
    assert [own_space(v) for v in (trap, Slotted(), OwnDict(), 5)] == [{"x": 2}, {}, {}, {}]


def test_a_classs_own_attributes():
    """As they are stored, whatever its metaclass says."""
    assert (own_space(Guarded)["x"], "computed" in own_space(Trap)) == (1, True)


def test_the_first_class_that_has_it():
    """None when none has."""
    assert (in_classes(type.mro(Guarded), "x"), in_classes([int], "nothing")) == (1, None)


def test_attributes_are_looked_up_as_they_are_stored():
    """Of modules, of classes and their bases, of objects and their classes; descriptors are not called."""
    module = types.ModuleType("m")
    module.x = 3
    assert [look_up(v, n) for v, n in ((module, "x"), (Trap(), "here"), (Guarded, "x"), (Trap(), "nothing"))] == [
        3,
        1,
        1,
        None,
    ]
    assert look_up(Trap(), "computed") is vars(Trap)["computed"]


def test_a_module_has_only_what_is_in_it():
    """The attributes of its type are none of the program's."""
    assert look_up(types.ModuleType("m"), "__init__") is None


def test_a_family_is_a_class_with_all_that_derive_from_it():
    """Each once, bases before subclasses."""

    class A: ...

    class B(A): ...

    class C(A): ...

    class D(B, C): ...

    assert family(A) == [A, B, C, D]
