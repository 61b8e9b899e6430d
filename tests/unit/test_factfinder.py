"""What a statement binds, reads, calls and changes when it runs, found in its syntax tree."""

from __future__ import annotations

import ast
import sys

import pytest

from hotswap.factfinder import facts_of
from hotswap.facts import ImportOf, Store


def facts(text, *, postponed=False, first=False, owner=""):
    (node,) = ast.parse(text).body
    return facts_of(node, postponed=postponed, first=first, owner=owner)


def words(found):
    return {".".join(each) if isinstance(each, tuple) else each for each in found}


def fields(text, part):
    return words(getattr(facts(text), part))


READS = {
    "x = a.b.c": "a.b.c",
    "x = f'{a} {b.c!r:{d}}'": "a b.c d",
    "x = a[b:c]": "a b c",
    "x = a if b else c": "a b c",
    "x = {a: b, **c}": "a b c",
    "x = {a, *b}": "a b",
    "x = not a or b and c": "a b c",
    "x = (lambda p=a: b)": "a",
    "x = (lambda p: a + p)(b)": "a b",
    "x = max(a, key=lambda p: b[p])": "max a b",
    "x = call(a, key=lambda p: b[p])": "call a",
    "x = (lambda: (b := a))": "",
    "x = a < b <= c": "a b c",
    "x = await_(a)": "await_ a",
    "f(a, *b, k=c, **d)": "f a b c d",
    "a.b(c).d = e": "a.b c e",
    "def f(p=a, *, k=b): return c": "a b",
    "def f(p: a, *q: b, **r: c) -> d: pass": "a b c d",
    "def f(p: 'a'): pass": "",
    "async def f(p=a): await b": "a",
    "@a.b(c)\ndef f(): pass": "a.b c",
    "@a\n@b\nclass C: pass": "a b",
    "class C(a.b, metaclass=c):\n x = d\n y = x\n def f(self, p=e): return g": "a.b c d e",
    "class C(a[b]): pass": "a b",
    "class C:\n x = a\n class D:\n  y = b\n  z = y": "a b",
    "x = [a for a in b if a.c]": "b",
    "x = [a for p in b for a in p]": "b",
    "x = [[c for c in d if a] for p in b]": "b d a",
    "x = {k: v for k, v in a.items()}": "a.items",
    "x = any(a == p for p in b)": "any a b",
    "x: a = b": "a b",
    "x: a": "a",
    "(x): a = b": "a b",
    "x.y: a = b": "a b x",
    "for x in a: b(x)": "a b",
    "for x in a:\n y = x\nelse:\n b": "a b",
    "while a:\n b\nelse:\n c": "a b c",
    "while (y := a): b(y)": "a b",
    "if a: b\nelse: c": "a b c",
    "if a:\n x = b\n y = x": "a b",
    "if (n := a): y = n": "a",
    "try: a()\nexcept b as e: c(e)\nelse: d\nfinally: g": "a b c d g",
    "try: a()\nexcept* b: c()": "a b c",
    "with a() as x, b(x) as y: c(y)": "a b c x",
    "with a() as (x, y): x": "a",
    "with a as b.c: pass": "a b",
    "x += a": "x a",
    "x.y += a": "x x.y a",
    "x[k] += a": "x k a",
    "a[b].c = d": "a b d",
    "a[b] = c": "a b c",
    "a.b = c": "a c",
    "(a, *b), c.d = e": "c e",
    "match a:\n case {'k': b.C, **rest}: c": "a b.C c",
    "match a:\n case P(0, y=b) if b > c: d(b)": "a P P.__match_args__ c d",
    "match a:\n case [x, *_] | {'k': x}: b(x)": "a b",
    "match a:\n case -1: b": "a b",
    "assert a, b": "a b",
    "raise a(b) from c": "a b c",
    "del a.b": "a",
    "del a[b]": "a b",
    "x = y = a": "a",
    "import a.b": "",
    "from a import b": "",
    "if TYPE_CHECKING: a": "",
    "if typing.TYPE_CHECKING: a\nelse: b": "b",
    "if not TYPE_CHECKING: a\nelse: b": "a",
    "x = getattr(a, 'b')": "getattr a a.b",
    "x = hasattr(a.b, 'c')": "hasattr a.b a.b.c",
    "setattr(a, 'b', c)": "setattr a c",
}  # fmt: skip


@pytest.mark.parametrize("text", READS)
def test_reads_are_what_is_evaluated_when_the_statement_runs(text):
    """Defaults, decorators, bases, annotations and class bodies are evaluated; bodies of functions are not.

    What a statement has bound itself by then is not read from outside.
    """
    assert fields(text, "reads") == set(READS[text].split())


BINDS = {
    "x = y = 1": "x y",
    "x, (y, *z) = 1, (2, 3)": "x y z",
    "[x, y] = 1, 2": "x y",
    "x += 1": "x",
    "def f(): inner = 1": "f",
    "async def f(): pass": "f",
    "class C: inner = 1": "C",
    "@(w := a)\ndef f(): pass": "f w",
    "def f(x=(w := 1)): pass": "f w",
    "class C(w := a): pass": "C w",
    "import a.b, c as d": "a d",
    "import a.b as c": "c",
    "from a import b, c as d": "b d",
    "from a import *": "",
    "for x in (): y = 1": "x y",
    "for x.a in (): pass": "",
    "while a: y = 1": "y",
    "with a as (x, y): pass": "x y",
    "with a as x.b, c as d[0]: pass": "",
    "x = [(y := 1) for z in ()]": "x y",
    "x = [[(y := 1) for i in ()] for j in ()]": "x y",
    "x = [i for i in ()]": "x",
    "x = lambda: (y := 1)": "x",
    "match a:\n case [b, *c] as d: e = 1": "b c d e",
    "match a:\n case {'k': b, **c}: pass": "b c",
    "match a:\n case P(b, y=c) | Q(b, c): pass": "b c",
    "match a:\n case _: pass": "",
    "try: pass\nexcept E as error: seen = error": "seen",
    "try: import a\nexcept E: a = None": "a",
    "del x": "x",
    "del x, y.z, w[0]": "x",
    "x: int": "__annotations__",
    "x: int = 1": "x __annotations__",
    "x.y: int = 1": "",
    "class C:\n global G\n G = 1": "C G",
    "x.a = 1": "",
    "x[0] = 1": "",
    "if TYPE_CHECKING: import a": "",
}  # fmt: skip


@pytest.mark.parametrize("text", BINDS)
def test_binds_are_the_names_of_the_scope_itself(text):
    """Names of comprehensions, functions, handlers and class bodies belong to those; a walrus binds outside of them."""
    assert fields(text, "binds") == set(BINDS[text].split())


MAYBE = {
    "x = 1": "",
    "x, y = 1, 2": "",
    "import a": "",
    "if a: x = 1": "x",
    "if a: x = 1\nelse: x = 2": "",
    "if a: x = 1\nelif b: x = 2\nelse: raise E": "",
    "if a: x = 1\nelif b: x = 2": "x",
    "if (x := a): pass": "",
    "if a and (x := b): pass": "x",
    "if not TYPE_CHECKING: x = 1": "",
    "for x in a: y = 1": "x y",
    "for x in a: pass\nelse: y = 1": "x y",
    "while a: y = 1": "y",
    "try: x = 1\nexcept E: pass": "x",
    "try: x = 1\nexcept E: x = 2": "",
    "try: x = 1\nexcept E: raise": "",
    "try: y = 1\nexcept E: x = 2\nelse: x = 3": "y",
    "try: y = 1\nfinally: x = 2": "",
    "with a as x: y = 1": "y",
    "with a: x = 1": "x",
    "match a:\n case 1: x = 1\n case _: x = 2": "",
    "match a:\n case 1: x = 1": "x",
    "match a:\n case 1: x = 1\n case _ if b: x = 2": "x",
    "x = b and (y := 1)": "y",
    "x = b or (y := 1)": "y",
    "x = (y := 1) if b else 2": "y",
    "x = [(y := 1) for z in ()]": "y",
    "x = (y := 1)": "",
    "del x": "",
    "if a: del x": "x",
    "class C:\n global G\n G = 1": "G",
    "x: int": "",
}  # fmt: skip


@pytest.mark.parametrize("text", MAYBE)
def test_maybe_are_those_that_are_not_bound_on_every_way(text):
    """Another way through the statement leaves such a name what it was; a `with` may suppress what its body raises."""
    assert fields(text, "maybe") == set(MAYBE[text].split())


DEFINES = {
    "def f(): pass": "f",
    "async def f(): pass": "f",
    "class C:\n def m(self): pass": "C",
    "if a:\n def f(): pass\nelse:\n f = None": "f",
    "try:\n class C: pass\nexcept E: C = None": "C",
    "with a:\n def f(): pass": "f",
    "for x in y:\n def f(): pass": "",
    "while x:\n class C: pass": "",
    "f = lambda: 0": "",
    "from a import f": "",
}


@pytest.mark.parametrize("text", DEFINES)
def test_defines_are_bound_by_def_and_class(text):
    """Also within branches; in a loop the same text makes many, and none of them is the definition."""
    assert fields(text, "defines") == set(DEFINES[text].split())


DELETES = {"del x": "x", "del x, (y, z)": "x y z", "del x.a, y[0]": "", "if a: del x": "x", "x = 1": ""}


@pytest.mark.parametrize("text", DELETES)
def test_deletes_are_names_that_are_taken_away(text):
    """Attributes and items are changes of objects instead."""
    assert fields(text, "deletes") == set(DELETES[text].split())


USES = {
    "x = a": "",
    "x = a.b": "",
    "x = (a, [b])": "",
    "x = {'k': a, 'l': b}": "",
    "x = {**a}": "a",
    "x = a if b else c": "b",
    "x: a = b": "",
    "def f(p=a) -> b: pass": "",
    "x = lambda p=a: p": "",
    "x = a + b": "a b",
    "x = a()": "a",
    "x = f(a)": "f a",
    "x = a[0]": "a",
    "x = [*a]": "a",
    "x, y = a": "a",
    "x = f'{a}'": "a",
    "for x in a: pass": "a",
    "if a: pass": "a",
    "x = not a": "a",
    "x = -a": "a",
    "a": "a",
    "a.b = c": "",
    "a[b] = c": "b",
    "a.b += c": "a.b c",
    "return_ = a.b.c": "",
}  # fmt: skip


@pytest.mark.parametrize("text", USES)
def test_uses_are_looked_into_and_not_only_handed_on(text):
    """A value that is stored, bound or made a default is only referred to."""
    assert fields(text, "uses") == set(USES[text].split())


KINDS = {
    "@deco\nclass C(Base):\n x = make(thing)\n y = [*parts]": ("deco Base make parts", "deco Base parts", "thing"),
    "@a.b(c)\ndef f(): pass": ("a.b", "", "c"),
    "class C(Generic[T], metaclass=M): pass": ("M", "M Generic", ""),
    "for x in items: x": ("items", "items", ""),
    "x = [f(v) for v in items]": ("items f", "items", ""),
    "x = [f(v) for v in (a, b.c)]": ("f", "", "a b.c"),
    "f(a, *b, k=c.d)": ("f b", "b", "a c.d"),
    "f(a + b)": ("f", "", ""),
    "f(g(a))": ("f g", "", "a"),
    "a.b = c": ("", "a", ""),
    "a['k'] = c": ("", "a", ""),
    "match a:\n case P(): pass": ("P", "P", ""),
    "table = {'a': handler}": ("", "", ""),
}


@pytest.mark.parametrize("text", KINDS)
def test_calls_and_shapes_and_arguments_are_kept_apart(text):
    """What is called, what gives its shape to the result, what is handed over; a mere reference is none of them."""
    found = facts(text)
    assert tuple(" ".join(sorted(words(part))) for part in (found.calls, found.shapes, found.arguments)) == tuple(
        " ".join(sorted(part.split())) for part in KINDS[text]
    )


MUTATES = {
    "x[k] = 1": "x",
    "x[k][j] = 1": "x",
    "x.a.b = 1": "x.a",
    "x.a[k].b = 1": "x.a",
    "del x[k]": "x",
    "del x.a": "x",
    "x += [1]": "x",
    "x.a += 1": "x",
    "x[k] += 1": "x",
    "x[1:2] = a": "x",
    "x.append(1)": "x",
    "x.y.update({})": "x.y",
    "x['k'].append(1)": "x",
    "x.f().append(1)": "",
    "setattr(x, 'a', 1)": "x",
    "delattr(x.y, 'a')": "x.y",
    "@x.setter\ndef y(self, v): pass": "x",
    "@x.register(int)\ndef _(v): pass": "x",
    "for x.a in y: pass": "x",
    "for x[0] in y: pass": "x",
    "with a as x.b: pass": "x",
    "x.a, y[0] = 1, 2": "x y",
    "if a: x.append(1)": "x",
    "x.look()": "",
    "y = x": "",
    "y = [z.pop() for z in x]": "",
}  # fmt: skip


@pytest.mark.parametrize("text", MUTATES)
def test_mutates_are_objects_that_change_in_place(text):
    """Items, attributes, in-place operators and the methods of containers that write."""
    assert fields(text, "mutates") == set(MUTATES[text].split())


STORES = {
    "x.a = 1": (Store(("x",), "a"),),
    "x.a.b = 1": (Store(("x", "a"), "b"),),
    "x['k'] = 1": (Store(("x",), "", "k"),),
    "x[k] = 1": (),
    "x.a, y['k'] = 1, 2": (Store(("x",), "a"), Store(("y",), "", "k")),
    "x.a += 1": (Store(("x",), "a"),),
    "del x.a": (Store(("x",), "a"),),
    "setattr(x.y, 'a', 1)": (Store(("x", "y"), "a"),),
    "setattr(x, name, 1)": (),
    "f().a = 1": (),
    "x = [y.a for y in z]": (),
}


@pytest.mark.parametrize("text", STORES)
def test_stores_say_where_it_is_plain(text):
    """Attributes and constant keys of dotted names; what goes through a call or a variable is not plain."""
    assert facts(text).stores == STORES[text]


IMPORTS = {
    "from ..a import b as c, d": (ImportOf("a", 2, "b", "c"), ImportOf("a", 2, "d", "d")),
    "from . import b": (ImportOf("", 1, "b", "b"),),
    "from a import *": (ImportOf("a", 0, "*", "*"),),
    "import a.b, c as d": (ImportOf("a.b", 0, "", ""), ImportOf("c", 0, "", "d")),
    "try: import a\nexcept E: import b": (ImportOf("a", 0, "", ""), ImportOf("b", 0, "", "")),
    "if TYPE_CHECKING: import a": (),
    "def f(): import a": (),
}


@pytest.mark.parametrize("text", IMPORTS)
def test_imports_are_listed_one_by_one(text):
    """Each imported name with its module, level and the name that it is bound to, if they run with the statement."""
    assert facts(text).imports == IMPORTS[text]


@pytest.mark.parametrize(
    "text",
    [
        "exec('x = 1')",
        "globals()[x] = 1",
        "x = eval(y)",
        "vars().update(x=1)",
        "x = globals()",
        "locals()",
        "__import__('a')",
    ],
)
def test_what_may_bind_anything_is_opaque(text):
    """`exec`, `globals()` and their like cannot be analysed."""
    assert facts(text).opaque


@pytest.mark.parametrize(
    "text",
    ["def f(): exec('x = 1')", "x = vars(y)", "x = lambda: globals()", "x = self.exec()", "x = [eval for eval in a]"],
)
def test_what_looks_like_it_is_not_opaque(text):
    """What does not run with the statement, what looks into an object, and other things of those names."""
    assert not facts(text).opaque


RUNS_CODE = ["f()", "x = a + b", "x = a < b", "x = [v for v in a]", "@d\ndef f(): pass", "class C: pass", "x += 1"]
RUNS_NONE = ["x = a", "x = a.b", "def f(p=a): g()", "import a", "x = (a, b)", "x = lambda: f()", "x: a = 1"]


@pytest.mark.parametrize("text", RUNS_CODE + RUNS_NONE)
def test_statements_that_may_run_code_of_the_program(text):
    """Calls and operators may; what only refers to things and defines functions does not."""
    assert facts(text).runs_code is (text in RUNS_CODE)


ATTRIBUTES = {
    "x = a.b.c": "b c",
    "x = f().b": "b",
    "x = [v.b for v in a.c]": "b c",
    "x = getattr(a, 'b')": "b",
    "x.a = 1": "a",
}


@pytest.mark.parametrize("text", ATTRIBUTES)
def test_attributes_are_those_of_anything(text):
    """Whatever they are read from; also those that are named in a string."""
    assert fields(text, "attributes") == set(ATTRIBUTES[text].split())


@pytest.mark.parametrize(
    ("text", "hidden"), [("x = a.b", ""), ("x = f().b", "b"), ("x = [v.b for v in a.c]", "b"), ("x = a[0].b.c", "b c")]
)
def test_hidden_attributes_are_read_of_what_has_no_name(text, hidden):
    """Of the result of a call, of an entry, of the variable of a comprehension."""
    assert fields(text, "hidden") == set(hidden.split())


@pytest.mark.parametrize(
    ("text", "names"),
    [("x: int = 1", "x"), ("x: int", "x"), ("x.y: int = 1", ""), ("if a: x: int", "x"), ("x = 1", "")],
)
def test_annotates_are_names_with_an_annotation(text, names):
    """They get an entry of `__annotations__`."""
    assert fields(text, "annotates") == set(names.split())


@pytest.mark.parametrize("text", ["x: a", "def f(p: a) -> a: pass"])
def test_postponed_annotations_are_not_read(text):
    """With `from __future__ import annotations` nothing of an annotation is evaluated."""
    assert facts(text, postponed=True).reads == set()


@pytest.mark.parametrize(("first", "names"), [(True, {"__doc__"}), (False, set())])
def test_a_first_string_is_the_docstring(first, names):
    """A string that stands first binds `__doc__`; anywhere else it does nothing."""
    assert facts("'words'", first=first).binds == names


def test_a_first_number_is_no_docstring():
    """Only text is."""
    assert facts("1", first=True).binds == set()


def test_the_name_of_a_handler_is_seen_by_nobody_else():
    """It is gone when the handler ends."""
    found = facts("try: a()\nexcept E as error: log(error)")
    assert (found.binds, words(found.reads)) == (set(), {"a", "E", "log"})


PRIVATE = {
    "__x = 1": ("_C__x", ""),
    "y = __x + 1": ("y", "_C__x"),
    "def __f(self): pass": ("_C__f", ""),
    "class __D:\n __y = __z": ("_C__D", "___z"),
    "class D:\n __y = __z": ("D", "_D__z"),
    "y = a.__b": ("y", "a._C__b"),
    "x: __t": ("__annotations__", "_C__t"),
    "y = __x__": ("y", "__x__"),
    "y = getattr(a, '__b')": ("y", "getattr a a.__b"),
}


@pytest.mark.parametrize("text", [t for t in PRIVATE if not t.startswith("class __D")])
def test_private_names_are_those_that_the_class_gives_them(text):
    """`__x` in the body of C is `_C__x`, in a nested class that class's own; names in strings stay."""
    found = facts(text, owner="C")
    assert (words(found.binds), words(found.reads)) == tuple(set(part.split()) for part in PRIVATE[text])


def test_private_names_of_a_private_class():
    """Leading underscores of the class do not count."""
    assert facts("class __D:\n y = __z", owner="C").reads == {("_D__z",)}


def test_annotated_private_names():
    """`__annotations__` has them as the class does."""
    assert facts("__x: int = 1", owner="C").annotates == {"_C__x"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax")
@pytest.mark.parametrize(
    ("text", "binds", "reads"),
    [
        ("type A = list[K]", "A", "list K"),
        ("type A[T] = dict[T, K]", "A", "dict K"),
        ("def f[T](v: T): pass", "f", "T"),
        ("class C[T](Base):\n x: T\n y = K", "C", "Base K"),
    ],
)
def test_type_parameters_and_aliases(text, binds, reads):
    """The value of an alias is computed when somebody asks, and kept: it belongs to what the statement reads."""
    found = facts(text)
    assert (words(found.binds), words(found.reads)) == (set(binds.split()), set(reads.split()))


def test_the_globals_of_facts():
    """`roots` and `mutated` tell of a statement's dotted names only where they begin."""
    found = facts("a.b[0] = c.d(e)")
    assert (found.roots, found.mutated) == ({"a", "c", "e"}, {"a"})


SURVEYS = {
    "x = [n for n in vars()]": True,
    "x = list(globals().items())": True,
    "for n in list(locals()): pass": True,
    "x = dir()": True,
    "x = sorted(globals())": True,
    "x = dir(y)": False,
    "x = globals()['y']": False,
    "x = globals().get('y')": False,
    "x = 'y' in vars()": False,
    "x = vars(y).items()": False,
}


@pytest.mark.parametrize("text", SURVEYS)
def test_statements_that_look_at_all_names_survey(text):
    """Those that only look at the namespace can be analysed."""
    found = facts(text)
    assert (found.surveys, found.opaque) == (SURVEYS[text], False)


@pytest.mark.parametrize(
    "text", ["x = globals()['y']", "x = globals().get('y')", "x = 'y' in vars()", "x = eval('y + 1')"]
)
def test_names_in_strings_are_read(text):
    """A constant key of the namespace, and a text that is evaluated."""
    assert ("y",) in facts(text).uses


def test_a_name_bound_through_the_namespace():
    """By a constant key it is bound like any other."""
    found = facts("globals()['x'] = 1")
    assert (found.binds, found.opaque) == ({"x"}, False)


@pytest.mark.parametrize("text", ["vars(a)['x'] = 1", "a.__dict__['x'] = 1"])
def test_attributes_stored_through_a_namespace(text):
    """By a constant key they are attributes like any other."""
    assert facts(text).stores == (Store(("a",), "x"),)
