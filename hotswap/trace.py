"""Which functions a module's statements really called while they ran.

What a statement calls cannot be told from its text: decorators, aliases, partials, closures and methods hide it.  So
the calls are observed: with `sys.monitoring` (Python 3.12 and newer; code outside the program is looked at once and
then runs at full speed), with a profile function on 3.11.  Observation is on only while a tracked module is being
imported or a statement of it runs.
"""

from __future__ import annotations

import dis
import enum
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from hotswap.depositing import Depositing, may_fill
from hotswap.deposits import Deposit
from hotswap.events import members
from hotswap.looking import is_a, own_space
from hotswap.model import Name
from hotswap.routes import Route, adds_route, route_of
from hotswap.scanning import Listed, folders_in, in_scope, is_listing, listed_by, lists, may_scan

CO_VARARGS = 0x4
CO_OPTIMIZED = 0x1
"""Set for functions, not for the bodies of modules and classes."""

IMPORT_NAME = dis.opmap["IMPORT_NAME"]

THREADING = frozenset(("threading", "concurrent", "queue", "multiprocessing", "asyncio", "selectors"))
"""Modules of Python whose functions hand something over to other threads, and wait for these."""

CONSTRUCTORS = frozenset(("__init__", "__new__", "__post_init__", "__attrs_post_init__"))

LOOKUP_OF_MEMBERS = getattr(enum.Enum.__new__, "__code__", None)
"""What `Color("red")` calls is named like a constructor and makes no instance: the members are all there."""
ENUM_FILE = enum.EnumMeta.__call__.__code__.co_filename
ASKING_FOR_MEMBERS = frozenset("__call__ __getitem__ __contains__ __iter__ __reversed__ __len__ __members__".split())
"""Methods of the metaclass of enumerations."""


@dataclass(slots=True)
class Footprint:
    """What one statement called.

    `called` are (module, qualified name) of functions; those called inside of constructors of the program's classes are
    kept apart in `constructing`, under the class, because a statement that makes an instance does not run again when
    the constructor is edited.  `enums` are the enumerations that were asked for members, as events.  `imported` are
    modules asked for by name, `listed` folders in which files were looked for, `deposits` is what it put into
    containers, `routes` what it added to applications of Flask.
    """

    called: set[Name] = field(default_factory=set)
    constructing: dict[Name, set[Name]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    listed: set[Listed] = field(default_factory=set)
    deposits: list[Deposit] = field(default_factory=list)
    is_unclear: bool = False
    """Whether it may have put more somewhere than that."""
    enums: set[Name] = field(default_factory=set)
    routes: set[Route] = field(default_factory=set)

    def add(self, more: Footprint) -> None:
        """Take in what another one holds."""
        self.called |= more.called
        self.enums |= more.enums
        self.routes |= more.routes
        self.imported |= more.imported
        self.listed |= more.listed
        self.deposits += more.deposits
        self.is_unclear = self.is_unclear or more.is_unclear
        for owner, called in more.constructing.items():
            self.constructing.setdefault(owner, set()).update(called)


@dataclass(frozen=True, slots=True)
class _Around:
    """Where a call comes from: the frame of a module that is being run, and what stands between."""

    frame: FrameType | None
    body: FrameType | None
    constructor: FrameType | None
    lines: dict[int, Footprint] | None

    @property
    def footprint(self) -> Footprint:
        """What is noted of the statement."""
        at = self.frame if self.body is None else self.body
        assert self.lines is not None
        assert at is not None
        return self.lines[at.f_lineno]


class Tracer:
    """Records footprints, one for each line of a module's code at which a statement begins."""

    def __init__(self, is_tracked_file: Callable[[str], bool]) -> None:
        self._is_tracked = is_tracked_file
        self._watched: dict[CodeType, dict[int, Footprint]] = {}
        self._depositing: dict[int, Depositing] = {}
        self._names: dict[str, bool] = {}
        self._threads: dict[CodeType, int] = {}
        self._first: dict[int, Footprint] = {}
        """By thread what is noted of the statement that was the first to have something called in it."""
        self._elsewhere: dict[int, list[tuple[Name, tuple[Footprint, Footprint]]]] = {}
        """By thread the calls that may have been for statements."""
        self._open = 0
        self._lock = threading.Lock()
        self._tool: int | None = None

    @contextmanager
    def recording(self, code: CodeType, text: bytes = b"") -> Iterator[dict[int, Footprint]]:
        """While the block runs, calls below frames of `code` are recorded by the line of that frame.

        With the `text` of its module also what its statements put into containers.
        """
        lines = self.begin(code, text)
        try:
            yield lines
        finally:
            self.end(code)

    def begin(self, code: CodeType, text: bytes = b"") -> dict[int, Footprint]:
        """Record until `end`; returns what will be filled."""
        with self._lock:
            lines: dict[int, Footprint] = defaultdict(Footprint)
            self._watched[code] = lines
            self._threads[code] = threading.get_ident()
            self._open += 1
            if self._open == 1:
                self._switch_on()
            if text and self.observes:
                self._depositing[id(code)] = Depositing(text, lines, self._is_ours)
                self._follow_lines(code)
        return lines

    def end(self, code: CodeType) -> None:
        """Stop recording below frames of the code."""
        with self._lock:
            depositing = self._depositing.get(id(code))
            if depositing is not None:
                depositing.end()
                for each in [at for at, held in self._depositing.items() if held is depositing]:
                    del self._depositing[each]
            self._threads.pop(code, None)
            self._settle_elsewhere()
            if self._watched.pop(code, None) is not None:
                self._open -= 1
                if self._open == 0:
                    self._first.clear()
                    self._switch_off()

    @property
    def works(self) -> bool:
        """Whether calls can be observed at all (the places for tools may all be taken)."""
        return sys.version_info < (3, 12) or self._tool is not None

    @property
    def observes(self) -> bool:
        """Whether calls are being observed (another tool may have taken the place)."""
        return self._tool is not None

    # ------------------------------------------------------------------ the two mechanisms

    if sys.version_info >= (3, 12):

        def _switch_on(self) -> None:
            monitoring = sys.monitoring
            if self._tool is None:
                self._tool = next((i for i in (4, 3) if monitoring.get_tool(i) is None), None)
                if self._tool is None:
                    return
                monitoring.use_tool_id(self._tool, "hotswap")
                monitoring.register_callback(self._tool, monitoring.events.PY_START, self._started)
                monitoring.register_callback(self._tool, monitoring.events.LINE, self._at_line)
                monitoring.register_callback(self._tool, monitoring.events.CALL, self._calls)
            monitoring.set_events(self._tool, monitoring.events.PY_START)

        def _switch_off(self) -> None:
            if self._tool is not None:
                sys.monitoring.set_events(self._tool, 0)

        def close(self) -> None:
            """Give the monitoring tool back."""
            if self._tool is not None:
                sys.monitoring.set_events(self._tool, 0)
                events = sys.monitoring.events
                for event in (events.PY_START, events.LINE, events.CALL):
                    sys.monitoring.register_callback(self._tool, event, None)
                sys.monitoring.free_tool_id(self._tool)
                self._tool = None

        def _started(self, code: CodeType, _offset: int) -> Any:
            if not self._interesting(code):
                return sys.monitoring.DISABLE
            if lists(code) and self._tool is not None:
                sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.CALL)
            self._note(code, sys._getframe(1))
            return None

        def _follow_lines(self, code: CodeType) -> None:
            if self._tool is not None:
                events = sys.monitoring.events
                followed = events.LINE | events.CALL if lists(code) else events.LINE
                sys.monitoring.set_local_events(self._tool, code, followed)

        def _calls(self, _code: CodeType, _offset: int, function: object, given: object) -> Any:
            if not is_listing(function):
                return sys.monitoring.DISABLE
            if self._open:
                self._note_listed(sys._getframe(1), folders_in("" if given is sys.monitoring.MISSING else given))
            return None

        def _at_line(self, code: CodeType, line: int) -> Any:
            depositing = self._depositing.get(id(code))
            if depositing is not None:
                depositing.reach(line, sys._getframe(1))
            return sys.monitoring.DISABLE  # a line begins a statement once only

    else:

        def _switch_on(self) -> None:
            if sys.getprofile() is None:  # a profiler of the program's own goes first
                self._tool = 0
                sys.setprofile(self._profile)

        def _switch_off(self) -> None:
            if self._tool is not None:
                self._tool = None
                if sys.getprofile() == self._profile:
                    sys.setprofile(None)
                if sys.gettrace() == self._trace:
                    sys.settrace(None)

        def close(self) -> None:
            """Stop observing."""
            self._switch_off()

        def _profile(self, frame: FrameType, event: str, argument: object) -> None:
            if event == "call" and self._interesting(frame.f_code):
                self._note(frame.f_code, frame)
            elif event == "c_call" and is_listing(argument) and self._is_ours_file(frame.f_code.co_filename):
                # With which argument is not told: probably the module's own folder, or one in it.
                self._note_listed(frame, folders_in(os.path.dirname(frame.f_code.co_filename), "**"))

        def _follow_lines(self, _code: CodeType) -> None:
            if sys.gettrace() is None:  # else a debugger's own
                sys.settrace(self._trace)

        def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
            if event == "call":
                self._take_in(frame)
            depositing = self._depositing.get(id(frame.f_code))
            if depositing is None:
                return None
            if event == "line":
                depositing.reach(frame.f_lineno, frame)
            return self._trace

    # ------------------------------------------------------------------ what a call means

    def _is_ours(self, module: object) -> bool:
        """Whether the module of that name belongs to the program."""
        file = getattr(sys.modules.get(str(module)), "__file__", None)
        return isinstance(file, str) and self._is_ours_file(file)

    def _is_ours_file(self, file: str) -> bool:
        known = self._names.get(file)
        if known is None:
            known = self._names[file] = self._is_tracked(file)
        return known

    def _interesting(self, code: CodeType) -> bool:
        file = code.co_filename
        if self._is_ours_file(file) or (code.co_name == "import_module" and file.endswith("importlib/__init__.py")):
            return True
        return may_scan(code) or asks_for_members(code) or adds_route(code)

    def _makes_instance(self, frame: FrameType) -> bool:
        """Whether a constructor is one of the program's, or one that makes an instance of a class of the program."""
        if self._interesting(frame.f_code):
            return True
        cls = class_being_made(frame) if frame.f_code is not LOOKUP_OF_MEMBERS else None
        home = own_space(cls).get("__module__") if cls is not None else None
        file = own_space(sys.modules.get(home)).get("__file__") if isinstance(home, str) else None
        return isinstance(file, str) and self._is_ours_file(file)

    def _take_in(self, frame: FrameType) -> None:
        """The body of a class begins: what its statements put somewhere is noted with that of the body around it."""
        code, outer = frame.f_code, frame.f_back
        if code in self._watched or code.co_flags & CO_OPTIMIZED or outer is None:
            return
        depositing = self._depositing.get(id(outer.f_code))
        if depositing is not None:
            self._depositing[id(code)] = depositing
            self._follow_lines(code)

    def _note(self, code: CodeType, frame: FrameType) -> None:
        """Note a call for the statement of the innermost module that is being run."""
        if code in self._watched or not code.co_flags & CO_OPTIMIZED:
            self._take_in(frame)
            return  # the body of a module or class runs once, where it stands
        if may_scan(code) and not self._is_ours_file(code.co_filename):
            self._note_listed(frame.f_back, listed_by(frame))
            return
        place = self._place_of(frame)
        if asks_for_members(code):
            self._note_members(place, frame)
        elif adds_route(code):
            self._note_route(place, frame)
        elif place.lines is None:
            self._note_elsewhere(frame, place.constructor)
        else:
            self._note_at(place, code, frame)

    def _note_members(self, place: _Around, frame: FrameType) -> None:
        """Note for the statement that it asks an enumeration of the program for members, under whatever name."""
        cls = frame.f_locals.get(frame.f_code.co_varnames[0])
        if place.lines is not None and place.constructor is None and is_a(cls, enum.EnumMeta):
            if self._is_ours(own_space(cls).get("__module__")):
                place.footprint.enums.add(members((cls.__module__, cls.__qualname__), key_of_member(frame, cls)))

    def _note_route(self, place: _Around, frame: FrameType) -> None:
        """Note what the statement adds to an application."""
        route = route_of(frame) if place.lines is not None and place.constructor is None else None
        if route is not None:
            place.footprint.routes.add(route)

    def _place_of(self, frame: FrameType) -> _Around:
        """Walk out to the innermost module that is being run, past any constructors on the way."""
        constructor: FrameType | None = frame if frame.f_code.co_name in CONSTRUCTORS else None
        lines = body = None
        outer = frame.f_back
        while outer is not None and (lines := self._watched.get(outer.f_code)) is None:
            if outer.f_code.co_name in CONSTRUCTORS and self._makes_instance(outer):
                constructor = outer
            if outer.f_code.co_flags & CO_OPTIMIZED:
                body = None  # a function that was called: what is around it counts
            elif body is None and self._interesting(outer.f_code):
                body = outer  # the body of a class: the line of its member
            outer = outer.f_back
        return _Around(outer, body, constructor, lines)

    def _note_elsewhere(self, frame: FrameType, constructor: FrameType | None) -> None:
        """A call in another thread belongs to the statement that waits for it, and to the one that began the thread."""
        place = self._waiting() if constructor is None else None
        if place is not None:
            thread = threading.get_ident()
            first = self._first.setdefault(thread, place.footprint)
            self._elsewhere.setdefault(thread, []).append((name_of_frame(frame), (place.footprint, first)))

    def _settle_elsewhere(self) -> None:
        """What ended in other threads counts; a thread that is still in a function of the program goes its own way."""
        running = sys._current_frames() if self._elsewhere else {}
        for thread, calls in self._elsewhere.items():
            frame = running.get(thread)
            while frame is not None and not self._is_ours_file(frame.f_code.co_filename):
                frame = frame.f_back
            for called, footprints in calls if frame is None else ():
                for footprint in footprints:
                    footprint.called.add(called)
        self._elsewhere.clear()

    def _waiting(self) -> _Around | None:
        """The innermost statement that is busy with other threads: it starts one, or waits for it."""
        for code, thread in reversed(list(self._threads.items())):
            top = sys._current_frames().get(thread) if thread != threading.get_ident() else None
            if top is not None and code in self._watched and _home_of(top) in THREADING:
                place = self._place_of(top)
                return place if place.lines is not None else None
        return None

    def _note_at(self, place: _Around, code: CodeType, frame: FrameType) -> None:
        outer, constructor = place.frame, place.constructor
        assert outer is not None
        if may_fill(code) and (depositing := self._depositing.get(id(outer.f_code))) is not None:
            depositing.enter(frame, outer if place.body is None else place.body)
        footprint = place.footprint
        if code.co_name == "import_module":
            footprint.imported.add(_asked_for(frame))
            return
        called = name_of_frame(frame)
        if constructor is None:
            footprint.called.add(called)
        else:
            footprint.constructing.setdefault(class_of_constructor(constructor), set()).add(called)

    def asks_for(self, module: str) -> None:
        """A module is about to be loaded: note who asked for it, if not by a statement that says so.

        By `__import__`, say, or by a loader of the program's own.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if frame is None or frame.f_code.co_code[frame.f_lasti] == IMPORT_NAME:
            return
        while frame is not None and frame.f_code not in self._watched:
            frame = frame.f_back
        if frame is not None:
            self._watched[frame.f_code][frame.f_lineno].imported.add(module)

    def _note_listed(self, frame: FrameType | None, found: Iterator[Listed]) -> None:
        """Note for the statement that the frame belongs to which folders it looks through."""
        while frame is not None and frame.f_code not in self._watched:
            frame = frame.f_back
        if frame is not None:
            self._watched[frame.f_code][frame.f_lineno].listed.update(in_scope(found, self._is_ours_file))


def asks_for_members(code: CodeType) -> bool:
    """Whether it is a method with which enumerations answer who asks for their members."""
    return code.co_filename == ENUM_FILE and code.co_name in ASKING_FOR_MEMBERS


def key_of_member(frame: FrameType, cls: type) -> str:
    """By which value or name an enumeration is asked for one of its members; empty when for others, or for all."""
    table = {"__call__": "_value2member_map_", "__getitem__": "_member_map_"}.get(frame.f_code.co_name, "")
    key = frame.f_locals.get(frame.f_code.co_varnames[1]) if table else None
    return repr(key) if type(key) in (str, int) and key in own_space(cls).get(table, ()) else ""


def _asked_for(frame: FrameType) -> str:
    """The absolute name of the module that a call of `import_module` asks for."""
    name, package = str(frame.f_locals.get("name")), frame.f_locals.get("package")
    leaf = name.lstrip(".")
    if leaf == name or not isinstance(package, str):
        return name
    return ".".join([*package.split(".")[: 1 - (len(name) - len(leaf)) or None], leaf]).strip(".")


def _home_of(frame: FrameType) -> str:
    """The package of the module whose function the frame runs."""
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def name_of_frame(frame: FrameType) -> Name:
    """The module and qualified name of the function that the frame runs."""
    return str(frame.f_globals.get("__name__")), frame.f_code.co_qualname


def class_of_constructor(frame: FrameType) -> Name:
    """The class whose constructor the frame runs; of a wrapper or a generated one, the class that it makes."""
    module, qualname = name_of_frame(frame)
    owner = qualname.rpartition(".")[0]
    cls = class_being_made(frame) if not owner or owner.endswith("<locals>") else None
    return (module, owner) if cls is None else (cls.__module__, cls.__qualname__)


def class_being_made(frame: FrameType) -> type | None:
    """The class of which a constructor makes an instance, told from its first argument; None when it has none."""
    code, values = frame.f_code, frame.f_locals
    if code.co_argcount:
        first = values.get(code.co_varnames[0])
    elif code.co_flags & CO_VARARGS:
        first = next(iter(values.get(code.co_varnames[code.co_kwonlyargcount], ())), None)
    else:
        return None
    if code.co_name == "__new__":
        return first if is_a(first, type) else None
    return None if first is None else type(first)
