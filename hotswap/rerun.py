"""One function, run again after each good save: `rerun_on_swap(function)` and `hotswap run --loop FUNCTION`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, ParamSpec, TypeVar

import hotswap
from hotswap.leaving import Restart
from hotswap.loops import may_be_mended, session, show, wait_for_good_save
from hotswap.report import say

P = ParamSpec("P")
R = TypeVar("R")

USAGE_ERROR = 2


def rerun_on_swap(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the function, and again with the same arguments after each good save, until the program is interrupted.

    Saves go live between two calls.  What it raises is shown, and the next good save calls it again.  Returns what the
    function returned when nothing watches (HOTSWAP=0, or the reloader was stopped), and raises what it raised then.
    """
    with session() as reloader:
        while True:
            error: Exception | None = None
            try:
                result = function(*args, **kwargs)
                if not reloader.watching:
                    return result
            except Exception as fault:
                if not reloader.watching or not may_be_mended(fault):
                    raise
                error = fault
            tell(function, error)
            del error  # nor its frames, with all that they hold
            wait_for_good_save(reloader)


def tell(function: object, error: BaseException | None) -> None:
    """Say how a run ended, and what begins the next one."""
    if error is not None:
        show(error)
    name = getattr(function, "__qualname__", repr(function))
    say(f"{name}() has {'raised' if error else 'returned'}; a save runs it again, Ctrl-C ends")


class Repeated:
    """`--loop FUNCTION`: the program runs as always; then the function runs again after each good save.

    If the program has called the function itself, that was its first run, and the arguments of that call are used
    again; if not, it is called without any.
    """

    def __init__(self, name: str) -> None:
        """`name` is a function of the script's (`draw`, `Game.run`), or of a module (`scene:draw`, `scene.draw`)."""
        self.name = name

    def __call__(self, execute: Callable[[], None]) -> None:
        """Run the program, then the function, without end.  What is to end the process gets through."""
        calls, error = Calls(self.name.replace(":", ".")), None
        try:
            with calls.noted():
                execute()
        except SystemExit as end:
            if isinstance(end, Restart) or (calls.last is None and end.code):
                raise  # otherwise it is how scripts end that are done
        except Exception as fault:
            if calls.last is None or not may_be_mended(fault):
                raise
            error = fault
        if calls.last is not None:
            tell(self.find(), error)
            wait_for_good_save(hotswap.default())
        del error
        args, kwargs = calls.last or ((), {})
        rerun_on_swap(self.find(), *args, **kwargs)

    def find(self) -> Callable[..., object]:
        """The function that bears the name.  Exits with status 2 when there is none."""
        for module, path in self._places():
            found: Any = sys.modules.get(module)
            for part in path.split("."):
                found = getattr(found, part, None)
            if callable(found):
                return found  # type: ignore[no-any-return]
        say(f"--loop {self.name}: there is no function of that name (of another module: MODULE:FUNCTION)")
        sys.exit(USAGE_ERROR)

    def _places(self) -> Iterator[tuple[str, str]]:
        module, colon, path = self.name.partition(":")
        if colon:
            yield module, path
            return
        yield "__main__", self.name
        parts = self.name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            yield ".".join(parts[:length]), ".".join(parts[length:])


class Calls:
    """Notes the arguments with which a function is called on this thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = threading.get_ident()
        self.last: tuple[tuple[Any, ...], dict[str, Any]] | None = None

    if sys.version_info >= (3, 12):

        @contextmanager
        def noted(self) -> Iterator[None]:
            """Within the block they are noted; where the places for such tools are taken, they are not."""
            monitoring, events = sys.monitoring, sys.monitoring.events
            tool = 3
            if monitoring.get_tool(3) is not None or monitoring.get_tool(4) not in (None, "hotswap"):
                yield  # the last place is needed to observe imports
                return
            monitoring.use_tool_id(tool, "hotswap --loop")
            monitoring.register_callback(tool, events.PY_START, self._started)
            monitoring.set_events(tool, events.PY_START)
            try:
                yield
            finally:
                monitoring.set_events(tool, 0)
                monitoring.register_callback(tool, events.PY_START, None)
                monitoring.free_tool_id(tool)

        def _started(self, code: CodeType, _: int) -> Any:
            if not self._is_it(code):
                return sys.monitoring.DISABLE
            self._note(sys._getframe(1))
            return None

    else:

        @contextmanager
        def noted(self) -> Iterator[None]:
            """Within the block they are noted, unless a profiler of the program's own is at work."""
            if sys.getprofile() is not None:
                yield
                return
            sys.setprofile(self._profile)
            try:
                yield
            finally:
                if sys.getprofile() == self._profile:
                    sys.setprofile(None)

        def _profile(self, frame: FrameType, event: str, _: object) -> None:
            if event == "call" and self._is_it(frame.f_code):
                self._note(frame)

    def _is_it(self, code: CodeType) -> bool:
        name = code.co_qualname
        return self._name == name or self._name.endswith(f".{name}")

    def _note(self, frame: FrameType) -> None:
        if threading.get_ident() != self._thread or not self._is_of_its_module(frame):
            return
        outer = frame.f_back
        while outer is not None and outer.f_code is not frame.f_code:
            outer = outer.f_back
        if outer is None:  # or it has called itself
            self.last = arguments_of(frame)

    def _is_of_its_module(self, frame: FrameType) -> bool:
        module = self._name.removesuffix(frame.f_code.co_qualname).rstrip(".")
        return frame.f_globals.get("__name__") in (module or "__main__", module)


def arguments_of(frame: FrameType) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call that has just begun, to call the function like that again."""
    code, values = frame.f_code, frame.f_locals
    names, count = code.co_varnames, code.co_argcount
    at = count + code.co_kwonlyargcount
    args = [values[name] for name in names[:count]]
    kwargs = {name: values[name] for name in names[count:at]}
    if code.co_flags & 0x4:  # *args
        args += values[names[at]]
        at += 1
    if code.co_flags & 0x8:  # **kwargs
        kwargs |= values[names[at]]
    return tuple(args), kwargs
