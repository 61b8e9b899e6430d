"""A live class takes on what a fresh one is, and stays itself."""

from __future__ import annotations

import gc
import pickle
import sys
import weakref
from abc import abstractmethod

import pytest

from hotswap.errors import CannotSwap
from hotswap.patch import classes, instances, layout
from tests.unit.classes import described, failing_at, pristine, program, state

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
    "a sequence": ("from typing import *\nclass A: pass", "from typing import *\nclass A(Sequence): pass"),
    "a mapping no more": ("from typing import *\nclass A(Mapping): pass", "from typing import *\nclass A: pass"),
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
        (
            "from functools import *\n@total_ordering\nclass A:\n def __lt__(self, o): return False\n"
            " def __eq__(self, o): return True"
        ),
    ),
    "a metaclass": (
        (
            "class M(type):\n def __new__(m, n, b, s):\n  s['made'] = 1\n  return super().__new__(m, n, b, s)\n"
            " def __call__(c): return 5\nclass A: pass"
        ),
        (
            "class M(type):\n def __new__(m, n, b, s):\n  s['made'] = 1\n  return super().__new__(m, n, b, s)\n"
            " def __call__(c): return 5\nclass A(metaclass=M): pass"
        ),
    ),
    "a metaclass that guards its classes": (
        (
            "class M(type):\n def __init__(c, *a): c.number = len(c.mro())\n"
            " def __setattr__(c, n, v):\n  if n != 'number': raise AttributeError(n)\n  super().__setattr__(n, v)\n"
            " @classmethod\n def __prepare__(m, n, b): return {'prepared': True}\nclass A(metaclass=M):\n x = 1"
        ),
        (
            "class M(type):\n def __init__(c, *a): c.number = len(c.mro())\n"
            " def __setattr__(c, n, v):\n  if n != 'number': raise AttributeError(n)\n  super().__setattr__(n, v)\n"
            " @classmethod\n def __prepare__(m, n, b): return {'prepared': True}\nclass A(metaclass=M):\n y = 1"
        ),
    ),
    "a metaclass with an order of its own": (
        "class W: pass\nclass M(type):\n def mro(c): return [c, W, object]\nclass A(metaclass=M): pass",
        "class W: pass\nclass M(type):\n def mro(c): return [c, W, object]\nclass A(metaclass=M):\n x = 1",
    ),
    "a descriptor that knows its owner": (
        "class D:\n def __set_name__(self, o, n): self.owner, self.name = o, n\nclass A: pass",
        "class D:\n def __set_name__(self, o, n): self.owner, self.name = o, n\nclass A:\n x = D()\n y = {'in': (D(), x)}",
    ),
    "singledispatchmethod": (
        "from functools import *\nclass A:\n @singledispatchmethod\n def f(self, x): return 1",
        (
            "from functools import *\nclass A:\n @singledispatchmethod\n def f(self, x): return 2\n"
            " @f.register\n def _(self, x: int): return __class__"
        ),
    ),
}  # fmt: skip
if sys.version_info >= (3, 12):
    EDITS |= {
        "type parameters": (
            "class A[T]:\n def f(self) -> T: pass",
            "class A[T, *U]:\n def f(self, x: T) -> U: return T",
        ),
        "the first type parameter": ("class A: pass", "class A[T]:\n def f(self, x: T): return super().__repr__()"),
        "no type parameter": ("class A[T]: pass", "class A: pass"),
    }


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
    read = type.__getattribute__  # what other tests left alive may have a metaclass that forbids it
    with program(old) as app:
        app.edit(_last_class(new), "A")
        app.journal.close()
        app.merger.twins.clear()
        gc.collect()
        assert [
            c
            for c in gc.get_objects()
            if isinstance(c, type) and read(c, "__module__") == "poured" and read(c, "__qualname__") == "A"
        ] == [app.A]


def _last_class(source):
    """The statement that binds A, with its decorators; the rest of the source did not change."""
    lines = source.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("class A"))
    while start and lines[start - 1].startswith("@"):
        start -= 1
    return "\n".join(lines[start:])


# ---------------------------------------------------------------------- what holders see


def test_instances_subclasses_and_pickles_go_on_with_the_new_class():
    """Old instances run new code, and are instances of the class they can be pickled as; subclasses inherit."""
    with program("class A:\n def f(self): return 1\nclass B(A): pass") as app:
        one, sub, blob, method = app.A(), app.B(), pickle.dumps(app.A()), app.A().f
        app.edit("class A:\n def f(self): return 2\n def g(self): return __class__")
        assert (one.f(), sub.f(), pickle.loads(blob).f(), method()) == (2, 2, 2, 2)
        assert sub.g() is app.A
        assert type(pickle.loads(pickle.dumps(one))) is type(one) is app.A
        assert isinstance(sub, app.A)


def test_a_base_given_to_a_class_reaches_instances_and_follows_later_edits():
    """From no base to one: what is written to the base afterwards is seen, and `super()` works."""
    with program("class W:\n def f(self): return 1\nclass A:\n def f(self): return 0") as app:
        one = app.A()
        one.x = 5
        app.edit("class A(W):\n def f(self): return super().f() + self.x")
        assert one.f() == 6
        app.W.f = lambda self: 10
        assert one.f() == 15
        assert type.__subclasses__(app.W) == [app.A]
        assert vars(one) == {"x": 5}


def test_a_base_taken_from_a_class_leaves_instances_usable():
    """From one base to none: attributes, `__dict__` and weak references of old instances go on working."""
    with program("class W: pass\nclass A(W): pass") as app:
        one = app.A()
        one.x = 5
        app.edit("class A: pass")
        reference = weakref.ref(one)
        assert (vars(one), one.__weakref__, reference()) == ({"x": 5}, reference, one)
        assert not isinstance(one, app.W)


@pytest.mark.parametrize("base", ["D", "S", "E"])
def test_a_base_of_another_layout_is_never_assigned(base):
    """Where Python refuses a base because instances look different in memory, so do we."""
    with program("class S:\n __slots__ = ('x',)\nclass D(dict): pass\nclass E(Exception): pass\nclass A: pass") as app:
        with pytest.raises(TypeError, match="layout"):
            layout.assign_bases(app.A, (getattr(app, base),))
        assert app.A.__bases__ == (object,)


def test_bases_go_to_and_fro_without_leaking():
    """A hundred changes of the base leave no reference behind."""
    with program("class W: pass\nclass A: pass") as app:
        for _ in range(3):
            app.edit("class A(W): pass")
            app.edit("class A: pass")
        app.journal.close()
        before = sys.getrefcount(app.W), sys.getrefcount(app.A)
        for _ in range(100):
            layout.assign_bases(app.A, (app.W,))
            layout.assign_bases(app.A, (object,))
        assert (sys.getrefcount(app.W), sys.getrefcount(app.A)) == before


def test_subclasses_of_a_class_with_other_bases_have_the_right_order():
    """The method resolution order of subclasses that did not change is computed anew."""
    with program("class W: pass\nclass F: pass\nclass A(W): pass\nclass B(A): pass") as app:
        app.edit("class A(F): pass")
        assert app.B.__mro__ == (app.B, app.A, app.F, object)


def test_bases_that_conflict_in_a_subclass_are_refused():
    """Python finds no order for the subclass, and no statement has given it other bases when the round ends."""
    with program("class W: pass\nclass F: pass\nclass A: pass\nclass B(A, W, F): pass") as app:
        app.edit("class A(F, W): pass")
        with pytest.raises(CannotSwap, match=r"HS204.*poured\.B has bases that changed"):
            app.journal.settle()


def test_bases_that_conflict_in_a_subclass_are_put_back():
    """Those of the class, and those that the subclass had to do without until the end of the round."""
    with program("class W: pass\nclass F: pass\nclass A: pass\nclass B(A, W, F): pass") as app:
        before = state(app.A), state(app.B)
        app.edit("class A(F, W): pass")
        app.journal.rollback()
        assert (state(app.A), state(app.B)) == before


def test_bases_that_conflict_in_a_subclass_until_it_is_made_anew():
    """In between the subclass has one base."""
    with program("class W: pass\nclass F: pass\nclass A: pass\nclass B(A, W, F): pass") as app:
        app.edit("class A(F, W): pass")
        app.edit("class B(A, F, W): pass")
        app.journal.settle()
        assert app.B.__bases__ == (app.A, app.F, app.W)


def test_a_class_that_derives_from_its_own_name_is_refused():
    """Run again, `class A(A)` would derive from its own earlier version."""
    with program("class A: pass") as app, pytest.raises(CannotSwap, match="HS209"):
        app.edit("class A(A): pass")


def test_slots_that_change_are_refused_under_a_living_subclass():
    """A subclass builds on the layout, so the class must stay; it is named."""
    old, new = "class A:\n __slots__ = ('x',)\nclass B(A): pass", "class A:\n __slots__ = ('x', 'y')"
    with program(old) as app, pytest.raises(CannotSwap, match=r"HS201.*its subclasses B build on"):
        app.edit(new)


def test_what_the_edit_does_not_touch_stays():
    """A kept name has its live value, whether the class statement binds it or only the running program did."""
    with program("class A:\n made = 0\n items = []\n def f(self): return 1") as app:
        app.A.made, app.A.late = 5, "set at run time"
        items = app.A.items
        app.edit(
            "class A:\n made = 0\n items = []\n def f(self): return 2", keep=frozenset(("made", "items", "late", "f"))
        )
        assert (app.A.made, app.A.late, app.A().f()) == (5, "set at run time", 2)
        assert app.A.items is items


def test_functions_stay_the_objects_that_they_are():
    """A function held from before is the member of today, also within a static method or property."""
    old = "class A:\n def f(self): return 1\n @staticmethod\n def s(): return 1\n @property\n def p(self): return 1"
    with program(old) as app:
        held = app.A.f, app.A.s, app.A.p.fget
        app.edit(old.replace("1", "2"))
        assert (app.A.f, app.A.s, app.A.p.fget) == held
        assert [f(None) if f.__code__.co_argcount else f() for f in held] == [2, 2, 2]


def test_registrations_and_answers_of_abstract_classes_follow():
    """Virtual subclasses stay registered; remembered answers of isinstance are asked anew."""
    old = "from abc import *\nfrom collections.abc import Sized\nclass I(ABC): pass\nclass A(I): pass\nclass M: pass"
    with program(old) as app:
        app.A.register(app.M)
        one = app.A()
        assert isinstance(one, app.I)
        assert not isinstance(one, app.Sized)
        app.edit("class A(metaclass=ABCMeta):\n def __len__(self): return 1")
        assert isinstance(one, app.Sized)
        assert not isinstance(one, app.I)
        assert isinstance(app.M(), app.A)
        app.journal.rollback()
        assert isinstance(one, app.I)
        assert not isinstance(one, app.Sized)


def test_abstract_methods_reach_subclasses():
    """A subclass that lacks a new abstract method cannot be instantiated; the rollback allows it again."""
    with program("from abc import *\nclass A(ABC): pass\nclass B(A): pass") as app:
        app.edit("class A(ABC):\n @abstractmethod\n def f(self): pass")
        with pytest.raises(TypeError, match="abstract"):
            app.B()
        app.journal.rollback()
        assert isinstance(app.B(), app.A)


def test_dispatch_tables_follow_the_bases():
    """A function that dispatches on the class chooses by the bases of today."""
    old = (
        "from functools import *\nclass W: pass\nclass F: pass\nclass A(W): pass\n"
        "@singledispatch\ndef f(x): return 0\nf.register(W)(lambda x: 'W')\nf.register(F)(lambda x: 'F')"
    )
    with program(old) as app:
        one = app.A()
        assert app.f(one) == "W"
        app.edit("class A(F): pass", "A")
        assert app.f(one) == "F"
        app.journal.rollback()
        assert app.f(one) == "W"


def test_values_that_an_edited_cached_property_left_are_dropped():
    """The instance computes it anew; a value of an untouched cached property stays; the rollback restores both."""
    body = "from functools import *\nclass A:\n @cached_property\n def p(self): return [{}]\n @cached_property\n def q(self): return []"
    with program(body.format(1)) as app:
        one = app.A()
        p, q = one.p, one.q
        app.edit(body.format(2))
        assert one.p == [2]
        assert one.q is q
        app.journal.rollback()
        assert one.p is p


def test_a_nested_class_keeps_its_identity_and_its_instances():
    """Nested classes are poured as well, and derive from the live versions of each other."""
    with program("class A:\n class N:\n  def f(self): return 1") as app:
        nested, one = app.A.N, app.A.N()
        app.edit("class A:\n class N:\n  def f(self): return 2\n class L(N): pass\n same = N\n table = {'n': N}")
        assert app.A.N is nested is app.A.same is app.A.table["n"]
        assert app.A.L.__bases__ == (nested,)
        assert one.f() == 2


def test_an_alias_in_the_class_is_not_taken_for_a_nested_class():
    """A member that is a class defined elsewhere is a value."""
    with program("class W:\n x = 1\nclass F:\n x = 2\nclass A:\n kind = W") as app:
        app.edit("class A:\n kind = F")
        assert (app.A.kind, app.W.x, app.F.x) == (app.F, 1, 2)


def test_a_registry_that_got_hold_of_the_fresh_class_is_no_base_of_it():
    """`__init_subclass__` ran for the fresh class, but the base lists only the live one."""
    old = "class P:\n known = []\n def __init_subclass__(cls): P.known.append(cls)\nclass A(P): pass"
    with program(old) as app:
        app.edit("class A(P):\n x = 1")
        assert type.__subclasses__(app.P) == [app.A]


# ---------------------------------------------------------------------- member by member


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A: pass", True),
        ("class W: pass\nclass A(W):\n x = 1", True),
        ("from abc import *\nclass A(ABC): pass", True),
        ("from typing import *\nT = TypeVar('T')\nclass A(Generic[T]): pass", True),
        ("class A(Exception): pass", True),
        ("class A:\n __slots__ = ()", False),
        ("from dataclasses import *\n@dataclass\nclass A:\n x: int", False),
        ("import attrs\n@attrs.define\nclass A:\n x: int", False),
        ("from enum import *\nclass A(Enum):\n x = 1", False),
        ("from typing import *\nclass A(NamedTuple):\n x: int", False),
        ("from typing import *\nclass A(TypedDict):\n x: int", False),
        ("from typing import *\nclass A(Protocol):\n x: int", False),
        ("class M(type): pass\nclass A(metaclass=M): pass", False),
        ("class W:\n def __init_subclass__(cls): pass\nclass A(W): pass", False),
        ("from functools import *\nclass A:\n p = cached_property(id)", True),
        ("class D:\n def __set_name__(self, o, n): o.names = n\nclass A:\n x = D()", False),
        ("from functools import *\n@total_ordering\nclass A:\n def __lt__(self, o): pass", False),
    ],
)
def test_a_class_is_plain_when_nothing_but_type_built_it(source, expected):
    """Only then are single members written."""
    with program(source) as app:
        assert classes.plain(app.A) is expected


def test_refresh_computes_what_depends_on_members():
    """Equality takes the hash away and gives it back, abstract methods reach subclasses; a rollback restores both."""
    with program("from abc import *\nclass A(ABC): pass\nclass B(A): pass") as app:
        before = state(app.A)
        app.journal.set_attribute(app.A, "__eq__", lambda self, other: True)
        app.journal.set_attribute(app.A, "f", abstractmethod(lambda self: None))
        classes.refresh(app.A, app.journal)
        assert (app.A.__hash__, app.B.__abstractmethods__) == (None, frozenset("f"))
        app.journal.delete_attribute(app.A, "__eq__")
        classes.refresh(app.A, app.journal)
        assert "__hash__" not in vars(app.A)
        app.journal.rollback()
        assert state(app.A) == before


def test_a_hash_that_the_class_states_itself_stays():
    """`__hash__ = None` in the body is not taken for the one that Python adds."""
    with program("class A:\n __hash__ = None") as app:
        classes.refresh(app.A, app.journal, stated=("__hash__",))
        assert app.A.__hash__ is None


# ---------------------------------------------------------------------- instances


def test_living_finds_instances_of_subclasses_and_untracked_ones():
    """Also those which the collector does not track, in containers that it does not track either."""
    with program("class A(int):\n __slots__ = ()\nclass B(A): pass") as app:
        one, two, three = app.A(1), app.B(2), (app.A(3),)
        gc.collect()
        assert sorted(instances.living(app.A)) == [1, 2, 3]
        assert (one, two, three) == (1, 2, (3,))


def test_garbage_does_not_count():
    """An instance in a dead cycle does not stand in the way of an edit."""
    with program("class A:\n __slots__ = ('me',)") as app:
        one = app.A()
        one.me = one
        del one
        app.edit("class A:\n __slots__ = ('me', 'you')")
        assert app.A.__slots__ == ("me", "you")
