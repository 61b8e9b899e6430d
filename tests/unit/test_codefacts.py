"""What the code of a function refers to, told from its instructions."""

from __future__ import annotations

import gc
import weakref

import pytest

from hotswap.codefacts import all_codes, code_facts, every_function, nested
from hotswap.facts import ImportOf


def code_of(body):
    """The code of a function with this body; `local` is a parameter."""
    space: dict = {}
    lines = "\n ".join(body.splitlines())
    exec(f"def f(local):\n {lines}", space)
    return space["f"].__code__


def words(found):
    return {".".join(each) if isinstance(each, tuple) else each for each in found}


READS = {
    "return G": "G",
    "return G.a.b": "G G.a G.a.b",
    "return G.a(H.b)": "G G.a H H.b",
    "return G[0].a": "G",
    "return G().a": "G",
    "return local.a": "",
    "return f'{G!r}'": "G",
    "def g(): return H": "H",
    "return lambda: H.a": "H H.a",
    "return [H for v in local]": "H",
    "return [v.a for v in H]": "H",
    "class C(H): x = J": "H J",
    "def g(p=G): pass": "G",
    "x = G\nreturn x": "G",
    "global G\nreturn G": "G",
    "return getattr(G, 'a')": "G G.a getattr",
    "import lib\nreturn lib.a": "",
    "try: return G\nexcept E: pass": "G E",
    "async def g():\n  async with A() as a: await H(a)": "A H",
}


@pytest.mark.parametrize("body", READS)
def test_reads_are_the_globals_that_the_compiler_found(body):
    """As dotted names with all that is on their way, of functions inside too; locals and their attributes are none."""
    found = words(code_facts(code_of(body)).reads) - {"__name__"}  # which the body of a class reads
    assert found == set(READS[body].split())


USES = {
    "return G": "G",
    "return G.a": "G G.a",
    "G.append(local)": "",
    "G.a.append(local)": "G",
    "G[local] = 1": "",
    "G['k'] = local": "",
    "G.a['k'] = local": "G",
    "G.pop()": "G G.pop",
    "return G[0]": "G",
    "G.setdefault(local, 1)": "",
    "return len(G)": "len G",
}  # fmt: skip


@pytest.mark.parametrize("body", USES)
def test_uses_are_looked_into_and_not_only_added_to(body):
    """A function that only registers something in a container does not depend on what is in it."""
    assert words(code_facts(code_of(body)).uses) == set(USES[body].split())


MUTATES = {
    "G.append(1)": True,
    "G.a.update({})": True,
    "G[0] = 1": True,
    "del G[0]": True,
    "G.a = 1": True,
    "def g(): G.append(1)": True,
    "G += 1": False,
    "return G.a": False,
    "return G[0]": False,
    "return len(G)": False,
}


@pytest.mark.parametrize("body", MUTATES)
def test_mutates_are_rather_too_many(body):
    """Whatever may be written to by methods of containers, items and attributes."""
    body = f"global G\n{body}" if body.startswith("G +=") else body
    assert (
        any(chain[0] == "G" for chain in code_facts(code_of(body)).mutates) is MUTATES[body.removeprefix("global G\n")]
    )


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("global W\nW = 1", "W"),
        ("global W\ndel W", "W"),
        ("global W\nW += 1", "W"),
        ("global W\nfor W in local: pass", "W"),
        ("global W\nimport W", "W"),
        ("global W\ndef W(): pass", "W"),
        ("def g():\n  global W\n  W = 1", "W"),
        ("W = 1", ""),
        ("W = 1\ndef g():\n  nonlocal W\n  W = 2", ""),
    ],
)
def test_writes_are_rebound_with_global(body, names):
    """Locals and variables of enclosing functions are not."""
    assert code_facts(code_of(body)).writes == set(names.split())


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("return local.a.b", "a b"),
        ("return G.a", "a"),
        ("local.a()", "a"),
        ("return [v.a for v in local]", "a"),
        ("return super().a", "a"),
        ("return getattr(local, 'a')", "a"),
        ("match local:\n case P(): pass", "__match_args__"),
        ("local.a = 1", ""),
    ],
)
def test_attributes_are_read_of_anything(body, names):
    """By name, in a string that `getattr` may be given, and by a class pattern."""
    assert code_facts(code_of(body)).attributes == set(names.split())


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ("import lib", [ImportOf("lib", 0, "", "")]),
        ("import lib.part as p", [ImportOf("lib.part", 0, "", "")]),
        ("from lib import a, b as c", [ImportOf("lib", 0, "a", "a"), ImportOf("lib", 0, "b", "b")]),
        ("from ..lib import a", [ImportOf("lib", 2, "a", "a")]),
        ("from . import a", [ImportOf("", 1, "a", "a")]),
        ("def g(): import lib", [ImportOf("lib", 0, "", "")]),
        ("return 0, None", []),
    ],
)
def test_imports_are_told_with_level_and_names(body, imports):
    """Also those of functions inside."""
    found = {ImportOf(i.module, i.level, i.name, i.bound if i.name else "") for i in code_facts(code_of(body)).imports}
    assert found == set(imports)


def test_the_codes_inside_of_a_code():
    """Direct ones, and all of them with the code itself first."""
    outer = code_of("def g():\n  def h(): pass\nreturn lambda: 0")
    assert [c.co_name for c in nested(outer)] == ["g", "<lambda>"]
    assert [c.co_name for c in all_codes(outer)] == ["f", "g", "h", "<lambda>"]


def test_the_functions_of_a_module():
    """Functions and lambdas in classes too; the bodies of classes and the module itself are none."""
    code = compile("class C:\n def m(self): pass\n k = lambda: 0\ndef f(): pass", "a.py", "exec")
    assert [c.co_qualname for c in every_function(code)] == ["C.m", "C.<lambda>", "f"]


def test_facts_of_several_codes_are_united():
    """Of functions that share a name."""
    one, other = code_facts(code_of("return G.a")), code_facts(code_of("global W\nW = H"))
    both = one | other
    assert (words(both.reads), both.writes, both.attributes) == ({"G", "G.a", "H"}, {"W"}, {"a"})


def test_facts_keep_no_code_alive():
    """Whether anybody holds an old code object is told by its reference count."""
    code = code_of("return lambda: G")
    code_facts(code)
    reference = weakref.ref(code)
    del code
    gc.collect()
    assert reference() is None


SETS = {
    "G.a = 1": "G.a",
    "G.a += 1": "G.a",
    "G.a.b = local": "G.a.b",
    "del G.a": "G.a",
    "local.a = 1": ".a",
    "local.a += 1": ".a",
    "local.a.b = 1": ".a.b",
    "other = 1\nother.a = 1": "",
    "G[0].a = 1": "",
    "def g(self): G.a = self.b = 1": "G.a",
}


@pytest.mark.parametrize("body", SETS)
def test_attributes_that_are_set(body):
    """Of globals, and of the first argument, which has the empty name; those of inner functions if they are globals'."""
    assert words(code_facts(code_of(body)).sets) == set(SETS[body].split())


def test_attributes_that_are_set_on_the_class_around():
    """By way of `__class__`."""
    space: dict = {}
    exec("class C:\n def m(self): __class__.seen = 1\n", space)
    assert words(code_facts(space["C"].m.__code__).sets) == {"__class__.seen"}
