"""What one process writes for its successor, and what that reads."""

from __future__ import annotations

import os
import socket
import ssl
import stat

import pytest

from hotswap import handover
from hotswap.handover import Descriptor, Parcel, opened, pack, seal, unpack


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture
def flat():
    """Fails when the test leaves a descriptor open."""
    before = descriptors()
    yield
    assert descriptors() == before


@pytest.mark.usefixtures("flat")
def test_values_come_back_equal():
    """Plain values, and objects with references to themselves."""
    value = {"a": [1, 2.5, None, "x", b"y"], "t": (1, {2})}
    value["self"] = value["a"]
    again = unpack(pack(value))
    assert again == value
    assert again["self"] is again["a"]


@pytest.mark.usefixtures("flat")
def test_a_socket_is_the_same_connection_with_its_timeout():
    """Anywhere in a value; blocking, non-blocking, or with a timeout."""
    for timeout in (None, 0.0, 1.5):
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        with theirs, ours:
            again = unpack(pack({"x": [ours]}))["x"][0]
            with again:
                again.send(b"x")
                assert (theirs.recv(1), again.gettimeout(), again.fileno() != ours.fileno()) == (b"x", timeout, True)
                assert os.get_inheritable(again.fileno()) is False


@pytest.mark.usefixtures("flat")
def test_a_descriptor_is_the_same_open_file(tmp_path):
    """Its position and whether children inherit it come with it; the number need not be the same."""
    (tmp_path / "file").write_text("abcdef")
    for inheritable in (False, True):
        fd = os.open(tmp_path / "file", os.O_RDONLY)
        os.set_inheritable(fd, inheritable)
        os.read(fd, 2)
        (again,) = unpack(pack([Descriptor(fd)]))
        os.close(fd)
        assert (type(again), os.read(again, 9), os.get_inheritable(again)) == (Descriptor, b"cdef", inheritable)
        os.close(again)


@pytest.mark.usefixtures("flat")
def test_what_cannot_be_packed_leaves_nothing_open():
    """A value that fails after a socket in it was duplicated; a TLS socket, whose agreement stays in the process."""
    with socket.socket() as sock:
        assert handover.problem([sock, lambda: 1]).startswith(("PicklingError", "AttributeError"))
        assert handover.problem(sock) == ""
    with ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="x") as secure:
        assert "cannot pickle 'SSLSocket' object" in handover.problem(secure)


class Refuses:
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise ValueError("no")


@pytest.mark.usefixtures("flat")
def test_what_cannot_be_unpacked_leaves_nothing_open():
    """Descriptors that were not claimed are closed when the value fails."""
    with socket.socket() as sock:
        packed = pack([Refuses(), sock])
    with pytest.raises(ValueError, match="no"):
        unpack(packed)


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize("memory", [True, False], ids=["memory", "file"])
def test_a_parcel_is_what_was_sealed(monkeypatch, tmp_path, memory):
    """Values with their descriptors, and notes; through memory, or an unlinked file where there is none."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    if not memory:
        monkeypatch.delattr(os, "memfd_create")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sealed = seal(Parcel({"a": pack(1), "b": pack([ours, theirs]), "c": pack("x")}, {"note": [1.5]}))
    assert os.listdir(tmp_path) == []
    assert len(sealed) == 3
    assert not any(map(os.get_inheritable, sealed))
    if not memory:
        assert stat.S_IMODE(os.fstat(sealed[0]).st_mode) & 0o077 == 0
    parcel = opened(sealed)
    assert (parcel.notes, list(parcel.values)) == ({"note": [1.5]}, ["a", "b", "c"])
    assert (unpack(parcel.values["a"]), unpack(parcel.values["c"])) == (1, "x")
    ours, theirs = unpack(parcel.values["b"])
    with ours, theirs:
        ours.send(b"x")
        assert theirs.recv(1) == b"x"


@pytest.mark.parametrize("content", [b"", b"half", b"\x80\x05K\x01.", b"\x80\x05N\x8c\x01xN\x87."])
def test_nonsense_is_refused(tmp_path, content):
    """What no hotswap of this version wrote raises ValueError; the file is closed."""
    (tmp_path / "file").write_bytes(content)
    before = descriptors()
    with pytest.raises(ValueError):  # noqa: PT011  its words are pickle's
        opened([os.open(tmp_path / "file", os.O_RDONLY)])
    assert descriptors() == before


def test_a_named_file_carries_values_only(tmp_path, capsys):
    """Where descriptors cannot be handed over: written whole, read once, removed; what had descriptors is told of."""
    with socket.socket() as sock:
        sealed = seal(Parcel({"a": pack(1), "s": pack(sock)}, {"n": 2}))
    handover.write_file(str(tmp_path / "handover"), sealed)
    for fd in sealed[1:]:
        os.close(fd)
    assert os.listdir(tmp_path) == ["handover"]
    parcel = opened(handover._descriptors_at(str(tmp_path / "handover")))
    assert (os.listdir(tmp_path), list(parcel.values), parcel.notes) == ([], ["a"], {"n": 2})
    assert "keep('s') is made anew: its descriptors cannot be handed over here" in capsys.readouterr().err
