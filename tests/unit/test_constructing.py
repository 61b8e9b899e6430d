"""A class that lost its `__new__` is called as one that never had it."""

from __future__ import annotations

from hotswap.constructing import settle_new


def made():
    class P:
        def __new__(cls, *_):
            return super().__new__(cls)

        def __init__(self, x):
            self.x = x

    class Q(P):
        pass

    return P, Q


def test_arguments_reach_the_constructor_again():
    """`object.__new__` does not mind what `__init__` takes, in subclasses either."""
    base, derived = made()
    del base.__new__
    settle_new(base)
    assert (base(1).x, derived(2).x) == (1, 2)


def test_a_class_that_has_one_keeps_it():
    """Nothing changes for those that still say how an instance is made."""
    base, derived = made()
    derived.__new__ = staticmethod(lambda cls, *_: object.__new__(base))
    del base.__new__
    settle_new(base)
    assert (base(1).x, type(derived(2))) == (1, base)
