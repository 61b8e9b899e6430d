"""Programs of several modules, in two versions."""

from __future__ import annotations

from textwrap import dedent

OLD = {
    "deco.py": """
        import functools
        def scaled(factor):
            def decorate(fn):
                @functools.wraps(fn)
                def wrapper(self, *args):
                    return fn(self, *args) * factor
                return wrapper
            return decorate
        TABLE = {}
        def register(key):
            def keep(fn):
                TABLE[key] = fn
                return fn
            return keep
    """,
    "base.py": """
        import abc, enum
        from dataclasses import dataclass, field
        from functools import cached_property, lru_cache
        from typing import NamedTuple
        RATE = 2
        SEEN = {}
        class Color(enum.Enum):
            RED = RATE
            BLUE = 5
            def shown(self): return self.name.lower()
        class Pair(NamedTuple):
            a: int
            b: int = RATE
        class Shape(abc.ABC):
            limit = RATE
            def __init_subclass__(cls, **more):
                super().__init_subclass__(**more)
                SEEN[cls.__name__] = cls
            @abc.abstractmethod
            def area(self): ...
            @property
            def label(self): return f"{type(self).__name__}:{self.area()}"
            @cached_property
            def cached(self): return self.area() + RATE
        @dataclass
        class Item:
            name: str
            tags: list = field(default_factory=list)
            def text(self): return self.name
        class Slotted:
            __slots__ = ("x",)
        @lru_cache
        def priced(n): return n * RATE
        gone = lambda: RATE
    """,
    "shapes.py": """
        from base import *
        from base import Shape, RATE, Item
        from deco import register, scaled
        import tables
        class Square(Shape):
            side = RATE
            @scaled(RATE)
            def area(self): return self.side ** 2
            def friend(self): return tables.make()
            class Inner:
                depth = 1
                def deep(self): return self.depth
        @register("square")
        def square(side=RATE): return Square()
        def counter():
            n = 0
            def step():
                nonlocal n
                n += 1
                return n
            return step
        step = counter()
        SIZES = [n * RATE for n in range(3)]
        SIZES.append(len(SIZES))
    """,
    "tables.py": """
        import shapes
        NAMES = ["one"]
        NAMES.append("two")
        def make(): return shapes.Square()
        def total(): return sum(shapes.SIZES)
    """,
    "app.py": """
        from shapes import *
        import base, tables, old
        from old import LEGACY
        square_ = Square()
        ITEM = Item("a")
        RESULT = (square_.area(), tables.total(), base.priced(3), LEGACY)
        match base.RATE:
            case 2: WORD = "two"
            case _: WORD = "many"
        if (double := base.RATE * 2) > 5: BIG = True
        def run(): return square_.label, WORD, double
    """,
    "old.py": """
        LEGACY = 1
        def helper(): return LEGACY
    """,
}

NEW = {
    "deco.py": """
        'documented'
        import functools
        def scaled(factor, plus=1):
            def decorate(fn):
                @functools.wraps(fn)
                def wrapper(self, *args):
                    return fn(self, *args) * factor + plus
                return wrapper
            return decorate
        TABLE = {}
        def register(key):
            def keep(fn):
                TABLE[key + "!"] = fn
                return fn
            return keep
    """,
    "base.py": """
        import abc, enum
        from dataclasses import dataclass, field
        from functools import cached_property, lru_cache
        from typing import NamedTuple
        RATE = 3
        SEEN = {}
        class Color(enum.Enum):
            RED = RATE
            BLUE = 5
            GREEN = 6
            def shown(self): return self.name.upper()
        class Pair(NamedTuple):
            a: int
            b: int = RATE
            def both(self): return self.a + self.b
        class Mixin:
            def mixed(self): return "mixed"
        class Shape(Mixin, abc.ABC):
            limit = RATE
            def __init_subclass__(cls, **more):
                super().__init_subclass__(**more)
                SEEN[cls.__name__ + "!"] = cls
            @abc.abstractmethod
            def area(self): ...
            @property
            def label(self): return f"{type(self).__name__}={self.area()}"
            @label.setter
            def label(self, value): self.side = value
            @cached_property
            def cached(self): return self.area() - RATE
        @dataclass
        class Item:
            name: str
            tags: list = field(default_factory=list)
            color: str = "red"
            def text(self): return self.name + self.color
        class Slotted:
            __slots__ = ("x", "y")
        @lru_cache
        def priced(n): return n * RATE + 1
    """,
    "shapes.py": """
        from base import *
        from base import Shape, RATE, Item
        from deco import register, scaled
        import tables
        class Square(Shape):
            side: int = RATE
            @scaled(RATE, plus=2)
            def area(self): return self.side ** 3
            def friend(self): return [tables.make()]
            def extra(self): return super().label
            class Inner:
                depth = 2
                def deep(self): return -self.depth
        @register("square")
        def square(side=RATE, *, more=0): return Square()
        def counter():
            n = 0
            def step():
                nonlocal n
                n += 10
                return n
            return step
        step = counter()
        SIZES = [n * RATE for n in range(4)]
        SIZES.append(len(SIZES))
    """,
    "tables.py": """
        import shapes
        NAMES = ["one"]
        NAMES.append("three")
        NAMES.append("four")
        def make(): return shapes.Square()
        def total(): return -sum(shapes.SIZES)
    """,
    "app.py": """
        from shapes import *
        import base, tables, new
        square_ = Square()
        ITEM = Item("a")
        RESULT = (square_.area(), tables.total(), base.priced(3), new.FRESH)
        match base.RATE:
            case 2: WORD = "two"
            case _: WORD = "many"
        if (double := base.RATE * 2) > 5: BIG = True
        def run(): return square_.label, WORD, double, new.helper()
    """,
    "new.py": """
        import base
        FRESH = base.RATE
        def helper(): return FRESH
    """,
}

OLD, NEW = ({name: dedent(text).lstrip("\n") for name, text in texts.items()} for texts in (OLD, NEW))
EVERY = sorted(OLD.keys() | NEW.keys())


def versioned(number: int) -> dict[str, str]:
    """A program whose functions, of all kinds and in three modules, return a number; versions differ in bodies alone."""
    return {
        "one.py": dedent(f"""
            import functools
            def plain(): return {number}
            def wrapped(fn):
                @functools.wraps(fn)
                def inner(): return min(fn(), {number})
                return inner
            class Base:
                def method(self): return {number}
                @property
                def value(self): return {number}
        """),
        "two.py": dedent(f"""
            from one import Base, wrapped
            @wrapped
            def decorated(): return {number}
            class Child(Base):
                def method(self): return min(super().method(), {number})
                @classmethod
                def made(cls): return {number}
                @staticmethod
                def static(): return {number}
            child = Child()
        """),
        "three.py": dedent(f"""
            from two import child
            def make():
                def closure(): return {number}
                return closure
            held = make()
            table = {{"lambda": lambda: {number}}}
            def defaults(a=1): return {number}
        """),
    }
