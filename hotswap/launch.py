"""Run a script, a module, a folder or an archive as `__main__`, exactly as `python` itself does, with hotswap watching.

A program that crashes is reported as `python` reports it; then the files that matter are watched, and the next good
save starts it again.  Every other end (normal, `sys.exit`, Ctrl-C, a broken pipe) is left to the interpreter.
"""

from __future__ import annotations

import builtins
import marshal
import os
import pkgutil
import runpy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.machinery import BuiltinImporter, PathFinder, SourceFileLoader, SourcelessFileLoader
from importlib.util import MAGIC_NUMBER
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn, Protocol

from hotswap import crash, startup
from hotswap.errors import RestartRefused
from hotswap.leaving import unwinding

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Session(Protocol):
    """What the runner needs of a reloader."""

    def adopt_main(self, path: str, source: bytes) -> None:
        """Learn the source that `__main__` is compiled from, before it runs."""

    def behind(self) -> Sequence[str]:
        """The files that the process does not run as they are on disk now."""

    def stop(self) -> None:
        """Stop watching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: the path of a script, folder or archive, or (is_module) a dotted name; and its arguments."""

    name: str
    is_module: bool = False
    arguments: tuple[str, ...] = ()


class CannotOpen(Exception):
    """The script cannot be read; nothing was run."""


Around = Callable[[Callable[[], None]], None]
"""Takes what runs the program, and calls it."""


def run(
    program: Program, *, watch: Callable[[], Session], wait_after_crash: bool = True, around: Around | None = None
) -> None:
    """Run the program as `__main__` on this thread.  Returns, or raises, as the program does.

    With `around`, that is called with what runs the program.  Nothing of hotswap is left in the traceback of what it
    raises.
    """
    process = os.getpid()
    launch = prepare(program)
    install_main()
    _leave_path()
    session = watch()
    # Not before: what the watcher imports must not be found in the program's folder.
    sys.argv[:] = launch.argv
    _enter_path(launch)
    try:
        with unwinding():
            if around is None:
                launch.execute(session.adopt_main)
            else:
                around(lambda: launch.execute(session.adopt_main))
    except (SystemExit, RestartRefused) as error:
        if sys.flags.inspect:  # it is shown, and a prompt follows
            strip(error)
            leave_to_python(error)
        raise
    except BaseException as error:  # noqa: BLE001  the program may raise anything
        strip(error)
        if os.getpid() == process:
            startup.restore_terminals()  # an interrupt of a prompt for a password leaves them without echo
        if not wait_after_crash or os.getpid() != process or not crash.may_wait(error):
            leave_to_python(error)
        behind = session.behind()
        session.stop()
        crash.report(error)
        crash.wait_and_restart(error, behind=behind)


Adopt = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How the program will start: its `sys.argv`, the first entry of its `sys.path`, and what runs it.

    `is_container`: the entry is a folder or archive that is run itself, which even the flag -P does not leave out.
    """

    argv: list[str]
    entry: str
    is_container: bool = False
    execute: Callable[[Adopt], None]


def prepare(program: Program) -> Launch:
    """Find out what `python` would run, and how.  Raises CannotOpen; changes nothing."""
    if program.is_module:
        return Launch(
            argv=["-m", *program.arguments],
            entry=startup.remember().folder,
            execute=lambda adopt: _run_module(program.name, adopt, is_switch=True),
        )
    path, argv = absolute(program.name), [program.name, *program.arguments]
    if pkgutil.get_importer(path) is not None:
        return Launch(
            argv=argv,
            entry=path,
            is_container=True,
            execute=lambda adopt: _run_module("__main__", adopt, is_switch=False),
        )
    data = _read(path)
    folder = os.path.dirname(os.path.realpath(program.name))
    return Launch(argv=argv, entry=folder, execute=lambda adopt: _run_script(path, data, adopt))


def absolute(path: str) -> str:
    """The path as `python` puts it into `__file__`: made absolute, otherwise as typed."""
    if os.name == "nt":
        return os.path.abspath(path)
    if os.path.isabs(path) or not startup.remember().folder:
        return path
    return os.path.join(os.getcwd(), path)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        message = f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}"
        raise CannotOpen(message) from error


def _leave_path() -> None:
    """Take out the folder that the interpreter had put first for the runner."""
    if not sys.flags.safe_path and sys.path:
        del sys.path[0]


def _enter_path(launch: Launch) -> None:
    """Put the program's own first, unless the interpreter was told not to."""
    if launch.is_container or (launch.entry and not sys.flags.safe_path):
        sys.path.insert(0, launch.entry)
        make_way(launch.entry)


def make_way(folder: str) -> None:
    """Forget the library modules that the runner imported but that the program's own files hide under plain `python`.

    Who holds them goes on with them.  Built-in and frozen ones, and those of every start, are never hidden.
    """
    try:
        own = {name.partition(".")[0] for name in os.listdir(folder)}
    except OSError:  # an archive
        return
    for name in own & sys.stdlib_module_names & sys.modules.keys() - {"encodings"}:
        hidden = getattr(sys.modules[name], "__spec__", None)
        if hidden is None or not hidden.has_location:
            continue
        found = PathFinder.find_spec(name, [folder])
        if found is not None and found.loader is not None and found.origin != hidden.origin:
            for module in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
                del sys.modules[module]


def install_main() -> dict[str, Any]:
    """Make an empty `__main__` like the one that the interpreter makes at its start."""
    main = ModuleType("__main__")
    main.__loader__ = BuiltinImporter
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    return main.__dict__


def _run_script(path: str, data: bytes, adopt: Adopt) -> None:
    namespace = sys.modules["__main__"].__dict__
    namespace["__file__"] = path
    namespace["__cached__"] = None
    if path.endswith(".pyc") or data.startswith(MAGIC_NUMBER):
        namespace["__loader__"] = SourcelessFileLoader("__main__", path)
        exec(_compiled(data), namespace)
        return
    namespace["__loader__"] = SourceFileLoader("__main__", path)
    code = compile(data, path, "exec", dont_inherit=True)
    adopt(path, data)
    exec(code, namespace)


def _compiled(data: bytes) -> CodeType:
    if not data.startswith(MAGIC_NUMBER):
        raise RuntimeError("Bad magic number in .pyc file")
    code = marshal.loads(data[16:])  # noqa: S302  it is the program that is to be run
    if not isinstance(code, CodeType):
        raise RuntimeError("Bad code object in .pyc file")  # noqa: TRY004  what the interpreter raises
    return code


def _run_module(name: str, adopt: Adopt, *, is_switch: bool) -> None:
    """Run a module through the very function that the interpreter calls for `-m`, folders and archives.

    Its messages and the frames in its tracebacks are then the same.  Only the code is exchanged for what the bytes on
    disk say, which are adopted: cached bytecode may be older than an edit of the same second.
    """
    original = runpy._run_code  # type: ignore[attr-defined]  # private, but the same since 3.3

    def run_code(code: CodeType, namespace: dict[str, Any], init: None, main: str, spec: Any) -> object:
        runpy._run_code = original  # type: ignore[attr-defined]
        data = _source_of(spec)
        if data is not None:
            code = compile(data, code.co_filename, "exec", dont_inherit=True)
            adopt(spec.origin, data)
        return original(code, namespace, init, main, spec)

    runpy._run_code = run_code  # type: ignore[attr-defined]
    try:
        runpy._run_module_as_main(name, is_switch)  # type: ignore[attr-defined]
    finally:
        runpy._run_code = original  # type: ignore[attr-defined]


def _source_of(spec: Any) -> bytes | None:
    """The source file behind a module's spec; None for bytecode alone and for archives, which their loaders read."""
    if not isinstance(spec.loader, SourceFileLoader):
        return None
    return spec.loader.get_data(spec.origin)


def strip(error: BaseException) -> None:
    """Take the runner's frames out of the error's traceback."""
    frames: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(HERE):
            frames.append(entry)
        entry = entry.tb_next
    chain: TracebackType | None = None
    for entry in reversed(frames):
        chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    error.__traceback__ = chain


def leave_to_python(error: BaseException) -> NoReturn:
    """Raise the error out of the runner so that the interpreter ends the process over it as it always does.

    It prints the traceback that the error has now: the frames that it gains on its way out are the runner's.
    """
    trace, hook = error.__traceback__, sys.excepthook

    def excepthook(_: object, value: BaseException, __: object) -> None:
        sys.excepthook = hook
        if value is error:
            value.__traceback__ = sys.last_traceback = trace
        crash.show(value)

    sys.excepthook = excepthook
    raise error
