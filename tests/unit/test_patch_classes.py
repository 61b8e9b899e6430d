"""A live class takes on what a fresh one is, and stays itself."""

from __future__ import annotations

import gc
import pickle
import sys

import pytest

from hotswap.errors import CannotSwap
from hotswap.journal import MISSING
from hotswap.patch import classes
from tests.unit.classes import described, pristine, program, state

PEP_695 = pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")

EDITS = {
    "a method edited": ("class A:\n def f(self): return 1", "class A:\n def f(self): return 2"),
    "members added": ("class A: pass", "class A:\n x = 1\n def f(self): return self.x\n @property\n def p(self): return 2"),
    "members removed": ("class A:\n x = 1\n def f(self): pass\n class B: pass", "class A: pass"),
    "docs and annotations": (
        "class A:\n 'old'\n x: int\n def f(self) -> int: 'old'",
        "class A:\n 'new'\n x: str\n y: int = 2\n def f(self, a: str = 'x', *, k=1) -> str: 'new'",
    ),
    "a doc removed": ("class A:\n 'old'", "class A:\n pass"),
    "kinds changed": (
        "class A:\n def a(self): pass\n b = 1\n @property\n def c(self): pass\n @staticmethod\n def d(): pass",
        "class A:\n a = 1\n def b(self): pass\n @classmethod\n def c(cls): pass\n @property\n def d(self): pass",
    ),
    "super used": (
        "class A:\n def f(self): return 1",
        "class A:\n def f(self): return super().__repr__()\n def g(self): return __class__",
    ),
    "private names": ("class A:\n __x = 1\n def f(self): return self.__x", "class A:\n __y = 2\n def f(self): return self.__y"),
    "equality added": ("class A: pass", "class A:\n def __eq__(self, o): return True"),
    "equality removed": ("class A:\n def __eq__(self, o): return True", "class A: pass"),
    "a nested class": (
        "class A:\n class N:\n  def f(self): return 1",
        "class A:\n class N:\n  def f(self): return 2\n class M(N):\n  def f(self): return super().f()",
    ),
    "the base changed": (
        "class W: pass\nclass F:\n def f(self): return 1\nclass A(W): pass",
        "class W: pass\nclass F:\n def f(self): return 1\nclass A(F): pass",
    ),
    "a first base": ("class W: pass\nclass A: pass", "class W: pass\nclass A(W): pass"),
    "the last base gone": ("class W: pass\nclass A(W): pass", "class W: pass\nclass A: pass"),
    "a mixin added": ("class W: pass\nclass M: pass\nclass A(W): pass", "class W: pass\nclass M: pass\nclass A(M, W): pass"),
    "an exception": ("class A(Exception): pass", "class A(ValueError):\n code = 1\n def __str__(self): return 'x'"),
    "a first abstract base": (
        "from abc import *\nclass A:\n def f(self): pass",
        "from abc import *\nclass A(ABC):\n @abstractmethod\n def f(self): pass",
    ),
    "no abstract base": (
        "from abc import *\nclass A(ABC):\n @abstractmethod\n def f(self): pass",
        "from abc import *\nclass A:\n def f(self): pass",
    ),
    "an abstract method more": (
        "from abc import *\nclass A(ABC):\n @abstractmethod\n def f(self): pass",
        "from abc import *\nclass A(ABC):\n @abstractmethod\n def f(self): pass\n @abstractmethod\n def g(self): pass",
    ),
    "same slots": (
        "class A:\n __slots__ = ('a', 'b')\n def f(self): return 1",
        "class A:\n __slots__ = ('b', 'a')\n def f(self): return 2",
    ),
    "a typing.Generic": (
        "from typing import *\nT = TypeVar('T')\nU = TypeVar('U')\nclass A(Generic[T]): pass",
        "from typing import *\nT = TypeVar('T')\nU = TypeVar('U')\nclass A(Generic[T, U]):\n def f(self, x: T) -> U: pass",
    ),
    "generic for the first time": (
        "from typing import *\nT = TypeVar('T')\nclass A: pass",
        "from typing import *\nT = TypeVar('T')\nclass A(Generic[T]):\n pass",
    ),
    "a protocol": (
        "from typing import *\n@runtime_checkable\nclass A(Protocol):\n def f(self): pass",
        "from typing import *\n@runtime_checkable\nclass A(Protocol):\n def f(self): pass\n x: int\n def g(self): pass",
    ),
    "a typed dict": (
        "from typing import *\nclass A(TypedDict):\n a: int",
        "from typing import *\nclass A(TypedDict, total=False):\n a: str\n b: int",
    ),
    "total ordering": (
        "from functools import *\nclass A:\n def __lt__(self, o): return True\n def __eq__(self, o): return True",
        "from functools import *\n@total_ordering\nclass A:\n def __lt__(self, o): return False\n"
        " def __eq__(self, o): return True",
    ),
    "a metaclass": (
        "class M(type):\n def __new__(m, n, b, s):\n  s['made'] = 1\n  return super().__new__(m, n, b, s)\n"
        " def __call__(c): return 5\nclass A: pass",
        "class M(type):\n def __new__(m, n, b, s):\n  s['made'] = 1\n  return super().__new__(m, n, b, s)\n"
        " def __call__(c): return 5\nclass A(metaclass=M): pass",
    ),
    "a descriptor that knows its owner": (
        "class D:\n def __set_name__(self, o, n): self.owner, self.name = o, n\nclass A: pass",
        "class D:\n def __set_name__(self, o, n): self.owner, self.name = o, n\nclass A:\n x = D()\n y = {'in': (D(), x)}",
    ),
    "singledispatchmethod": (
        "from functools import *\nclass A:\n @singledispatchmethod\n def f(self, x): return 1",
        "from functools import *\nclass A:\n @singledispatchmethod\n def f(self, x): return 2\n"
        " @f.register\n def _(self, x: int): return __class__",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_a_poured_class_equals_one_built_in_a_fresh_process(edit):
    """Every member, base and attribute of the live class is what a class without a past has; it is the same object."""
    old, new = EDITS[edit]
    with program(old) as app:
        live, instances = app.A, type.__subclasses__(app.A)
        app.edit(_last_class(new), "A")
        assert app.A is live
        assert described(app.A) == described(pristine(new, "A"))
        assert instances == []


@pytest.mark.parametrize("edit", EDITS)
def test_a_rollback_restores_the_class_exactly(edit):
    """After a rollback members, bases, subclasses, code and closures are the very objects from before."""
    old, new = EDITS[edit]
    with program(old) as app:
        bases = app.A.__bases__
        before, relatives = state(app.A), [type.__subclasses__(b) for b in bases if b not in (object, dict)]
        app.edit(_last_class(new), "A")
        assert app.journal.rollback() == []
        assert state(app.A) == before
        assert [type.__subclasses__(b) for b in bases if b not in (object, dict)] == relatives


@pytest.mark.parametrize("edit", EDITS)
def test_a_failure_at_any_write_can_be_taken_back(edit):
    """Whichever write fails, the rollback restores the class."""
    old, new = EDITS[edit]
    number = 0
    while True:
        number += 1
        with program(old) as app:
            before = state(app.A)
            app.journal.before_write = failing_at(number)
            try:
                app.edit(_last_class(new), "A")
            except OSError:
                assert app.journal.rollback() == []
                assert state(app.A) == before, f"write {number}"
            else:
                break
    assert number > 1


@pytest.mark.parametrize("edit", EDITS)
def test_nothing_of_a_poured_class_refers_to_the_fresh_one(edit):
    """The fresh class is garbage after the round: no twin of the live class is alive."""
    old, new = EDITS[edit]
    with program(old) as app:
        app.edit(_last_class(new), "A")
        app.journal.close()
        app.merger.twins.clear()
        gc.collect()
        assert [c for c in gc.get_objects() if isinstance(c, type) and c.__module__ == "poured" and c.__qualname__ == "A"] == [app.A]


def failing_at(number):
    """A hook that raises at the n-th write."""
    count = 0

    def hook():
        nonlocal count
        count += 1
        if count == number:
            raise OSError(number)

    return hook


def _last_class(source):
    """The statement that binds A, with its decorators; the rest of the source did not change."""
    lines = source.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("class A"))
    while start and lines[start - 1].startswith("@"):
        start -= 1
    return "\n".join(lines[start:])
