"""What the code of a function refers to, told from its instructions.  Pure."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from weakref import WeakKeyDictionary

from hotswap.factfinder import MUTATORS
from hotswap.facts import ImportOf
from hotswap.syntax import Chain


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a function's code refers to, nested functions included.

    `reads` are globals (as dotted names); `uses` are those of them that are looked into, not only added to
    (`x.append(v)`, `x[k] = v`); `mutates` those that may change in place (rather too many); `writes` are
    rebound with `global`, `attributes` are read of anything, `imports` are imported.  `sets` are attributes that are
    set, of globals (as dotted names), of the first argument (the empty name there), of `__class__`.  `alters`: it
    stores into something, or calls a method that changes what it belongs to.  `whole` are globals (as dotted names)
    that are handed on as they are, rather than asked for an attribute.
    """

    reads: frozenset[Chain]
    uses: frozenset[Chain]
    mutates: frozenset[Chain]
    writes: frozenset[str]
    attributes: frozenset[str]
    imports: frozenset[ImportOf]
    sets: frozenset[Chain] = frozenset()
    alters: bool = False
    whole: frozenset[Chain] = frozenset()

    def __or__(self, other: CodeFacts) -> CodeFacts:
        return CodeFacts(*(getattr(self, name) | getattr(other, name) for name in CodeFacts.__slots__))

    @property
    def imports_by_name(self) -> bool:
        """Whether it asks for modules by names that are computed."""
        return "import_module" in self.attributes or any(chain[-1] in IMPORTING for chain in self.reads)

    @property
    def lists_folders(self) -> bool:
        """Whether it may look through folders, as far as the names tell that it uses."""
        return not LISTING_FOLDERS.isdisjoint(self.attributes | {chain[-1] for chain in self.reads})


LISTING_FOLDERS = frozenset("listdir scandir walk glob iglob rglob iterdir iter_modules walk_packages".split())
IMPORTING = frozenset(("import_module", "__import__"))
_GLOBALS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"))
_STORES = frozenset(("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_ATTR", "DELETE_ATTR"))
_STORES_ATTRIBUTE = frozenset(("STORE_ATTR", "DELETE_ATTR"))
_CONSTANTS = frozenset(("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST"))
_IGNORED = frozenset(("CACHE", "PUSH_NULL"))
_SIMPLE = frozenset(("LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_CONST", "LOAD_SMALL_INT"))
_LOCALS = frozenset(
    "LOAD_FAST LOAD_FAST_BORROW LOAD_FAST_CHECK LOAD_DEREF LOAD_FAST_LOAD_FAST STORE_FAST_LOAD_FAST "
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW".split()
)
ADDERS = frozenset("append add appendleft extend extendleft update insert __setitem__ setdefault".split())
"""Methods that put something into a container without looking at what is there already."""

PUTTERS = frozenset("heappush heappushpop heapreplace heapify insort insort_left insort_right shuffle".split())
"""Functions of the standard library that change the list which they are given first."""

GLOBALS = ("globals",)
"""What a function calls that looks at all names of its module."""

BY_NAME = frozenset(("getattr", "hasattr", "setattr", "delattr"))


def code_facts(code: CodeType) -> CodeFacts:
    """Read the instructions; the globals are exactly those that the compiler found."""
    known = _known.get(code)
    if known is None:
        known = _known[code] = _Reader(code).facts()
    return known


# Weak, because whether anybody holds an old code object is told by its reference count.
_known: WeakKeyDictionary[CodeType, CodeFacts] = WeakKeyDictionary()


class _Reader:
    """Reads the instructions of one function, and those of the functions in it."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.owner = owner_of(code)
        """What the first argument is, as a dotted name, if that is a class."""
        self.reads: set[Chain] = set()
        self.uses: set[Chain] = set()
        self.mutates: set[Chain] = set()
        self.writes: set[str] = set()
        self.attributes: set[str] = set()
        self.imports: set[ImportOf] = set()
        self.sets: set[Chain] = set()
        self.whole: set[Chain] = set()
        self.stores = False
        self.alters = False
        self.constants: list[object] = []

    def facts(self) -> CodeFacts:
        """What was found."""
        chain: Chain = ()
        instructions = [i for i in dis.get_instructions(self.code) if i.opname not in _IGNORED]
        before: Chain = ("",)
        for number, each in enumerate(instructions):
            chain = self.instruction(each.opname, each.argval, chain)
            if each.argval == "__class__" and self.goes_on(instructions[number + 1 :]):  # not for `super()`
                chain = class_around(self.code)
            if chain and not self.goes_on(instructions[number + 1 :]):
                if all(each.opname not in _STORES_ATTRIBUTE for each in instructions[number + 1 : number + 2]):
                    self.whole.add(chain)
                if before[-1] in PUTTERS:
                    self.uses.update(chain[:n] for n in range(1, len(chain)))  # it is only added to
                else:
                    self.end(chain, instructions[number + 1 :])
                before = chain
            if each.opname in _STORES_ATTRIBUTE:
                self.sets.update(self.targets(instructions[:number], str(each.argval)))
        if any(root[0] in BY_NAME for root in self.reads):
            self.named_attributes()
        for inner in nested(self.code):
            self.take(code_facts(inner))
        if self.stores or any(chain[-1] in PUTTERS for chain in self.reads):
            self.mutates |= self.reads
        return CodeFacts(
            frozenset(self.reads),
            frozenset(self.uses),
            frozenset(self.mutates),
            frozenset(self.writes),
            frozenset(self.attributes),
            frozenset(self.imports),
            frozenset(self.sets),
            self.stores or self.alters or not self.attributes.isdisjoint(MUTATORS),
            frozenset(self.whole),
        )

    def instruction(self, name: str, argument: object, chain: Chain) -> Chain:
        """Take in one instruction; returns the dotted name that it ends."""
        if name in _GLOBALS:
            self.reads.add((str(argument),))
            return (str(argument),)
        if name in _LOCALS:
            last = argument[-1] if isinstance(argument, tuple) else argument
            return self.owner if self.owner and last == self.code.co_varnames[0] else ()
        if name in _ATTRIBUTES:
            attribute = str(argument)
            self.attributes.add(attribute)
            if not chain:
                return ()
            self.reads.add((*chain, attribute))
            if attribute in MUTATORS:
                self.mutates.add(chain)
            return (*chain, attribute)
        if name in _CONSTANTS:
            self.constants.append(argument)
        elif name == "IMPORT_NAME":
            self.imported(str(argument))
        elif name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            self.writes.add(str(argument))
        elif name in _STORES:
            self.stores = True
        elif name == "MATCH_CLASS":
            self.attributes.add("__match_args__")
        return ()

    def goes_on(self, rest: Sequence[dis.Instruction]) -> bool:
        """Whether the next instruction reads an attribute of what was just loaded."""
        return bool(rest) and rest[0].opname in _ATTRIBUTES

    def end(self, chain: Chain, rest: Sequence[dis.Instruction]) -> None:
        """A dotted name is whole; note whether it is looked into, or only added to."""
        if len(chain) > 1 and chain[-1] in ADDERS:
            self.uses.update(chain[:n] for n in range(1, len(chain) - 1))
            return
        for each in rest[:4]:
            if each.opname == "STORE_SUBSCR":
                self.uses.update(chain[:n] for n in range(1, len(chain)))
                return
            if each.opname not in _SIMPLE | _ATTRIBUTES:
                break
        self.uses.update(chain[:n] for n in range(1, len(chain) + 1))

    def targets(self, before: Sequence[dis.Instruction], attribute: str) -> Iterator[Chain]:
        """The attribute that an instruction sets, as a dotted name: of what was loaded last, or read before (`+=`)."""
        chain = self.loaded(before)
        if chain:
            yield (*chain, attribute)
        elif before and before[-1].opname == "SWAP":
            for number, each in enumerate(before):
                if each.opname == "LOAD_ATTR" and each.argval == attribute and before[number - 1].opname == "COPY":
                    owner = self.loaded(before[: number - 1])
                    if owner:
                        yield (*owner, attribute)

    def loaded(self, before: Sequence[dis.Instruction]) -> Chain:
        """The dotted name that the last instructions load; empty when it is none."""
        attributes = []
        for each in reversed(before):
            if each.opname in _ATTRIBUTES:
                attributes.append(str(each.argval))
                continue
            if each.opname in _GLOBALS:
                return (str(each.argval), *reversed(attributes))
            name = each.argval[-1] if isinstance(each.argval, tuple) else each.argval
            if name == "__class__":
                return ("__class__", *reversed(attributes))
            is_first = self.code.co_argcount and name == self.code.co_varnames[0]
            return ("", *reversed(attributes)) if is_first and each.opname in _LOCALS else ()
        return ()

    def imported(self, module: str) -> None:
        """An import statement: the number of dots and the names were loaded just before."""
        level, names = (*self.constants[-2:],) if len(self.constants) > 1 else (0, None)
        level = level if isinstance(level, int) else 0
        for name in names if isinstance(names, tuple) and names else ("",):
            self.imports.add(ImportOf(module, level, name, name))

    def named_attributes(self) -> None:
        """`getattr(level, "SPEED")` reads `level.SPEED`; which string goes with which object is not looked at."""
        named = {c for c in self.constants if isinstance(c, str) and c.isidentifier()}
        self.attributes |= named
        self.reads |= {(*chain, name) for chain in self.reads for name in named if chain[0] not in BY_NAME}
        self.uses |= self.reads

    def take(self, inner: CodeFacts) -> None:
        """Take in what a nested function refers to."""
        self.reads |= inner.reads
        self.uses |= inner.uses
        self.mutates |= inner.mutates
        self.writes |= inner.writes
        self.attributes |= inner.attributes
        self.imports |= inner.imports
        self.alters = self.alters or inner.alters
        self.whole |= inner.whole
        self.sets |= {chain for chain in inner.sets if chain[0]}  # the first argument is another one there


def owner_of(code: CodeType) -> Chain:
    """The class that a method gets as its first argument: a class method, or one of a metaclass; empty for others.

    It may be a subclass, which inherits what is meant nearly always.
    """
    *owner, leaf = code.co_qualname.split(".")
    if not owner or "<locals>" in owner or not code.co_argcount:
        return ()
    return tuple(owner) if leaf in _OF_CLASSES or code.co_varnames[0] in _CLASSES else ()


def class_around(code: CodeType) -> Chain:
    """The class in whose body a function stands, which it knows as `__class__`; empty where that has no name."""
    parts = code.co_qualname.split(".")
    method = parts[: parts.index("<locals>")] if "<locals>" in parts else parts
    return tuple(method[:-1]) if "__class__" in code.co_freevars else ()


_OF_CLASSES = frozenset(("__init_subclass__", "__class_getitem__", "__new__", "__prepare__"))
_CLASSES = frozenset(("cls", "mcs", "mcls", "metacls"))


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects that stand directly inside of another one."""
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def all_codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that are nested in it."""
    yield code
    for inner in nested(code):
        yield from all_codes(inner)


CO_NEWLOCALS = 0x2


def every_function(code: CodeType) -> Iterator[CodeType]:
    """The codes of functions, lambdas and comprehensions in a module's code; not those of class bodies."""
    return (c for c in all_codes(code) if c.co_flags & CO_NEWLOCALS)
