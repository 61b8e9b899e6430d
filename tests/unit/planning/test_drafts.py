"""What is to run, under which conditions, and what it may cause."""

from __future__ import annotations

import pytest

from hotswap.events import behaviour, content, described, subclasses
from hotswap.model import ALWAYS, NEVER, Condition
from hotswap.planning.drafts import Draft, Drafts, RunsWhole


def told(planner):
    """The drafts in words: "a1 always", "a2 if a.x", "a0 needed"; members as a1.0."""
    return [word for place in sorted(planner.drafts.of) for word in _told(place, planner.drafts.of[place])]


def _told(place, draft):
    where = f"{place[0]}{'.'.join(map(str, place[1]))}"
    for kind, condition in (("", draft.due), ("needed ", draft.needed)):
        if condition != NEVER:
            names = sorted({f"{m}.{n}" for (m, n), _ in condition.causes})
            yield f"{where} {kind}{'always' if condition.always else 'if ' + ' '.join(names)}"


CASES = {
    "an edited statement": ("x = 1\n", "x = 2\n", ["a0 always"]),
    "who reads it": ("x = 1\ny = x\nz = y\n", "x = 2\ny = x\nz = y\n", ["a0 always", "a1 if a.x", "a2 if a.y"]),
    "nobody else": ("x = 1\ny = 1\n", "x = 2\ny = 1\n", ["a0 always"]),
    "a value from before": ("x = 1\ny = x\nx = 3\n", "x = 1\ny = -x\nx = 3\n", ["a0 needed always", "a1 always"]),
    "a value that is kept": ("x = []\ny = x\n", "x = []\ny = [x]\n", ["a1 always"]),
    "a container from before": (
        "x = []\nx.append(1)\ny = len(x)\nx.append(2)\n",
        "x = []\nx.append(1)\ny = -len(x)\nx.append(2)\n",
        ["a0 needed always", "a1 needed always", "a2 always"],
    ),
    "a container that is filled otherwise": ("x = []\nx.append(1)\n", "x = []\nx.append(2)\n", ["a1 always"]),
    "a container that is added to": ("x = []\nx.append(1)\n", "x = []\nx.append(1)\nx.append(2)\n", ["a2 always"]),
    "a maybe": ("x = 1\nif x: y = 1\nz = 2\n", "x = 1\nif x: y = 2\nz = 2\n", ["a1 always"]),
    "a maybe before it": ("y = 0\nif y: y = 1\n", "y = 0\nif y: y = 2\n", ["a0 needed always", "a1 always"]),
    "a caller": ("def f(): return 1\nx = f()\n", "def f(): return 2\nx = f()\n", ["a1 if a.f()"]),
    "a member": ("class C:\n x = 1\n y = x\n", "class C:\n x = 2\n y = x\n", ["a0.0 always", "a0.1 if a.C.x"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_to_run(edited, case):
    """What was edited, what sees another value by it, and what is needed for a value at its place."""
    old, new, expected = CASES[case]
    assert told(edited(a=(old, new)).planner()) == expected


def test_an_attribute_of_another_module_is_made_again_for_who_adds_to_it(edited):
    """Its own module's statement runs for the sake of the value that it had before."""
    planner = edited(lib=("X = 1\n",) * 2, a=("import lib\nlib.X += 1\n", "import lib\nlib.X += 2\n")).planner()
    assert told(planner) == ["a1 always", "lib0 needed always"]


def test_causes_of_another_module_stay_causes(edited):
    """Something is only put into a container again if it really is another value."""
    files = {"b": ("X = 1 + 1\n", "X = 4 - 2\n"), "a": ("from b import X\nt = []\nt.append(X)\n",) * 2}
    assert told(edited(**files).planner()) == ["a0 if b.X", "a2 if a.X b.X", "b0 always"]


def events_of(planner, place):
    return {event for event, by in planner.drafts.known if by == place}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = {}", {("a", "x")}),
        (
            "def f(p={}): pass",
            {("a", "f"), behaviour(("a", "f")), described(("a", "f")), content(("a", "f"))},
        ),
        ("t.append({})", {content(("a", "t"))}),
        ("B.n = {}", {("a", "B.n"), described(("a", "B"))}),
    ],
)
def test_what_a_statement_may_cause(edited, text, expected):
    """Names bound to something else, definitions that change in place, containers that are filled."""
    prelude = "t = []\nclass B: pass\n"
    planner = edited(a=(prelude + text.format(1), prelude + text.format(2))).planner()
    assert events_of(planner, ("a", (2,))) == expected


def test_a_class_may_change_the_list_of_its_bases(edited):
    """Of those that it has now."""
    planner = edited(a=("class B: pass\n", "class B: pass\nclass C(B): pass\n")).planner()
    assert subclasses(("a", "B")) in events_of(planner, ("a", (1,)))


def test_a_hook_of_a_class_may_change_what_is_made_with_it(edited):
    """`__init_subclass__` and its like concern those who use the class."""
    hooks, others = (
        edited(a=(f"class C:\n x = 1\n {n} = None\n", f"class C:\n x = 1\n {n} = len\n")).planner()
        for n in ("__call__", "call")
    )
    cls = behaviour(("a", "C"))
    assert (cls in events_of(hooks, ("a", (0, 1))), cls in events_of(others, ("a", (0, 1)))) == (True, False)


def test_a_class_statement_that_has_to_run_runs_whole(edited):
    """Its members are no places of their own then."""
    found = edited(a=("class C: pass\n",) * 2)
    drafts = Drafts(found.editions(), found.rounds.graph)
    drafts.draft(("a", (0,)), "why not", ALWAYS)
    with pytest.raises(RunsWhole) as raised:
        drafts.check_whole()
    assert raised.value.places == {("a", (0,))}


def test_the_course_of_a_script_does_not_run(edited):
    """Not even when what it reads changed."""
    found = edited(a=("x = 1\nprint(x)\n",) * 2)
    drafts = Drafts(found.editions(), found.rounds.graph)
    found.program.reloader.adopt_main(str(found.program.folder / "a.py"), b"x = 1\nprint(x)\n")
    assert [drafts.may_run(("__main__", (n,))) for n in (0, 1)] == [True, False]


def test_a_draft_runs_when_due_or_needed():
    """Both conditions together."""
    one, other = (Condition(causes=frozenset([(("a", n), None)])) for n in "xy")
    assert (Draft("why", one, other).runs, Draft("why").runs) == (one | other, NEVER)


def test_one_statement_before_another(edited):
    """Within a group by its schedule; of two groups the one that is asked for is through first."""
    found = edited(b=("y = 1\n",) * 2, a=("import b\nx = 1\n",) * 2)
    drafts = Drafts(found.editions(), found.rounds.graph)
    first, second, other = ("a", (0,)), ("a", (1,)), ("b", (0,))
    assert [drafts.is_before(first, second), drafts.is_before(second, first), drafts.is_before(other, first)] == [
        True,
        False,
        False,
    ]
    assert [drafts.is_behind(first, second), drafts.is_behind(other, first), drafts.is_behind(first, other)] == [
        True,
        True,
        False,
    ]


def test_an_event_is_followed_once(edited):
    """However often it happens."""
    found = edited(a=("x = 1\n",) * 2)
    drafts = Drafts(found.editions(), found.rounds.graph)
    for _ in range(2):
        drafts.happens(("a", "x"))
    assert list(drafts.queue) == [(("a", "x"), None)]
