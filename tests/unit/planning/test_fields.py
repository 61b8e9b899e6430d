"""The fields of classes, told from their text."""

from __future__ import annotations

import pytest

from hotswap.planning.fields import all_fields
from hotswap.source import Source


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x: int", ["x"]),
        ("x: int = 1\nif DEBUG:\n    y: int = 2\nelse:\n    z: int", ["x", "y", "z"]),
        ("x: ClassVar[int] = 1\ny: typing.ClassVar = 2\nz: 'InitVar[int]'\n_: KW_ONLY", []),
        ("__slots__ = ('a', 'b')", ["a", "b"]),
        ("__slots__ = 'a'", ["a"]),
        ("__slots__ = NAMES", []),
        ("x = 1", []),
        ("def __init__(this, a):\n    this.a, (this.b, c) = a\n    this.c += 1\n    this.d.e = 1\n    this.f[0] = 1", ["a", "b", "c"]),
        ("def __init__(self):\n    for self.x in y:\n        with z as self.w: pass", ["w", "x"]),
        ("def __init__(self):\n    def inner(self):\n        self.x = 1\n    f = lambda: (self := 1)", []),
        ("def __init__():\n    self.x = 1", []),
        ("def __post_init__(self):\n    self.x: int = 1\n    del self.y", ["x"]),
        ("def other(self):\n    self.x = 1", []),
        ("def __init__(self):\n    self.__x = 1\n    self.__y__ = 1", ["_C__x", "__y__"]),
    ],
)  # fmt: skip
def test_fields(body, expected):
    """Annotated names, slots, and what constructors set on their first argument; names as they are mangled."""
    text = "class C:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    assert sorted(all_fields(Source("a.py", text.encode()))["C"]) == expected


def test_classes_in_classes_and_blocks():
    """By qualified name; those of functions are not known by one."""
    text = "try:\n    class A:\n        x: int\n        class B:\n            y: int\nexcept E:\n    class C: pass\ndef f():\n    class D: pass\n"
    assert all_fields(Source("a.py", text.encode())) == {"A": {"x"}, "A.B": {"y"}, "C": set()}
