"""What a cell or line says about names, told from its text or from its code."""

from __future__ import annotations

import pytest

from hotswap.integrations.names_in_cells import Import, Names, names_in_code, names_in_text

IMPORTS = [
    ("from lib import speed", [Import("lib", "speed", "speed", sure=True)]),
    ("from lib import a, b as c", [Import("lib", "a", "a", sure=True), Import("lib", "b", "c", sure=True)]),
    ("from pkg.lib import *", [Import("pkg.lib", "*", "*", sure=True)]),
    ("x = 1; from lib import a", [Import("lib", "a", "a", sure=True)]),
    ("import lib", []),
    ("def f():\n    from lib import a", []),
    ("class C:\n    from lib import a", []),
]


@pytest.mark.parametrize(("text", "imports"), IMPORTS)
def test_the_imports_of_a_cell(text, imports):
    """The from-imports that bind names of the session, in order; those of functions and classes do not."""
    assert list(names_in_text(text).imports) == imports


@pytest.mark.parametrize(("text", "imports"), IMPORTS)
def test_the_imports_of_a_compiled_line(text, imports):
    """The same is found where only the code is known."""
    assert list(names_in_code(compile(text, "<stdin>", "exec")).imports) == imports


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("with open(x):\n    from lib import a", True),
        ("try:\n    from lib import a\nexcept ImportError:\n    pass", True),
        ("try:\n    pass\nexcept ImportError:\n    from lib import a", False),
        ("if x:\n    from lib import a", False),
        ("if x:\n    pass\nelse:\n    from lib import a", False),
        ("for x in y:\n    from lib import a", False),
        ("match x:\n    case 1:\n        from lib import a", False),
    ],
)
def test_an_import_of_a_branch_is_not_sure_to_have_run(text, sure):
    """It is told of, and that it may have been passed by."""
    assert [each.sure for each in names_in_text(text).imports] == [sure]


def test_an_import_in_code_with_jumps_is_not_sure():
    """Jumps are not followed."""
    code = compile("if x:\n    from lib import a", "<stdin>", "exec")
    assert names_in_code(code) == Names((Import("lib", "a", "a", sure=False),), frozenset())


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("a = b = 1", {"a", "b"}),
        ("a += 1", {"a"}),
        ("for a in b: pass", {"a"}),
        ("with b as a: pass", {"a"}),
        ("def a(): x = 1", {"a"}),
        ("class a: x = 1", {"a"}),
        ("def f():\n    global a\n    a = 1", {"f", "a"}),
        ("del a", {"a"}),
        ("[(a := 1) for b in c]", {"a"}),
        ("from lib import a", set()),
        ("import a", set()),
        ("await a", set()),
        ("a b", set()),
    ],
)
def test_what_a_cell_binds_in_another_way(text, binds):
    """Every form of binding counts, also from within functions; a text that is no Python binds nothing."""
    assert binds <= names_in_text(text).binds <= binds | {"b"}


@pytest.mark.parametrize(
    ("text", "binds"),
    [("a = 1", {"a"}), ("def f():\n    global a\n    a = 1", {"f", "a"}), ("del a", {"a"}), ("import a", {"a"})],
)
def test_what_a_compiled_line_binds(text, binds):
    """The same from the code; a plain import is one of the names that are the user's."""
    assert names_in_code(compile(text, "<stdin>", "exec")).binds == binds


def test_a_timed_cell_counts_as_if_it_stood_there_itself():
    """`%%time` runs its body in the session."""
    text = "get_ipython().run_cell_magic('time', '', 'from lib import a\\nb = 1\\n')"
    assert names_in_text(text) == Names((Import("lib", "a", "a", sure=True),), frozenset({"b"}))


def test_a_magic_that_runs_elsewhere_says_nothing():
    """`%%bash` binds no names here."""
    assert names_in_text("get_ipython().run_cell_magic('bash', '', 'from lib import a')") == Names()


@pytest.mark.parametrize(
    "read", [names_in_text, lambda text, package: names_in_code(compile(text, "<s>", "exec"), package)]
)
def test_a_relative_import_is_made_absolute(read):
    """As the session's package says; without one it means nothing."""
    assert [each.module for each in read("from .lib import a", "pkg").imports] == ["pkg.lib"]
    assert read("from ..lib import a", "").imports == ()
