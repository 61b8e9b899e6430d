"""What statements did outside of the program, which stays when they are gone."""

from __future__ import annotations

import ast

import pytest

from hotswap.planning.effects import bare_calls, is_registration, lasting

PRELUDE = """
import abc, atexit, json, logging, os, pprint, sys, time, warnings
log = logging.getLogger('x')
class Shape(abc.ABC): pass
class Circle:
    def draw(self): pass
def mine(): pass
t = []; d = {}
class Box:
    def update(self, x=0): pass
box = Box()
FLAG = False
OTHER = bool(FLAG)
box.items = []
nested = {"a": [], "b": {"c": []}}
boxes = {"a": box}
this = sys.modules[__name__]
KEY, text = "b", "pass"
"""
LASTING = {
    "atexit.register(mine)": ["atexit.register(mine)"],
    "os.environ['A'] = 'b'": ["os.environ['A'] = …"],
    "os.environ.setdefault('A', 'b')": ["os.environ.setdefault('A', 'b')"],
    "sys.excepthook = sys.excepthook": ["sys.excepthook = …"],
    "json.encoder.FLOAT_REPR = repr": ["json.encoder.FLOAT_REPR = …"],
    "setattr(sys, 'hook', 1)": ["sys.hook = …"],
    "if mine: atexit.register(mine)": ["atexit.register(mine)"],
    "for x in (): atexit.register(mine)": ["atexit.register(mine)"],
    "try: atexit.register(mine)\nexcept E: atexit.register(len)": ["atexit.register(mine)", "atexit.register(len)"],
    "if __name__ == '__main__': atexit.register(mine)": [],
    "if __name__ != '__main__': atexit.register(mine)": ["atexit.register(mine)"],
    "if sys.platform == 'none' or not True: os.environ['A'] = 'b'\nelse: atexit.register(mine)": ["atexit.register(mine)"],
    "if FLAG: atexit.register(mine)\nelif OTHER: atexit.register(len)": ["atexit.register(len)"],
    "try:\n import no_such_module\n atexit.register(len)\nexcept ImportError: atexit.register(mine)": ["atexit.register(mine)"],
    "log.setLevel(10)": ["log.setLevel(10)"],
    "log.info('x')": [],
    "logging.info('x')": [],
    "print('x')": [],
    "pprint.pprint(1)": [],
    "warnings.warn_explicit": [],
    "time.sleep(0)": [],
    "mine()": [],
    "Circle()": [],
    "Circle().draw()": ["Circle().draw()"],
    "t.append(1)": [],
    "d.update(a=1)": [],
    "d['k'] = 1": [],
    "box.items.append(1)": [],
    "box.x = 1": [],
    "nested['a'].append(1)": [],
    "nested['b']['c'].append(1)": [],
    "nested[KEY].update(a=1)": [],
    "nested['a'].count(1)": ["nested['a'].count(1)"],
    "boxes['a'].update(1)": ["boxes['a'].update(1)"],
    "exec('def g(): pass')": [],
    "exec('def g(): pass\\natexit.register(g)')": ["atexit.register(g)"],
    "exec(text)": ["exec(text)"],
    "setattr(sys.modules[__name__], 'a' + 'b', 1)": [],
    "for n in 'ab': setattr(this, n, 1)": [],
    "for n in 'ab': setattr(json, n, 1)": ["setattr(json, n, 1)"],
    "mine.x = 1": [],
    "Shape.register(Circle)": [],
    "x = atexit.register(mine)": [],
    "def f(): atexit.register(mine)": [],
    "class C: atexit.register(mine)": [],
}  # fmt: skip


@pytest.mark.parametrize("text", LASTING)
def test_effects_that_stay_when_a_statement_is_removed(edition, text):
    """Bare calls of what others wrote, and what is set on it; the program's own and mere messages leave nothing."""
    import os
    import sys

    hook = sys.excepthook
    found = edition(PRELUDE + text)
    assert [effect.words for effect in lasting(found, found.paths[-1])] == LASTING[text]
    os.environ.pop("A", None)
    vars(sys).pop("hook", None)
    assert sys.excepthook is hook


def test_members_of_classes_leave_nothing_outside(edition):
    """What stands in a class goes with it."""
    found = edition("class C:\n print('x')\n")
    assert list(lasting(found, (0, 0))) == []


CALLS = {
    "f()": 1,
    "if x: f()": 1,
    "with x: f(); g()": 2,
    "x = f()": 0,
    "def h(): f()": 0,
    "match x:\n case 1: f()": 1,
    "lambda: f()": 0,
}


@pytest.mark.parametrize("text", CALLS)
def test_bare_calls_stand_alone(text):
    """In blocks too, but not in functions and classes, nor as a part of something."""
    (node,) = ast.parse(text).body
    assert len(list(bare_calls(node))) == CALLS[text]


def test_registrations_with_abstract_classes_can_be_taken_back(edition):
    """`register` of an abstract class, if it has none of its own."""
    text = PRELUDE + "class Own(abc.ABC):\n @classmethod\n def register(cls, x): pass\n"
    space = edition(text).tracked.namespace
    calls = ["Shape.register", "Own.register", "atexit.register", "register", "Circle.draw"]
    assert [is_registration(ast.parse(c, mode="eval").body, space) for c in calls] == [True, False, False, False, False]
