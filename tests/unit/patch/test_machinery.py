"""Classes that machinery builds: enumerations, dataclasses, attrs, named tuples, models, and their living instances."""

from __future__ import annotations

import pickle

import pytest

from hotswap.errors import CannotSwap
from tests.unit.classes import described, failing_at, pristine, program, state

ENUMS = {
    "a member added": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n R = 1\n B = 2\n L = 3\n def f(self): return 1"),
    "a member removed": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n B = 2"),
    "reordered": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n B = 2\n R = 1"),
    "a value changed": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n R = 5\n B = 2"),
    "values swapped": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n R = 2\n B = 1"),
    "unhashable values": ("class A(Enum):\n R = [1]\n B = 2", "class A(Enum):\n R = [2]\n B = [3]"),
    "an alias added": ("class A(Enum):\n R = 1", "class A(Enum):\n R = 1\n CRIMSON = 1"),
    "a member made an alias": ("class A(Enum):\n R = 1\n B = 2", "class A(Enum):\n R = 1\n B = 1"),
    "an alias made a member": ("class A(Enum):\n R = 1\n B = 1", "class A(Enum):\n R = 1\n B = 2"),
    "auto": ("class A(Enum):\n R = auto()\n B = auto()", "class A(Enum):\n G = auto()\n R = auto()\n B = auto()"),
    "init": (
        "class A(Enum):\n R = 1, 2\n def __init__(self, a, b): self.a = a",
        "class A(Enum):\n R = 3, 4\n def __init__(self, a, b): self.b = b",
    ),
    "new": (
        "class A(Enum):\n R = 1\n def __new__(c, v):\n  o = object.__new__(c)\n  o._value_ = v\n  return o",
        "class A(Enum):\n R = 1\n def __new__(c, v):\n  o = object.__new__(c)\n  o._value_ = v + 1\n  return o",
    ),
    "a str, all replaced": ("class A(str, Enum):\n R = 'r'", "class A(str, Enum):\n B = 'b'\n def f(self): return 1"),
    "an int": ("class A(IntEnum):\n R = 1\n B = 2", "class A(IntEnum):\n R = 1\n B = 3\n G = 4\n def f(self): pass"),
    "a str": ("class A(StrEnum):\n R = auto()\n B = 'x'", "class A(StrEnum):\n R = auto()\n B = 'y'"),
    "flags": ("class A(Flag):\n R = 1\n W = 2\n RW = 3", "class A(Flag):\n R = 1\n W = 4\n X = 2\n RW = 5"),
    "int flags": ("class A(IntFlag):\n R = 1\n W = 2", "class A(IntFlag):\n R = 1\n W = 2\n X = 4"),
    "missing": (
        "class A(Enum):\n R = 1",
        "class A(Enum):\n R = 1\n @classmethod\n def _missing_(cls, v): return cls.R",
    ),
    "a mixin": (
        "class M: pass\nclass A(Enum):\n R = 1",
        "class M: pass\nclass A(M, Enum):\n R = 1\n @property\n def double(self): return self.value * 2",
    ),
}  # fmt: skip
PREFIX = "from enum import *\nfrom dataclasses import *\nfrom typing import *\nfrom collections import namedtuple\n"
RECORDS = {
    "a default added": ("@dataclass\nclass A:\n x: int", "@dataclass\nclass A:\n x: int\n y: int = 7"),
    "a factory added": ("@dataclass\nclass A:\n x: int", "@dataclass\nclass A:\n x: int\n y: list = field(default_factory=list)"),
    "a field removed": ("@dataclass\nclass A:\n x: int\n y: int = 7", "@dataclass\nclass A:\n x: int"),
    "a default changed": ("@dataclass\nclass A:\n x: int = 1", "@dataclass\nclass A:\n x: int = 2"),
    "frozen and ordered": ("@dataclass\nclass A:\n x: int", "@dataclass(frozen=True, order=True)\nclass A:\n x: int"),
    "thawed": ("@dataclass(frozen=True)\nclass A:\n x: int", "@dataclass(eq=False)\nclass A:\n x: int"),
    "with slots": (
        "@dataclass(slots=True)\nclass A:\n x: int\n def f(self): return 1",
        "@dataclass(slots=True, repr=False)\nclass A:\n x: int\n def f(self): return 2",
    ),
    "init var": (
        "@dataclass\nclass A:\n x: int",
        (
            "@dataclass(kw_only=True)\nclass A:\n x: int\n s: InitVar[int] = 2\n c: ClassVar[int] = 3\n"
            " def __post_init__(self, s): self.x += s"
        ),
    ),
    "no dataclass any more": ("@dataclass\nclass A:\n x: int", "class A:\n def __init__(self, x): self.x = x"),
    "a dataclass now": ("class A:\n def __init__(self, x): self.x = x", "@dataclass\nclass A:\n x: int"),
    "a named tuple": ("class A(NamedTuple):\n x: int", "class A(NamedTuple):\n x: int\n y: int = 9\n def f(self): return 1"),
    "a derived named tuple": (
        "class A(namedtuple('A', 'x y')):\n def f(self): return 1",
        "class A(namedtuple('A', 'x y z')):\n def f(self): return 2",
    ),
}  # fmt: skip
ATTRS = {
    "defined": ("@attrs.define\nclass A:\n x: int\n def f(self): return 1", "@attrs.define\nclass A:\n x: int\n def f(self): return 2"),
    "super": (
        "@attrs.define\nclass A:\n x: int\n def f(self): return 1",
        "@attrs.define\nclass A:\n x: int\n def f(self): return super().__repr__(), __class__",
    ),
    "frozen": ("@attrs.define\nclass A:\n x: int", "@attrs.frozen\nclass A:\n x: int"),
    "in a dict": (
        "@attrs.define(slots=False)\nclass A:\n x: int",
        "@attrs.define(slots=False)\nclass A:\n x: int\n y: int = 3\n z: list = attrs.Factory(list)",
    ),
}  # fmt: skip
EDITS = {
    **{f"enum, {n}": (PREFIX + a, PREFIX + b) for n, (a, b) in ENUMS.items()},
    **{f"record, {n}": (PREFIX + a, PREFIX + b) for n, (a, b) in RECORDS.items()},
    **{f"attrs, {n}": ("import attrs\n" + a, "import attrs\n" + b) for n, (a, b) in ATTRS.items()},
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_poured_class_equals_one_built_in_a_fresh_process(edit):
    """What the machinery makes of the new source is what the live class has; it is the same object."""
    old, new = EDITS[edit]
    with program(old) as app:
        live = app.A
        app.edit(new, "A")
        assert app.A is live
        assert described(app.A) == described(pristine(new, "A"))


@pytest.mark.parametrize("edit", EDITS)
def test_a_rollback_restores_the_class_exactly(edit):
    """After a rollback members, tables, code and bases are the very objects from before."""
    old, new = EDITS[edit]
    with program(old) as app:
        before = state(app.A)
        app.edit(new, "A")
        assert app.journal.rollback() == []
        assert state(app.A) == before


@pytest.mark.parametrize("edit", EDITS)
def test_a_failure_at_any_write_can_be_taken_back(edit):
    """Whichever write fails, the rollback restores the class and its members."""
    old, new = EDITS[edit]
    number = 0
    while True:
        number += 1
        with program(old) as app:
            before = state(app.A)
            app.journal.before_write = failing_at(number)
            try:
                app.edit(new, "A")
            except OSError:
                assert app.journal.rollback() == []
                assert state(app.A) == before, f"write {number}"
            else:
                break
    assert number > 1


# ---------------------------------------------------------------------- enumerations


def test_members_stay_the_objects_that_they_are():
    """A member held from before is the member of today, with today's value, found by it, and usable as the key it was."""
    with program(PREFIX + "class A(Enum):\n R = 1\n B = 2") as app:
        red, blue, jobs = app.A.R, app.A.B, {app.A.R: "wall"}
        app.edit("class A(Enum):\n G = 9\n B = 2\n R = 5\n def f(self): return self.name")
        assert [*app.A] == [app.A.G, blue, red]
        assert app.A.R is app.A(5) is app.A["R"] is red
        assert red.value == 5
        assert jobs[app.A.R] == "wall"
        assert (red.f(), app.A.G.f()) == ("R", "G")
        assert isinstance(app.A.G, app.A)
        with pytest.raises(ValueError, match="1 is not a valid"):
            app.A(1)


def test_a_removed_member_stays_usable():
    """Who holds a member that left the source can still ask for its name and value."""
    with program(PREFIX + "class A(Enum):\n R = 1\n B = 2") as app:
        red = app.A.R
        app.edit("class A(Enum):\n B = 2\n def f(self): return self.value")
        assert (red.name, red.value, red.f(), repr(red)) == ("R", 1, 1, "<A.R: 1>")
        assert red not in [*app.A]
        assert not hasattr(app.A, "R")


def test_a_held_view_of_the_members_shows_the_members_of_today():
    """`Color.__members__` taken before the edit is the same table afterwards."""
    with program(PREFIX + "class A(Enum):\n R = 1\n B = 2") as app:
        view = app.A.__members__
        app.edit("class A(Enum):\n X = 3\n R = 1")
        assert [*view] == ["X", "R"]


@pytest.mark.parametrize("base", ["Enum", "IntEnum", "Flag", "IntFlag"])
def test_members_are_pickled_across_an_edit(base):
    """What was pickled before comes back as the member of today, and new members can be pickled."""
    with program(PREFIX + f"class A({base}):\n R = 1\n B = 2") as app:
        old = pickle.dumps(app.A.R)
        app.edit(f"class A({base}):\n R = 1\n B = 2\n G = 4")
        assert pickle.loads(old) is app.A.R
        assert pickle.loads(pickle.dumps(app.A.G)) is app.A.G


@pytest.mark.parametrize(("base", "old", "new"), [("IntEnum", "1", "5"), ("StrEnum", "'a'", "'b'")])
def test_a_member_that_is_a_number_or_text_itself_is_exchanged(base, old, new):
    """An int stays the int that it is: another member stands for the name."""
    with program(PREFIX + f"class A({base}):\n R = {old}") as app:
        before = app.A.R
        app.edit(f"class A({base}):\n R = {new}")
        assert (app.A.R is before, type(app.A.R) is app.A, repr(app.A.R.value)) == (False, True, new)


def test_combinations_of_flags_follow_their_flags():
    """A combination that is held consists of the same flags afterwards, whatever bits these have."""
    with program(PREFIX + "class A(Flag):\n R = 1\n W = 2") as app:
        both, inverted = app.A.R | app.A.W, ~app.A.R
        app.edit("class A(Flag):\n X = 1\n R = 2\n W = 4")
        assert (app.A.R | app.A.W) is both
        assert both.value == 6
        assert app.A.R in both
        assert app.A.X not in both
        assert ~app.A.R == app.A.X | app.A.W
        assert inverted is app.A.W


def test_a_member_that_became_an_alias_is_refused_while_it_is_held():
    """Its name, and with it its hash, would be another one."""
    with program(PREFIX + "class A(Enum):\n R = 1\n B = 2") as app:
        jobs = {app.A.B: 1}
        with pytest.raises(CannotSwap, match=r"HS208.*B became an alias of R"):
            app.edit("class A(Enum):\n R = 1\n B = 1")
        assert [*jobs] == [app.A.B]


def test_what_earlier_rounds_left_does_not_hold_a_member():
    """The fresh class that a member was made for is garbage."""
    with program(PREFIX + "class A(IntEnum):\n R = 1") as app:
        for number in range(2, 5):
            app.edit(f"class A(IntEnum):\n R = {number}")
            app.journal.close()
            app.merger.twins.clear()
            assert number == app.A.R


def test_what_is_noted_for_the_rollback_does_not_hold_a_member():
    """The transaction may have copied the tables of the enumeration before."""
    with program(PREFIX + "class A(IntEnum):\n R = 1") as app:
        app.journal.remember(app.A._member_map_)
        app.journal.remember(app.A._value2member_map_)
        app.edit("class A(IntEnum):\n R = 2")
        assert app.A.R == 2


def test_an_enumeration_becomes_a_plain_class():
    """Its members are no instances that would need it; who holds one is asked for as the round ends."""
    with program(PREFIX + "class A(Enum):\n R = 1") as app:
        app.edit("class A:\n R = 1")
        assert (type(app.A), app.A.R) == (type, 1)


# ---------------------------------------------------------------------- fields


def test_old_instances_get_the_defaults_of_new_fields():
    """A plain default and a list of their own, also instances of subclasses; what they hold is left alone."""
    with program(PREFIX + "@dataclass\nclass A:\n x: int\nclass B(A): pass") as app:
        one, two, sub = app.A(1), app.A(2), app.B(3)
        app.edit("@dataclass\nclass A:\n x: int\n y: int = 7\n z: list = field(default_factory=list)")
        assert (one.x, one.y, one.z) == (1, 7, [])
        assert one.z is not two.z
        assert (sub.x, sub.y, sub.z) == (3, 7, [])
        assert repr(one) == "A(x=1, y=7, z=[])"
        assert one == app.A(1)


def test_the_defaults_are_taken_away_again_by_a_rollback():
    """A rollback leaves no value in the instances."""
    with program(PREFIX + "@dataclass\nclass A:\n x: int") as app:
        one = app.A(1)
        app.edit("@dataclass\nclass A:\n x: int\n z: list = field(default_factory=list)")
        app.journal.rollback()
        assert vars(one) == {"x": 1}


def test_frozen_instances_get_the_defaults_too():
    """A frozen dataclass cannot be written by the program, but it can by us."""
    with program(PREFIX + "@dataclass(frozen=True)\nclass A:\n x: int") as app:
        one = app.A(1)
        app.edit("@dataclass(frozen=True)\nclass A:\n x: int\n z: tuple = field(default_factory=tuple)")
        assert one == app.A(1)


def test_a_new_field_without_default_is_refused_while_instances_lack_it():
    """Nobody can know its value: the instances are counted, the field is named, nothing is written."""
    with program(PREFIX + "@dataclass\nclass A:\n x: int") as app:
        kept = [app.A(1), app.A(2)]
        before = state(app.A)
        with pytest.raises(CannotSwap, match=r"HS207.*2 living instance.* y.*give it a default"):
            app.edit("@dataclass\nclass A:\n x: int\n y: int")
        assert state(app.A) == before
        kept.clear()
        app.edit("@dataclass\nclass A:\n x: int\n y: int")
        assert app.A(1, 2).y == 2


def test_instances_of_attrs_classes_get_the_defaults_of_new_fields():
    """Since attrs leaves no class attribute behind, every default goes into the instances; factories may take the instance."""
    with program("import attrs\n@attrs.define(slots=False)\nclass A:\n x: int") as app:
        one = app.A(4)
        app.edit(
            "@attrs.define(slots=False)\nclass A:\n x: int\n y: int = 3\n"
            " z: int = attrs.field(default=attrs.Factory(lambda self: self.x * 2, takes_self=True))"
        )
        assert (one.y, one.z) == (3, 8)
        assert one == app.A(4)


@pytest.mark.parametrize(
    ("head", "decorator"), [("import attrs", "@attrs.define"), ("from dataclasses import *", "@dataclass(slots=True)")]
)
def test_more_slots_are_refused_under_living_instances_and_make_a_new_class_without(head, decorator):
    """A slot more needs another layout: with instances the edit is refused, without it the fresh class takes over."""
    with program(f"{head}\n{decorator}\nclass A:\n x: int\n def f(self): return 1") as app:
        one, live, function = app.A(1), app.A, app.A.f
        new = f"{decorator}\nclass A:\n x: int\n y: int = 5\n def f(self): return super().__hash__, __class__"
        with pytest.raises(CannotSwap, match=r"HS201.*poured\.A.*1 living instance"):
            app.edit(new)
        assert one.f() == 1
        del one
        app.edit(new)
        assert app.A is not live
        assert app.A(1).y == 5
        assert app.A.f is function
        assert described(app.A) == described(pristine(f"{head}\n{new}", "A"))


@pytest.mark.parametrize("base", ["NamedTuple", "namedtuple('A', 'x y')"])
def test_tuple_fields_cannot_change_under_living_tuples(base):
    """A tuple made with other fields would be read wrongly; without living ones the class takes the new fields."""
    bodies = ("\n x: int\n y: int", "\n y: int\n x: int") if base == "NamedTuple" else ("\n pass", "\n pass")
    with program(f"{PREFIX}class A({base}):{bodies[0]}") as app:
        live, one = app.A, app.A(1, 2)
        new = f"class A({base.replace('x y', 'y x')}):{bodies[1]}"
        with pytest.raises(CannotSwap, match=r"HS206.*1 living instance.*x, y"):
            app.edit(new)
        assert one == (1, 2)
        del one
        app.edit(new)
        assert app.A is live
        assert app.A(1, 2).y == 1


# ---------------------------------------------------------------------- models

MODEL = "from pydantic import *\nclass A(BaseModel):\n x: int\n"


def test_a_model_validates_by_its_new_source():
    """Fields, validators and the class that validation makes are those of the live class; old instances have defaults."""
    with program(MODEL) as app:
        one, live = app.A(x=1), app.A
        app.edit(
            "class A(BaseModel):\n x: int\n y: list[int] = Field(default_factory=list)\n _z: int = PrivateAttr(default=4)\n"
            " parent: 'A | None' = None\n"
            " @field_validator('x')\n @classmethod\n def check(cls, x): return x * 10, cls"
        )
        assert app.A is live
        assert (one.x, one.y, one._z, one.parent) == (1, [], 4, None)
        new = app.A.model_validate({"x": 2, "y": ["3"], "parent": {"x": 1}})
        assert (new.x, new.y, type(new), type(new.parent)) == ((20, live), [3], live, live)
        assert [*app.A.model_fields] == ["x", "y", "parent"]
        assert [*app.A.model_json_schema()["$defs"]["A"]["properties"]] == ["x", "y", "parent"]


def test_models_and_adapters_that_contain_a_model_follow():
    """What was compiled with the old version of the model validates with the new one; a rollback goes back."""
    old = MODEL + "class B(BaseModel):\n a: A\nclass C(BaseModel):\n b: list[B]\nadapter = TypeAdapter(dict[str, A])"
    with program(old) as app:
        app.edit("class A(BaseModel):\n x: int\n y: int = 5")
        made = app.C(b=[{"a": {"x": 1, "y": 2}}])
        assert (type(made.b[0].a), made.b[0].a.y) == (app.A, 2)
        assert app.adapter.validate_python({"k": {"x": 1}})["k"] == app.A(x=1)
        app.journal.rollback()
        assert not hasattr(app.C(b=[{"a": {"x": 1, "y": 2}}]).b[0].a, "y")
        assert vars(app.adapter.validate_python({"k": {"x": 1, "y": 3}})["k"]) == {"x": 1}


def test_a_model_can_be_edited_again_and_again():
    """What earlier rounds left is not taken for somebody who needs the model."""
    with program(MODEL) as app:
        for number in range(3):
            app.edit(f"class A(BaseModel):\n x: int\n y: int = {number}")
            app.journal.close()
            assert app.A(x=1).y == number


def test_a_rolled_back_model_is_what_it_was():
    """The compiled parts from before are back."""
    with program(MODEL) as app:
        before = {n: id(v) for n, v in vars(app.A).items()}
        app.edit("class A(BaseModel):\n x: int\n y: int = 5")
        assert app.journal.rollback() == []
        assert {n: id(v) for n, v in vars(app.A).items()} == before


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("held = A(x=1)", "HS207.*1 living instance.* y"),
        ("@dataclasses.dataclass\nclass D:\n a: A", "HS210.*neither a model"),
    ],
)
def test_what_cannot_be_made_true_of_a_model_is_refused(more, why):
    """A required field that an instance lacks, a validator that cannot be compiled again: nothing changes."""
    with program(MODEL + more) as app:
        before = {n: id(v) for n, v in vars(app.A).items()}
        with pytest.raises(CannotSwap, match=why):
            app.edit("class A(BaseModel):\n x: int\n y: int")
        assert {n: id(v) for n, v in vars(app.A).items()} == before


def test_a_generic_model_with_parametrized_versions_is_refused():
    """`A[int]` is a class that no statement makes again."""
    head = "from pydantic import *\nfrom typing import *\nT = TypeVar('T')\n"
    old, new = (
        "class A(BaseModel, Generic[T]):\n x: T\nI = A[int]",
        "class A(BaseModel, Generic[T]):\n x: T\n y: int = 1",
    )
    with program(head + old) as app, pytest.raises(CannotSwap, match=r"HS210.*A\[int\]"):
        app.edit(new)
