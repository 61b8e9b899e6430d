"""The attributes that functions set when statements call them."""

from __future__ import annotations

import pytest

LIB = (
    "class C:\n n = 0\n @classmethod\n def up(cls): cls.n += 1\n def __init__(self): C.made = 1\n"
    "class D(C): pass\ndef f():\n f.calls = 1\ndef g(self): self.x = 1\n"
)
SET = {
    "C.up()": {"lib.C.n"},
    "D.up()": {"lib.D.n"},
    "f()": {"lib.f.calls"},
    "x = C()": {"lib.C.made"},
    "g(f)": set(),
}


@pytest.mark.parametrize("call", SET)
def test_attributes_that_calls_set_are_bound(edited, call):
    """Of classes and functions, when somebody reads them."""
    read = f"from lib import C, D, f, g\n{call}\nseen = lambda: (C.n, D.n, C.made, f.calls)\n"
    found = edited(lib=(LIB, LIB + "y = 1\n"), a=(read,) * 2).editions().new("a")
    bound = {f"{b.name[0]}.{b.name[1]}" for b in found.bindings((1,)) if b.name[0] == "lib"}
    assert bound == SET[call]


def test_a_counter_that_nobody_reads_counts_on(edited):
    """It only tells instances apart: to count anew would make all of them anew."""
    lib = "class C:\n made = 0\n def __init__(self):\n  C.made += 1\n  self.number = C.made\n"
    found = edited(lib=(lib, lib + "y = 1\n"), a=("from lib import C\nx = C()\n",) * 2).editions().new("a")
    assert [b.name for b in found.bindings((1,))] == [("a", "x")]
