"""Watches the statements of a module put something into containers, one statement after the other.

Where a statement begins is told from the lines that are reached; what it may write to is looked at when it begins, and
when functions of the program begin that it calls, so before anything is written.
"""

from __future__ import annotations

import dis
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Protocol

from hotswap.deposits import Deposit, Look
from hotswap.factfinder import MUTATORS, WRITES_BY_NAME, facts_of
from hotswap.looking import is_a, is_any, look_up, own_space
from hotswap.parsing import parse
from hotswap.syntax import Chain
from hotswap.targets import IsOurs


class HasDeposits(Protocol):
    """What is known of the statement on one line."""

    deposits: list[Deposit]
    is_unclear: bool


WRITES = re.compile(
    rb"\.(?:%s)\(|\b(?:set|del)attr\(|\]\s*[-+*/|&^%%]?=[^=]|[-+*/|&^%%]=|\w\.\w+\s*=[^=]|\bdel\b"
    % b"|".join(re.escape(name.encode()) for name in sorted(MUTATORS))
)
"""What a statement looks like that may change something by itself."""

BINDS = re.compile(rb"(?!try\b)\w+\s*(?::[^=\n]*)?=[^=]")
"""How a statement begins that gives a name something."""

CALLS = re.compile(rb"[\w.]+\(")
"""How a statement begins that does nothing but call."""

QUIET = (b"def ", b"async def ", b"class ", b"import ", b"from ", b"@", b'"', b"'")
"""How statements begin that change nothing but by way of functions, decorators and the like."""

DEFINING = (b"def ", b"async def ", b"class ", b"@")

GOES_ON = re.compile(rb"[ \t#)\]}\r\n]|(?:else|elif|except|finally)\b|$")
"""How a line begins with which no statement does."""

MOST_CALLS = 2_000
"""How many calls of functions are looked at for one statement: a class body may parse a language."""

_FILLERS = MUTATORS | WRITES_BY_NAME | frozenset(("__dict__", "heappush", "heappop", "insort"))
_STORING = frozenset(
    dis.opmap[name]
    for name in ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_ATTR", "DELETE_ATTR")
    if name in dis.opmap
)
_NAMING = frozenset(("globals", "vars", "setattr", "delattr", "__dict__", "modules", "f_globals"))
"""Words of functions that may give their modules, or those of what they are given, names that no text tells."""
_PLAIN = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset, ModuleType, type(None))
"""What has no attributes of its own that a function could set, or is a module."""
_STORE_DEREF = dis.opmap["STORE_DEREF"]
_ASKING = frozenset(("getattr", "hasattr"))
_NAME_STORING = frozenset(("STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"))
_SETTING = frozenset(dis.opmap[name] for name in ("STORE_ATTR", "DELETE_ATTR"))
_MAKING = frozenset(
    ("__init__", "__new__", "__post_init__", "__attrs_post_init__", "__init_subclass__", "__set_name__")
)
"""Functions that are given what the statement is about to make."""

# Not by the code itself: whether anybody holds an old code object is told by its reference count.
_known: dict[tuple[str, int, tuple[str, ...]], bool] = {}
_known_stored: dict[tuple[str, int, tuple[str, ...]], frozenset[str]] = {}


def may_fill(code: CodeType) -> bool:
    """Whether a function may change something in place, as far as its names tell, or that it stores anywhere."""
    key = code.co_filename, code.co_firstlineno, code.co_names
    known = _known.get(key)
    if known is None:
        is_storing = not _STORING.isdisjoint(code.co_code[::2]) or _rebinds(code)
        known = _known[key] = is_storing or not _FILLERS.isdisjoint(code.co_names)
    return known


@dataclass(slots=True)
class Body:
    """The body of a module, or of a class in it, that is being run."""

    code: int
    """The identity of its code."""
    indent: int
    """How far its statements stand from the margin."""
    names: dict[str, Any]
    last: int = 0
    """The last line so far that may have begun a statement."""
    begun: int = 0
    """The line on which the running statement begins; 0: none has."""
    decorates: bool = False
    """Only its decorators have been reached."""
    defines: bool = False
    """It is a definition: what it makes is nobody's yet."""

    def goes_on(self, text: bytes) -> bool:
        """Whether no statement of the body begins on a line of this text."""
        return bool(text[: self.indent].strip()) or GOES_ON.match(text[self.indent :]) is not None


class Depositing:
    """Goes with one module, or one statement, while it runs; fills in `lines` what each of the statements put where.

    The statements in the bodies of classes, too: what is left there of a class is what was done when it was made.
    """

    def __init__(self, text: bytes, lines: Mapping[int, HasDeposits], is_ours: IsOurs) -> None:
        self._text, self._lines, self._is_ours = text.splitlines(keepends=True), lines, is_ours
        self._bodies: list[Body] = []
        """Those that are being run, the outermost first."""
        self._look: Look | None = None
        self._outermost: CodeType | None = None
        """The code of the module, or of the statement that runs alone."""

    def reach(self, line: int, frame: FrameType) -> None:
        """A line of the module, or of a class in it, is about to run."""
        text = self._text[line - 1] if line <= len(self._text) else b""
        body = self._body_of(frame, text)
        if body is None or line <= body.last or (body.begun and body.goes_on(text)):  # back in a loop, say
            return
        text, body.last = text[body.indent :], line
        if body.decorates:
            body.decorates = text.startswith(b"@")
            return
        self._finish()
        body.begun, body.decorates, body.defines = line, text.startswith(b"@"), text.startswith(DEFINING)
        if not text.startswith(QUIET):
            self._look_ahead(line, body, frame.f_globals)

    def _body_of(self, frame: FrameType, text: bytes) -> Body | None:
        """The body to which a line belongs; None for lines that lead to a class, or are in one that no body has."""
        code = id(frame.f_code)
        if not self._bodies or code not in {each.code for each in self._bodies}:
            indent = len(text) - len(text.lstrip(b" \t")) if self._bodies else 0
            if self._bodies and (indent <= self._bodies[-1].indent or not self._bodies[-1].defines):
                return None  # of a class in a loop, say, all is done by that
            self._finish()  # what came before the body is the statement's own
            if not self._bodies:
                self._outermost = frame.f_code
            names = frame.f_locals
            self._bodies.append(Body(code, indent, names if type(names) is dict else {}))
        self._turn_to(code)
        return self._bodies[-1]

    def _turn_to(self, code: int) -> None:
        """Bodies of classes within this one have ended."""
        if code in {each.code for each in self._bodies}:
            while self._bodies[-1].code != code:
                self._finish()
                self._bodies.pop()

    def enter(self, frame: FrameType, caller: FrameType) -> None:
        """A function begins that may fill something, below the running statement of a body: the `caller`."""
        self._turn_to(id(caller.f_code))
        if not self._begun:
            return
        code, look = frame.f_code, self._looked()
        look.calls += 1
        if look.calls > MOST_CALLS:
            look.is_unclear = True
            return
        given = dict(frame.f_locals)
        for value in self._made(code, given, caller.f_globals):
            look.leave_out(value)
            if is_a(value, type):
                look.at([*type.__dict__["__mro__"].__get__(value)[1:-1], type(value)])
        sets = not WRITES_BY_NAME.isdisjoint(code.co_names)
        self._note_modules(look, frame.f_globals, caller.f_globals)
        known = [*given.values(), *_named(code, frame.f_globals)]
        if _rebinds(code):
            known += _functions_of(code, [caller.f_globals, caller.f_locals, frame.f_globals])
        look.at([value for value in known if not is_a(value, ModuleType)], sets=sets)
        for value in known if (stored := _stored(code)) else ():
            if not is_any(value, *_PLAIN) and not _is_method_of(code, value):
                look.set_on.setdefault(id(value), set()).update(stored)
        if not _NAMING.isdisjoint(code.co_names):
            look.at(_modules([*known, frame.f_globals, caller.f_globals]), sets=True)
            look.leave_out_names(caller.f_globals, self._bound)

    def _made(self, code: CodeType, given: dict[str, Any], names: dict[str, Any]) -> Iterator[Any]:
        """What the statement itself makes, of what a function is given: nothing has to be taken out of that."""
        body = self._bodies[-1]
        is_making = code.co_name in _MAKING and code.co_argcount > 0
        if is_making and code.co_name != "__new__":  # which is given the class
            yield given.get(code.co_varnames[0])
        for value in given.values() if body.defines else ():
            if is_any(value, type, FunctionType):
                home = own_space(sys.modules.get(value.__module__))  # a metaclass, say, is not made by it
                if all(space.get(value.__name__) is not value for space in (names, body.names, home)):
                    yield value
            elif is_making and is_a(value, dict):  # the namespace of the class
                yield from (value, *value.values())

    def end(self) -> None:
        """The last statement is through."""
        self._finish()
        self._bodies.clear()

    @property
    def _begun(self) -> int:
        """The line on which the innermost statement begins that is running; 0: none is."""
        return next((each.begun for each in reversed(self._bodies) if each.begun), 0)

    @cached_property
    def _bound(self) -> frozenset[str]:
        """The globals that statements bind themselves."""
        return frozenset(_bound_by(self._outermost)) if self._outermost is not None else frozenset()

    def _looked(self) -> Look:
        if self._look is None:
            self._look = Look(self._is_ours)
        return self._look

    def _note_modules(self, look: Look, *namespaces: dict[str, Any]) -> None:
        for name in {str(space.get("__name__")) for space in namespaces} - look.modules.keys():
            if is_a(module := sys.modules.get(name), ModuleType):
                look.modules[name] = module

    def _finish(self) -> None:
        look, self._look = self._look, None
        deposits = look.deposits() if look is not None else []
        if deposits or (look is not None and look.is_unclear):
            footprint = self._lines[self._begun]
            footprint.deposits += deposits
            footprint.is_unclear = footprint.is_unclear or (look is not None and look.is_unclear)

    def _look_ahead(self, line: int, body: Body, namespace: dict[str, Any]) -> None:
        """Look at what a statement may change that is about to run, if it is one that may.

        What is a member of a class that is not made yet goes with it.
        """
        text = b"".join(self._statement(line, body))
        binds = BINDS.match(text)
        if not WRITES.search(text, binds.end() - 1 if binds else 0) and not CALLS.match(text):
            return
        try:
            nodes = parse(text).body
        except (SyntaxError, ValueError):  # a text of several lines, say
            self._looked().is_unclear = True
            return
        self._note_modules(self._looked(), namespace)
        members = body.names.keys() if body.indent else frozenset[str]()
        for node in nodes:
            facts = facts_of(node, postponed=True, first=False)
            set_on = facts.computed | {store.chain for store in facts.stores if store.attribute}
            for chains, sets in ((set_on, True), (facts.mutates | facts.arguments, False)):
                roots = [_resolved(chain, namespace) for chain in chains if chain[0] not in members]
                self._looked().at([root for root in roots if not is_a(root, ModuleType)], sets=sets)

    def _statement(self, line: int, body: Body) -> Iterator[bytes]:
        yield self._text[line - 1][body.indent :]
        for each in self._text[line:]:
            if not body.goes_on(each):
                return
            yield each if each[: body.indent].strip() else each[body.indent :]


def _named(code: CodeType, namespace: dict[str, Any]) -> Iterable[Any]:
    """What the names in a function may stand for: globals, and those of modules among them."""
    found = [namespace[name] for name in code.co_names if name in namespace]
    modules = [value for value in found if is_a(value, ModuleType)]
    return [*found, *(own_space(m).get(name) for m in modules for name in code.co_names)]


def _rebinds(code: CodeType) -> bool:
    """Whether a function may give a variable of a call around it something else: `nonlocal`."""
    return bool(code.co_freevars) and _STORE_DEREF in code.co_code[::2]


def _functions_of(code: CodeType, spaces: Iterable[Mapping[str, Any]]) -> Iterator[FunctionType]:
    """The functions with a code that names stand for."""
    for space in [each for each in spaces if type(each) is dict]:
        yield from (value for value in list(space.values()) if is_a(value, FunctionType) and value.__code__ is code)


def _stored(code: CodeType) -> frozenset[str]:
    """The attributes that a function sets and does not ask for: what it asks for it may keep there."""
    key = code.co_filename, code.co_firstlineno, code.co_names
    known = _known_stored.get(key)
    if known is None:
        known = _known_stored[key] = frozenset(_find_stored(code))
    return known


def _find_stored(code: CodeType) -> set[str]:
    if not _SETTING & set(code.co_code[::2]) or code.co_name in _MAKING or not _ASKING.isdisjoint(code.co_names):
        return set()
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for each in dis.get_instructions(code):
        if each.opname in ("STORE_ATTR", "DELETE_ATTR", "LOAD_ATTR", "LOAD_METHOD"):
            found[each.opname in ("STORE_ATTR", "DELETE_ATTR")].add(each.argval)
    return found[True] - found[False]


def _is_method_of(code: CodeType, value: Any) -> bool:
    """Whether a function is defined in the class of an object, or in that class itself, bases included."""
    classes = type.__dict__["__mro__"].__get__(value if is_a(value, type) else type(value))
    return any(code.co_qualname.startswith(f"{type.__dict__['__qualname__'].__get__(cls)}.") for cls in classes)


def _modules(known: Iterable[Any]) -> Iterator[ModuleType]:
    """The modules among what a function knows, and those of its definitions and namespaces."""
    for value in known:
        if is_a(value, ModuleType):
            yield value
            continue
        space = value if type(value) is dict else own_space(value) if is_a(value, type) else {}
        space = value.__globals__ if is_a(value, FunctionType) else space
        name = space.get("__module__" if is_a(value, type) else "__name__")
        module = sys.modules.get(name) if type(name) is str else None
        if is_a(module, ModuleType) and (type(value) is not dict or own_space(module) is value):
            yield module


def _bound_by(code: CodeType) -> Iterator[str]:
    """The names that the statements of a module, or the one that runs alone, give something themselves."""
    bodies = [each for each in code.co_consts if is_a(each, CodeType) and not each.co_flags & inspect.CO_OPTIMIZED]
    for each in [code, *bodies]:
        yield from (found.argval for found in dis.get_instructions(each) if found.opname in _NAME_STORING)


def _resolved(chain: Chain, namespace: dict[str, Any]) -> Any:
    value = namespace.get(chain[0])
    for attribute in chain[1:]:
        value = look_up(value, attribute) if value is not None else None
    return value
