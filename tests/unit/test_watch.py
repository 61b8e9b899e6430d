"""The parts of the watcher that need neither time nor threads: looks, places, mounts, locks, events into batches."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from hotswap.watching.backends import Silent
from hotswap.watching.coverage import Coverage
from hotswap.watching.events import Doubt, Event, Use, What
from hotswap.watching.git import GitLocks
from hotswap.watching.lookout import Lookout
from hotswap.watching.mounts import Mounts, Trust
from hotswap.watching.places import Index, Resolver, key
from hotswap.watching.rhythm import Rhythm
from hotswap.watching.stamps import Look, Stamp, Stamps

# ---------------------------------------------------------------------- looks


class Disk:
    """Files as stamps, and a wall clock."""

    def __init__(self) -> None:
        self.files: dict[str, Stamp] = {}
        self.now = 1_000_000_000_000

    def put(self, file: str, *, at: int | None = None, size: int = 1, inode: int = 1) -> None:
        time = self.now if at is None else at
        self.files[file] = Stamp(time, time, size, inode, 1, 1)

    def stamps(self) -> Stamps:
        return Stamps(wall=lambda: self.now, stamp=lambda file: self.files.get(file, Stamp(0, 0, 0, 0, 0, 0, 2)))

    def pass_seconds(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_the_first_look_tells_nothing(disk: Disk) -> None:
    """Without an earlier look the content may be any."""
    disk.put("a")
    assert disk.stamps().look("a") is Look.UNKNOWN


def test_an_old_equal_stamp_is_the_same_content(disk: Disk) -> None:
    """A stamp that was old when recorded would have moved with any write."""
    disk.put("a")
    disk.pass_seconds(3)
    stamps = disk.stamps()
    stamps.record("a")
    assert stamps.look("a") is Look.SAME


def test_a_young_equal_stamp_proves_nothing(disk: Disk) -> None:
    """Two writes within one tick leave the same stamp: the look after a young one is in doubt, the next is not."""
    disk.put("a")
    stamps = disk.stamps()
    stamps.record("a")
    disk.pass_seconds(3)
    assert [stamps.look("a"), stamps.look("a")] == [Look.RACY, Look.SAME]


def test_a_time_in_the_future_proves_nothing(disk: Disk) -> None:
    """A server whose clock is ahead makes every stamp young."""
    disk.put("a", at=disk.now + 10**12)
    stamps = disk.stamps()
    stamps.record("a")
    assert [stamps.look("a"), stamps.look("a")] == [Look.RACY, Look.RACY]


@pytest.mark.parametrize("change", [{"at": 5}, {"size": 2}, {"inode": 9}])
def test_any_difference_is_a_change(disk: Disk, change: dict[str, int]) -> None:
    """Earlier times, other sizes, other files of the same age: different, not newer."""
    disk.put("a", at=7)
    stamps = disk.stamps()
    stamps.record("a")
    disk.put("a", **{"at": 7, **change})
    assert stamps.look("a") is Look.CHANGED


def test_coming_and_going_are_changes(disk: Disk) -> None:
    """A missing file has a stamp too."""
    stamps = disk.stamps()
    stamps.record("a")
    disk.put("a")
    came = stamps.look("a")
    del disk.files["a"]
    assert [came, stamps.look("a"), stamps.look("a")] == [Look.CHANGED, Look.CHANGED, Look.SAME]


def test_another_link_is_a_change_of_metadata(disk: Disk) -> None:
    """`ln` changes the count of links and the time of that change, not the text."""
    disk.put("a", at=7)
    stamps = disk.stamps()
    stamps.record("a")
    disk.files["a"] = disk.files["a"]._replace(links=2, changed=9)
    assert stamps.look("a") is Look.METADATA


def test_an_event_voids_the_last_look(disk: Disk) -> None:
    """After an event the next look starts anew."""
    disk.put("a", at=7)
    stamps = disk.stamps()
    stamps.record("a")
    stamps.forget("a")
    assert stamps.look("a") is Look.UNKNOWN


def test_a_rhythm_spends_no_more_than_its_share() -> None:
    """A turn that took long is made less often."""
    rhythm = Rhythm(every=2.0, share=0.01)
    rhythm.done(100.0, 100.001)
    often = rhythm.next
    rhythm.done(100.0, 101.0)
    assert (often, rhythm.next) == (102.001, 201.0)


# ---------------------------------------------------------------------- places


def test_places_name_each_link_and_the_file(tmp_path: Path) -> None:
    """Directory links, file links and links to links are all places, at their real paths."""
    root = Path(os.path.realpath(tmp_path))
    (root / "real").mkdir()
    (root / "real" / "mod.py").touch()
    os.symlink("real", root / "one")
    os.symlink(root / "one", root / "two")
    os.symlink("mod.py", root / "real" / "name.py")
    found = Resolver().places(str(root / "two" / "name.py"))
    assert found == tuple(str(root / p) for p in ("two", "one", "real/name.py", "real/mod.py"))


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """Links that lead to each other are followed as far as the kernel would, and no further."""
    os.symlink("b", tmp_path / "a")
    os.symlink("a", tmp_path / "b")
    assert Resolver().places(str(tmp_path / "a" / "mod.py"))


def test_a_missing_file_has_a_place(tmp_path: Path) -> None:
    """What does not exist yet is expected where it would be."""
    path = os.path.join(os.path.realpath(tmp_path), "none", "mod.py")
    assert Resolver().places(path) == (path,)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/p/Mod.py", "/p/mod.PY"), ("/p/caf\u00e9.py", "/p/cafe\u0301.py"), ("/STRASSE.py", "/stra\u00dfe.py")],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    """Where the file system ignores case or composes accents, an event may spell a name differently."""
    assert key(one) == key(other)


def test_beneath_a_directory_are_its_files_and_theirs_alone() -> None:
    """A name that merely begins alike is not beneath."""
    index = Index()
    for file in ("/p/a/x.py", "/p/a/b/y.py", "/p/ab/z.py", "/p/a.py"):
        index.put(file)
    assert index.beneath("/p/a") == {"/p/a/x.py", "/p/a/b/y.py"}


def test_a_dropped_file_leaves_the_index() -> None:
    """Neither its place nor its directory hints it any more."""
    index = Index()
    index.put("/p/a.py")
    index.drop("/p/a.py")
    assert (index.at("/p/a.py"), index.beneath("/p"), len(index)) == (frozenset(), frozenset(), 0)


# ---------------------------------------------------------------------- mounts and locks

TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home/me/share rw shared:2 - nfs4 server:/x rw
31 22 0:41 / /mnt/with\040space rw - fuse.sshfs host:/ rw
""".strip()


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/home/me/src", "ext4"),
        ("/home/me/share/src", "nfs4"),
        ("/home/me/shared", "ext4"),
        ("/mnt/with space", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_directory(directory: str, kind: str) -> None:
    """The longest mount point above counts."""
    assert Mounts(TABLE).kind(directory) == kind


def test_an_unknown_system_is_not_trusted() -> None:
    """Without a table of mounts nothing is known to be local."""
    assert Mounts("").kind("/home") == "unknown"


@pytest.mark.parametrize(
    ("directory", "proves", "why"),
    [
        ("/src", True, ""),
        ("/src", False, "a trial on / sent no event"),
        ("/home/me/share/x", True, "a file system of type nfs4 can be changed without an event"),
    ],
)
def test_events_are_relied_upon_where_they_are_proved(directory: str, proves: bool, why: str) -> None:
    """A local file system and a trial that succeeded, or there is a doubt."""
    doubt = Trust(Scripted(proves=proves), Mounts(TABLE)).doubt(directory)
    assert ("" if doubt is None else doubt.why) == why


@pytest.mark.parametrize(
    ("name", "age", "pause"),
    [("index.lock", 1.0, 0.15), ("index.lock", 100.0, 0.0), ("index", 0.05, 0.1), ("index", 1.0, 0.0)],
)
def test_git_is_at_work_while_it_holds_the_lock_and_a_moment_longer(
    tmp_path: Path, name: str, age: float, pause: float
) -> None:
    """A lock counts while its git may be alive; an index that was just written may be locked again at once."""
    (tmp_path / ".git").mkdir()
    file = tmp_path / ".git" / name
    file.touch()
    os.utime(file, (1000.0, 1000.0))
    locks = GitLocks(stale_after=10.0, wall=lambda: 1000.0 + age)
    assert locks.pause([str(tmp_path / "a" / "mod.py")]) == pytest.approx(pause)


def test_the_lock_of_a_worktree_is_found(tmp_path: Path) -> None:
    """A `.git` file points at the repository."""
    (tmp_path / "repo").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: ../repo\n")
    (tmp_path / "repo" / "index.lock").touch()
    assert GitLocks(stale_after=1000.0).pause([str(tmp_path / "tree" / "mod.py")])


# ---------------------------------------------------------------------- events into batches


class Scripted:
    """A queue that a test fills."""

    name = "scripted"
    prompt = True

    def __init__(self, *, proves: bool = True, missing: Iterable[str] = ()) -> None:
        self.queue: list[Event] = []
        self.armed: dict[str, set[Use]] = {}
        self.missing = set(missing)
        self._proves = proves

    def arm(self, path: str, use: Use) -> None:
        if path in self.missing:
            raise FileNotFoundError(path)
        self.armed.setdefault(path, set()).add(use)

    def disarm(self, path: str) -> None:
        self.armed.pop(path, None)

    def drain(self) -> list[Event]:
        events, self.queue = self.queue, []
        return events

    def wait(self, timeout: float | None) -> None:
        raise NotImplementedError

    def wake(self) -> None:
        """Nobody sleeps."""

    def proves(self, directory: str) -> bool:
        return self._proves

    def close(self) -> None:
        """Nothing to give back."""

    def abandon(self) -> None:
        """Nothing to give back."""


def no_doubt(_directory: str) -> Doubt | None:
    return None


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def lookout(scripted: Scripted) -> Lookout:
    made = Lookout(quiet=1.0, max_hold=60.0, wall=lambda: 0)
    made.listen(scripted, no_doubt)
    for file in ("/p/a.py", "/p/b.py", "/p/q/c.py"):
        made.track(file, 0.0)
    flush(made, 0.0)
    return made


def flush(lookout: Lookout, now: float) -> frozenset[str]:
    lookout.gather(now)
    return lookout.take(now)


def test_an_event_becomes_a_hint(lookout: Lookout, scripted: Scripted) -> None:
    """A barrier takes in what is queued, settled or not."""
    scripted.queue = [Event("/p/a.py", What.WRITING), Event("/p/else.py", What.FINISHED)]
    assert flush(lookout, 1.0) == {"/p/a.py"}


@pytest.mark.parametrize(
    ("tracked", "event"),
    [("/p/Mod.py", "/p/mod.PY"), ("/p/caf\u00e9.py", "/p/cafe\u0301.py"), ("/P/Sub/mod.py", "/p/sub/mod.py")],
)
def test_an_event_may_spell_a_name_differently(lookout: Lookout, scripted: Scripted, tracked: str, event: str) -> None:
    """Where case or the form of accents is ignored: the file is hinted as it was tracked."""
    lookout.track(tracked, 0.0)
    scripted.queue = [Event(event, What.FINISHED)]
    assert flush(lookout, 1.0) == {tracked}


def test_a_batch_is_taken_once(lookout: Lookout, scripted: Scripted) -> None:
    """Settled before its time: nothing; at its time: once."""
    scripted.queue = [Event("/p/a.py", What.SEEN)]
    lookout.drain(1.0)
    assert [lookout.settled(t) for t in (1.5, 2.1, 9.0)] == [frozenset(), {"/p/a.py"}, frozenset()]


@pytest.mark.parametrize("event", [Event("/p/q", What.SEEN, tree=True), Event("/p/q", What.SEEN)])
def test_a_directory_event_hints_what_is_beneath(lookout: Lookout, scripted: Scripted, event: Event) -> None:
    """Also when what took the directory's place is not a directory (a link, say)."""
    scripted.queue = [event]
    assert flush(lookout, 1.0) == {"/p/q/c.py"}


def test_a_replaced_directory_is_armed_anew(lookout: Lookout, scripted: Scripted) -> None:
    """The old watch went with the old directory."""
    scripted.armed["/p/q"] = {Use.SELF}
    scripted.queue = [Event("/p/q", What.SEEN, tree=True)]
    lookout.drain(1.0)
    assert scripted.armed["/p/q"] == {Use.CONTENT}


def test_noise_is_told_apart(lookout: Lookout, scripted: Scripted) -> None:
    """drain() says whether any event was about a tracked file."""
    scripted.queue = [Event("/p/log.txt", What.WRITING)]
    noise = lookout.drain(1.0)
    scripted.queue = [Event("/p/a.py", What.WRITING)]
    assert (noise, lookout.drain(1.0)) == (False, True)


def test_lost_events_make_the_next_barrier_look_at_everything(lookout: Lookout, scripted: Scripted, disk: Disk) -> None:
    """After an overflow the stamps decide."""
    lookout._stamps = disk.stamps()
    for file in lookout.index.files:
        disk.put(file, at=7)
        lookout._stamps.record(file)
    disk.put("/p/b.py", at=8)
    quiet = flush(lookout, 1.0)
    scripted.queue = [Event("", What.LOST)]
    assert (quiet, flush(lookout, 2.0)) == (frozenset(), {"/p/b.py"})


def test_a_change_without_an_event_demotes_its_root(lookout: Lookout, disk: Disk) -> None:
    """Reconciling hints the file, counts the miss, and no longer relies on events there."""
    lookout._stamps = disk.stamps()
    disk.put("/p/b.py", at=7)
    lookout._stamps.record("/p/b.py")
    disk.put("/p/b.py", at=8)
    lookout.reconcile(["/p/b.py"], 1.0)
    lookout.count_missed(1.1)
    early = lookout.missed
    lookout.count_missed(2.0)
    shown = (lookout.settler.pending, early, lookout.missed, lookout.unvouched)
    assert shown == ({"/p/b.py"}, 0, 1, {"/p/a.py", "/p/b.py", "/p/q/c.py"})


def test_a_change_whose_event_comes_late_is_no_miss(lookout: Lookout, scripted: Scripted, disk: Disk) -> None:
    """The kernel changes the file first; the event is given a moment."""
    lookout._stamps = disk.stamps()
    disk.put("/p/b.py", at=7)
    lookout._stamps.record("/p/b.py")
    disk.put("/p/b.py", at=8)
    lookout.reconcile(["/p/b.py"], 1.0)
    scripted.queue = [Event("/p/b.py", What.WRITING)]
    lookout.drain(1.1)
    lookout.count_missed(2.0)
    assert lookout.missed == 0


def test_a_change_whose_event_is_on_its_way_is_no_miss(lookout: Lookout, scripted: Scripted, disk: Disk) -> None:
    """The look may be faster than the queue."""
    lookout._stamps = disk.stamps()
    disk.put("/p/b.py", at=7)
    lookout._stamps.record("/p/b.py")
    disk.put("/p/b.py", at=8)
    scripted.queue = [Event("/p/b.py", What.FINISHED)]
    lookout.reconcile(["/p/b.py"], 1.0)
    assert (lookout.settler.pending, lookout.missed) == ({"/p/b.py"}, 0)


def test_a_repeated_scan_hints_a_racy_file_once_it_can_be_told(lookout: Lookout, disk: Disk) -> None:
    """While the stamp is young nothing is said again and again; when it is old, once."""
    stamps = lookout._stamps = disk.stamps()
    disk.put("/p/a.py")
    stamps.record("/p/a.py")
    hinted = []
    for _ in range(4):
        lookout.scan(["/p/a.py"], 1.0)
        hinted.append(bool(lookout.settler.take(1.0)))
        disk.pass_seconds(1.5)
    assert hinted == [False, False, True, False]


def test_a_file_written_since_the_process_began_is_hinted_when_tracked(lookout: Lookout, disk: Disk) -> None:
    """It may differ from what was imported; an older one cannot."""
    lookout._stamps, lookout._since = disk.stamps(), 100
    disk.put("/new.py", at=101)
    disk.put("/old.py", at=99)
    for file in ("/new.py", "/old.py", "/missing.py"):
        lookout.track(file, 1.0)
    assert flush(lookout, 1.0) == {"/new.py"}


def test_the_nearest_directory_is_watched_for_a_missing_one() -> None:
    """Where the way to a missing file would appear is watched for names."""
    scripted = Scripted(missing=["/p/new/deep", "/p/new"])
    vouched = Coverage(scripted, no_doubt).cover(["/p/new/deep/mod.py"])
    assert (vouched, scripted.armed["/p"]) == (True, {Use.ENTRIES, Use.SELF})


def test_without_a_queue_nothing_is_vouched_for() -> None:
    """A refusal is a doubt with its reason."""
    coverage = Coverage(Silent("poll was asked for"), no_doubt)
    assert (coverage.cover(["/p/a.py"]), coverage.directories["/p"]) == (
        False,
        Doubt("poll was asked for", ""),
    )
