"""What a process hands to its successor: values as pickles, open descriptors, a few notes.

All of it travels in one anonymous file (memory, where the system has such files) and as descriptors that stay open.
The environment only names their numbers, in one private variable that is taken out while hotswap is imported: children
of the program see neither.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from hotswap.report import say

VARIABLE = "_HOTSWAP_HANDOVER"

FORMAT = "hotswap 1"
"""Another version of hotswap, put in place between two generations, does not guess at what it reads."""


class Descriptor(int):
    """An open file descriptor: an int that `keep()` hands over as an open descriptor, not as a number.

    Its number may be another one after a restart.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """A pickle, and the descriptors that it speaks of.  They are open, and belong to whoever holds this."""

    data: bytes
    descriptors: tuple[int, ...] = ()

    def close(self) -> None:
        """Let go of the descriptors."""
        for fd in self.descriptors:
            with suppress(OSError):
                os.close(fd)


@dataclass(slots=True)
class Parcel:
    """Everything that is handed over.  `notes` holds plain values under hotswap's own names."""

    values: dict[str, Packed] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


# ---- one value


Spare = Mapping[int, tuple[object, int]]
"""By the id of a socket: the socket, and a descriptor of the same connection in case it is closed meanwhile."""


def pack(value: object, spare: Spare | None = None) -> Packed:
    """Pickle a value; sockets and descriptors anywhere in it are duplicated.  Raises what pickling raises."""
    file, descriptors = io.BytesIO(), list[int]()
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, Descriptor: _of_descriptor(descriptors)}
    if "socket" in sys.modules:  # else there are none
        from socket import socket

        # Not for its subclasses: what an SSL socket agreed upon stays in the process.
        pickler.dispatch_table[socket] = _of_socket(descriptors, spare or {})
    try:
        pickler.dump(value)
    except BaseException:
        Packed(b"", tuple(descriptors)).close()
        raise
    return Packed(file.getvalue(), tuple(descriptors))


def sockets_in(value: object) -> dict[int, tuple[object, int]]:
    """The sockets that are open anywhere in the value, by their ids, each with a second descriptor.

    Raises what pickling raises.
    """
    found: dict[int, tuple[object, int]] = {}
    if "socket" in sys.modules:
        from socket import socket

        def note(sock: socket) -> tuple[Any, ...]:
            if sock.fileno() >= 0 and id(sock) not in found:
                found[id(sock)] = sock, os.dup(sock.fileno())
            return str, ()

        pickler = pickle.Pickler(_Nowhere(), pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = {**copyreg.dispatch_table, Descriptor: lambda _: (str, ()), socket: note}
        pickler.dump(value)
    return found


class _Nowhere:
    """Takes what is written, and forgets it."""

    def write(self, data: bytes) -> int:
        return len(data)


def _of_descriptor(descriptors: list[int]) -> Callable[[Descriptor], tuple[Any, ...]]:
    def reduce(number: Descriptor) -> tuple[Any, ...]:
        descriptors.append(os.dup(number))
        return _arrived_descriptor, (len(descriptors) - 1, os.get_inheritable(number))

    return reduce


def _of_socket(descriptors: list[int], spare: Spare) -> Callable[[Any], tuple[Any, ...]]:
    def reduce(sock: Any) -> tuple[Any, ...]:
        _, other = spare.get(id(sock), (None, -1))
        fd = sock.fileno() if sock.fileno() >= 0 else other
        if fd < 0:
            raise pickle.PicklingError("a socket in it is closed")
        descriptors.append(os.dup(fd))
        # The timeout is known to the object only; whether the descriptor blocks follows from it.
        return _arrived_socket, (len(descriptors) - 1, sock.gettimeout())

    return reduce


class _Arriving(threading.local):
    """The descriptors of the value that is being unpickled on this thread, each until it is claimed."""

    descriptors: dict[int, int]


_arriving = _Arriving()


def unpack(packed: Packed) -> Any:
    """Make the value again.  Raises what unpickling raises; the descriptors are used up either way."""
    _arriving.descriptors = dict(enumerate(packed.descriptors))
    try:
        return pickle.loads(packed.data)  # noqa: S301  this process wrote it, before it was replaced
    finally:
        Packed(b"", tuple(_arriving.descriptors.values())).close()


def _arrived_descriptor(place: int, inheritable: bool) -> Descriptor:  # noqa: FBT001  called by pickle
    fd = _arriving.descriptors.pop(place)
    os.set_inheritable(fd, inheritable)
    return Descriptor(fd)


def _arrived_socket(place: int, timeout: float | None) -> object:
    from socket import socket

    sock = socket(fileno=_arriving.descriptors.pop(place))
    sock.settimeout(timeout)
    return sock


# ---- the whole: from here


def seal(parcel: Parcel) -> list[int]:
    """Write the parcel; returns its descriptors, the file first.  Whoever has them can `opened()` it, in this order.

    Raises OSError when there is no room.
    """
    descriptors: list[int] = []
    values = {}
    for key, packed in parcel.values.items():
        values[key] = packed.data, range(len(descriptors), len(descriptors) + len(packed.descriptors))
        descriptors += packed.descriptors
    file = _anonymous_file()
    try:
        with open(file, "wb", closefd=False) as stream:
            pickle.dump((FORMAT, values, parcel.notes), stream, pickle.HIGHEST_PROTOCOL)
    except BaseException:
        os.close(file)
        raise
    return [file, *descriptors]


def _anonymous_file() -> int:
    """A file without a name: nobody else can open it, and it is gone with the last process that has it open."""
    with suppress(AttributeError, OSError):
        return os.memfd_create("hotswap", os.MFD_CLOEXEC)
    import tempfile

    with tempfile.TemporaryFile(prefix="hotswap-", buffering=0) as file:
        return os.dup(file.fileno())


def mark(descriptors: list[int], *, to: str) -> dict[str, str]:
    """The variable that tells a successor of its inheritance.  `to`: "exec" for this process, else "child"."""
    return {VARIABLE: f"{to}:{os.getpid()}:{','.join(map(str, descriptors))}"}


def write_file(path: str, descriptors: Sequence[int]) -> None:
    """Put what `seal()` wrote under a name, where descriptors cannot be handed over.  Whole, or not at all."""
    import shutil

    beside = f"{path}.part"
    with open(descriptors[0], "rb") as sealed, open(beside, "wb") as file:
        sealed.seek(0)
        shutil.copyfileobj(sealed, file)
    os.replace(beside, path)


# ---- the whole: to here


def opened(descriptors: list[int]) -> Parcel:
    """Read what `seal()` wrote; the file is closed.  Raises ValueError when it makes no sense."""
    with open(descriptors[0], "rb") as file:
        written = _read(file)
    try:
        form, values, notes = written
        if form != FORMAT:
            raise ValueError(f"it was written by another version ({form})")
        parcel = Parcel(notes=notes)
        for key, (data, places) in values.items():
            if places and places[-1] + 1 >= len(descriptors):
                say(f"keep({key!r}) is made anew: its descriptors cannot be handed over here")
            else:
                parcel.values[key] = Packed(data, tuple(descriptors[place + 1] for place in places))
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return parcel


def _read(file: IO[bytes]) -> Any:
    file.seek(0)
    try:
        return pickle.load(file)  # noqa: S301  this process wrote it, before it was replaced
    except Exception as error:  # pickle raises nearly anything over broken bytes
        raise ValueError(str(error)) from error


def _receive() -> Parcel:
    """Take what the predecessor left, and every trace of it out of the environment."""
    who, _, rest = os.environ.pop(VARIABLE, "").partition(":")
    sender, _, where = rest.partition(":")
    expected = {"exec": os.getpid(), "child": os.getppid(), "file": sender}.get(who)
    if not where or sender != str(expected):
        return Parcel()  # nothing, or it was meant for a process above this one that never asked
    try:
        return opened(_descriptors_at(where))
    except (OSError, ValueError) as error:
        say(f"what was kept for this process cannot be read ({error}); it starts without")
        return Parcel()


def _descriptors_at(where: str) -> list[int]:
    if not where.replace(",", "").isdigit():
        file = os.open(where, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        os.remove(where)
        return [file]
    descriptors = list(map(int, where.split(",")))
    for fd in descriptors:
        os.set_inheritable(fd, False)  # noqa: FBT003  the standard library's own signature
    return descriptors


received = _receive()
"""What has not been asked for yet.  It is handed on again, so a start that fails half way loses nothing."""


def take(key: str) -> Packed | None:
    """The value that was handed over under the key, once."""
    return received.values.pop(key, None)


notes: dict[str, Any] = received.notes
"""Plain values that the next process shall know too."""


def problem(value: object) -> str:
    """Why the value could not be handed over; empty when it could."""
    try:
        pack(value).close()
    except Exception as error:  # noqa: BLE001  code of the program's runs while it is pickled
        return explain(error)
    return ""


def explain(error: BaseException) -> str:
    """The error in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
