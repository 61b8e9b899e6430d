"""The words by which a registry may know a definition."""

from __future__ import annotations

import ast

from hotswap.patch.words import constants_in, first_lines, words_of

SOURCE = """
@route("/", 1, weight=5, strict=True)
def index(): return "no word"
@route("/about")
class About(Page, key="k"):
    kind = "about"
    def title(self): return "no word"
register("plain")
"""
INDEX, ABOUT, CALL = ast.parse(SOURCE).body


def test_a_function_is_known_by_its_name_and_what_its_decorators_are_given():
    """Not by what is in its body, and not by flags, which say nothing."""
    assert words_of(INDEX, "app") == {"index", "app.index", ("app", "index"), "/", 5}


def test_a_class_is_known_by_its_keywords_and_values_as_well():
    """Not by what is in its methods."""
    assert words_of(ABOUT, "app") == {"About", "app.About", ("app", "About"), "/about", "k", "about"}


def test_a_call_that_stands_alone_is_known_by_what_it_is_given():
    """It has no name."""
    assert words_of(CALL, "app") == {"plain"}


def test_a_word_belongs_to_the_first_definition_that_has_it():
    """Which begins with its decorators.  Calls that stand alone have no place among definitions."""
    assert first_lines([ABOUT, INDEX], "app")["/"] == INDEX.decorator_list[0].lineno
    assert "plain" not in first_lines([CALL], "app")


def test_constants_are_found_at_any_depth():
    """Of a table that a module states, say."""
    assert set(constants_in(ast.parse("T = {'a': [2, ('b', None)]}"))) == {"a", 2, "b"}
