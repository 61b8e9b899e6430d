"""Which statement gives each name its value, at each place of a program."""

from __future__ import annotations

import pytest

from hotswap.planning.flow import Binding, Flow, Scheduled, schedule

X, Y = ("a", "x"), ("a", "y")


def place(number):
    return "a", (number,)


def flow(text):
    """One statement a word: "x" binds, "x?" maybe, "-x" deletes, "-x?" maybe, "def:x" defines, "x+" mutates, "." is none."""
    found = []
    for number, word in enumerate(text.split()):
        name = "a", word.strip("-?+").removeprefix("def:")
        is_binding = word != "." and "+" not in word
        binding = Binding(name, maybe="?" in word, deletes="-" in word, defines="def:" in word)
        mutates = frozenset([name]) if "+" in word else frozenset()
        found.append(Scheduled(place(number), (binding,) if is_binding else (), mutates))
    return Flow(found)


def numbers(places):
    return [path[0] for _, path in places]


BEFORE = {
    "x .": [0],
    "x x .": [1],
    "x x? .": [1, 0],
    "x x? x? .": [2, 1, 0],
    "x? .": [0],
    "y .": [],
    ". .": [],
    "x -x .": [],
    "x -x? .": [1, 0],
    "x -x x .": [2],
    "x x? -x x? .": [3],
    "x . x": [1, 0][1:],
    "def:x x+ .": [0],
}


@pytest.mark.parametrize("text", BEFORE)
def test_before_are_those_that_may_have_given_the_value(text):
    """Latest first, back to the one that surely binds it; a deletion leaves nothing of what was before it."""
    at = text.split().index(".") if text.endswith("x") else len(text.split()) - 1
    assert numbers(flow(text).before(X, place(at))) == BEFORE[text]


def test_a_statement_does_not_see_what_it_binds_itself():
    """`x = x + 1` reads the value from before."""
    assert numbers(flow("x x").before(X, place(1))) == [0]


FINAL = {"x": [0], "x x": [1], "x x?": [1, 0], "x -x": [], "x -x?": [1, 0], "y": [], "": []}


@pytest.mark.parametrize("text", FINAL)
def test_final_is_the_same_for_the_end(text):
    """What the name stands for when all statements have run."""
    assert numbers(flow(text).final(X)) == FINAL[text]


CONTENT = {
    "x x+ x+ .": [0, 1, 2],
    "x x+ x x+ .": [2, 3],
    "x x? x+ .": [0, 1, 2],
    "x+ .": [0],
    "x+ x .": [1],
    "x y+ .": [0],
    "x .": [0],
}


@pytest.mark.parametrize("text", CONTENT)
def test_content_is_made_by_binders_and_by_those_that_fill(text):
    """In order, from the statement that made the container on."""
    last = len(text.split()) - 1
    made = flow(text)
    assert (numbers(made.content_before(X, place(last))), numbers(made.content_final(X))) == (CONTENT[text],) * 2


def test_fillers_did_not_bind_the_name():
    """A container's maker is no filler; what it was filled with before it was made anew does not count."""
    assert numbers(flow("x x+ x x+ .").filled_before(X, place(4))) == [3]


def test_what_is_known_of_names_and_places():
    """Names that are bound, by whom, who changes them, and who defines them."""
    made = flow("x def:x y+ x+ y")
    assert (list(made.names), X in made, ("a", "z") in made) == ([X, Y], True, False)
    assert [
        numbers(found) for found in (made.binders(X), made.mutators(X), made.definers(X), made.binders(("a", "z")))
    ] == [
        [0, 1],
        [3],
        [1],
        [],
    ]
    assert (made.bindings(place(1)), made.bindings(place(9))) == ((Binding(X, defines=True),), ())
    assert (made.defines(X, place(1)), made.defines(X, place(0)), made.defines(Y, place(1))) == (True, False, False)


@pytest.mark.parametrize(
    ("text", "sure"), [("x", True), ("x x?", True), ("x?", False), ("x -x x?", False), ("y", False)]
)
def test_a_name_is_sure_when_it_has_a_value_on_every_way(text, sure):
    """One of those that may give it its value does in any case."""
    assert flow(text).is_sure(X) is sure


def order(entries, places, imports):
    """The schedule in words: "a0 b0"; imports as {"a0": "b"}."""
    known = {name: [(name, (number,)) for number in range(count)] for name, count in places.items()}
    asked = {(key[0], (int(key[1]),)): value.split() for key, value in imports.items()}
    return " ".join(f"{module}{path[0]}" for module, path in schedule(entries.split(), known, asked))


SCHEDULES = [
    ("a", {"a": 2}, {}, "a0 a1"),
    ("a b", {"a": 1, "b": 1}, {}, "a0 b0"),
    ("a", {"a": 2, "b": 1}, {"a1": "b"}, "a0 b0 a1"),
    ("a", {"a": 2, "b": 2}, {"a0": "b", "b1": "a"}, "b0 b1 a0 a1"),
    ("b", {"a": 2, "b": 2}, {"a0": "b", "b1": "a"}, "b0 a0 a1 b1"),
    ("a", {"a": 1, "b": 1, "c": 1}, {"a0": "b c"}, "b0 c0 a0"),
    ("a", {"a": 1, "b": 1, "c": 1}, {"a0": "b", "b0": "c", "c0": "a"}, "c0 b0 a0"),
    ("a a", {"a": 1}, {"a0": "elsewhere"}, "a0"),
    ("", {"a": 1}, {}, ""),
]


@pytest.mark.parametrize(("entries", "places", "imports", "expected"), SCHEDULES)
def test_a_module_runs_where_it_is_asked_for_first(entries, places, imports, expected):
    """And only once; the statement that asks is through when all that it asked for is."""
    assert order(entries, places, imports) == expected
