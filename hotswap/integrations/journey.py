"""A session goes from one process to the next: what it takes along, and how it settles in there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

from hotswap import handover, hooks, startup
from hotswap.handover import Descriptor
from hotswap.integrations import kernel
from hotswap.integrations.carry import Lost, Luggage, pack, told, unpack
from hotswap.integrations.mailbox import Request
from hotswap.integrations.notices import Notice
from hotswap.looking import is_instance

if TYPE_CHECKING:
    from hotswap.integrations.session import Session

KEY = "hotswap: the IPython session"
OPTION = "--ext=hotswap"
MOST_NAMES = 8


@dataclass(slots=True)
class Cargo:
    """What a session takes along.  `pickles` is a file with those of its luggage."""

    pickles: Descriptor
    luggage: Luggage
    imports: dict[str, tuple[str, str, bool]]
    count: int
    inputs: tuple[list[str], list[str]]
    folder: str
    path: list[str]
    environment: dict[str, str | None]
    settings: dict[str, Any]
    roots: tuple[str, ...]
    requests: list[Request] = field(default_factory=list)


# ---------------------------------------------------------------------- the way out


def depart(session: Session, replace: Callable[[], object]) -> None:
    """Tell what will come back and what will not, pack it, and replace the process when the cell has its answers."""
    shell = session.shell
    arguments = next_arguments(shell)
    cargo = pack_up(session) if arguments is not None else None
    session.screen.show(farewell(cargo))

    def leave(requests: list[Request]) -> None:
        if cargo is not None and arguments is not None:
            cargo.requests = requests
            hooks.forget(KEY)
            hooks.keep(KEY, lambda: cargo)
            startup.start_again_with(arguments)
        replace()

    if kernel.is_kernel(shell):
        kernel.depart(shell, leave)
    else:
        leave([])


def next_arguments(shell: Any) -> list[str] | None:
    """The interpreter's arguments with which a new run is such a shell again, and loads us.

    None when it would not: the shell is part of a program that does not take its options from the command line.
    """
    app = kernel.application() if kernel.is_kernel(shell) else _terminal_application()
    own, arguments = list(getattr(app, "argv", ())), list(startup.remember().arguments[1:])
    place = len(arguments) - len(own)
    if app is None or own != sys.argv[1:] or arguments[place:] != own:
        return None
    return arguments if OPTION in own else [*arguments[:place], OPTION, *own]


def _terminal_application() -> Any:
    module = sys.modules.get("IPython.terminal.ipapp")
    cls = getattr(module, "TerminalIPythonApp", None)
    return cls.instance() if cls is not None and cls.initialized() else None


def pack_up(session: Session) -> Cargo:
    """Take along all that can be."""
    shell, names = session.shell, session.names
    imports = names.origins()
    number = handover._anonymous_file()
    with open(number, "r+b", closefd=False) as file:
        luggage = pack({n: v for n, v in shell.user_ns.items() if n not in imports}, shell.user_ns_hidden, file)
    luggage = replace(luggage, lost=tuple(replace(each, why=each.why + cell_of(shell, each)) for each in luggage.lost))
    history = getattr(shell, "history_manager", None)
    inputs = (list(history.input_hist_parsed), list(history.input_hist_raw)) if history is not None else ([], [])
    return Cargo(
        Descriptor(number), luggage, imports, shell.execution_count, inputs, _folder(), list(sys.path),
        changes_of(os.environ, startup.remember().environment), session.settings(), session.reloader._index.scope.roots,
    )  # fmt: skip


def cell_of(shell: Any, lost: Lost) -> str:
    """Which cell defines it, if one does: running that one again brings it back."""
    value = shell.user_ns.get(lost.name)
    members = vars(value).values() if is_instance(value, type) else [value]
    codes = [each.__code__ for each in members if is_instance(each, FunctionType)]
    cells = getattr(shell.compile, "_filename_map", {})
    number = next((cells[code.co_filename] for code in codes if code.co_filename in cells), None)
    return f", In [{number}]" if number is not None else ""


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def changes_of(now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that were set, and those that were taken out (None)."""
    found: dict[str, str | None] = {name: value for name, value in now.items() if before.get(name) != value}
    return found | {name: None for name in before if name not in now}


def farewell(cargo: Cargo | None) -> Notice:
    """What is told before."""
    if cargo is None:
        return Notice(kind="note", line="restarting; this shell is part of a program, so its names do not come back")
    names = sorted([*cargo.luggage.names, *cargo.imports])
    return Notice(
        kind="note",
        line=f"restarting; {listed(names)} come back" if names else "restarting; there are no names to come back",
        body=lost_block(cargo.luggage.lost),
    )


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def lost_block(lost: Iterable[Lost]) -> str:
    """One line for each name that does not come back."""
    lines = [f"  {each.name}: {each.why}" for each in lost]
    return "\n".join(["not coming back:", *lines]) if lines else ""


# ---------------------------------------------------------------------- the way in


def arriving() -> Cargo | None:
    """What the process before this one left for the session, if anything; once."""
    packed = handover.take(KEY)
    if packed is None:
        return None
    cargo: Cargo = handover.unpack(packed)
    return cargo


def arrive(session: Session, cargo: Cargo) -> None:
    """Settle in: the folder, the path and the variables now, the names as soon as the shell is complete."""
    if cargo.folder:
        with suppress(OSError):
            os.chdir(cargo.folder)
    sys.path[:] = [*cargo.path, *(entry for entry in sys.path if entry not in cargo.path)]
    for name, value in cargo.environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    session.adopt_settings(cargo.settings)

    def restore() -> None:
        unpack_names(session, cargo)

    if kernel.is_kernel(session.shell):
        kernel.arrive(session.shell, restore, cargo.requests)
    else:
        restore()


def unpack_names(session: Session, cargo: Cargo) -> None:
    """Bind the names again, and tell how that went."""
    shell = session.shell
    with open(cargo.pickles, "rb") as file:
        back, lost = unpack(cargo.luggage, file, shell.user_ns)
    for name, origin in cargo.imports.items():
        try:
            session.names.bind(name, origin)
            back.append(name)
        except BaseException as error:  # noqa: BLE001  the module may raise anything, SystemExit too
            lost.append(Lost(name, told(error)))
    shell.execution_count = cargo.count
    history = getattr(shell, "history_manager", None)
    if history is not None:
        history.input_hist_parsed[:], history.input_hist_raw[:] = cargo.inputs
    session.arrived(back)
    line = f"restarted; {len(back)} name{'s' if len(back) != 1 else ''} came back"
    session.notices.put(Notice(kind="note", line=line, body=lost_block(lost)))
