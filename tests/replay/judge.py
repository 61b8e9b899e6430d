"""What the live process became, against what a fresh one is: one verdict and its evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tests.replay.signature import ABOUT, Signature, documentation_apart

Told: TypeAlias = Mapping[str, Any]


def differing(one: Mapping[str, str], two: Mapping[str, str]) -> set[str]:
    """The paths at which the two are not the same."""
    return {path for path in one.keys() | two.keys() if one.get(path) != two.get(path)}


def judge(step: Told, a: Told, b: Told, before: Told, first: Told) -> dict[str, Any]:
    """The verdict on one step.

    `a` and `b` are fresh processes of the revisions before and after it; `before` is the live process as it had
    started, `first` the fresh one of that same revision.
    """
    if "crash" in step:
        return {"verdict": "crash", "reason": step["crash"]}
    record = {key: step[key] for key in ("outcome", "told", "apply_ms", "cpu_ms", "executed", "errors")}
    noise = set(a["noise"]) | set(b["noise"])
    edited = differing(a["signature"], b["signature"]) - noise
    record |= {"edited": len(edited), "noise": len(noise)}
    if step["outcome"] == "restart":
        return {**record, "verdict": "refused"}
    own = differing(before["signature"], first["signature"]) - noise  # how the tool's import differs without any edit
    comparison = Comparison(step["signature"], a, b, noise=noise | own, marks=marks_of(own, before, first))
    record |= comparison.facts(edited) | held_facts(step, a, b, noise, edited)
    record["failed"] = {module: error for module, error in step["failed"].items() if module not in b["failed"]}
    equal = not comparison.wrong or comparison.only_state
    record["whole"] = equal and record["held_edited"] in (None, 1) and record["instances"] in (None, 1)
    return {**record, "verdict": verdict_of(step, comparison, a, noise | own)}


def verdict_of(step: Told, comparison: Comparison, a: Told, noise: set[str]) -> str:
    """One word."""
    if step["outcome"] == "rollback":
        return "wrong" if differing(step["signature"], a["signature"]) - noise else "rollback"
    if not comparison.wrong:
        return "equal"
    if comparison.only_state:
        return "state"
    return "loud" if step["errors"] else "wrong"


def marks_of(own: set[str], before: Told, first: Told) -> set[str]:
    """The names that the tool puts into every module."""
    count = Counter(path.partition(":")[2] for path in own if path not in first["signature"])
    return {name for name, n in count.items() if n == len(before["modules"])}


class Comparison:
    """The live signature against that of a fresh process on B."""

    def __init__(self, live: Signature, a: Told, b: Told, *, noise: set[str], marks: set[str]) -> None:
        self.live, self.a, self.b = live, a["signature"], b["signature"]
        unloadable = {module for module in a["modules"] if module in b["failed"]}  # there is nothing fresh to compare
        self.wrong = {
            path
            for path in differing(live, self.b) - noise
            if path.partition(":")[0] not in unloadable and (path.partition(":")[2] not in marks or path in self.b)
        }
        both = {path for path in self.wrong if path in live and path in self.b}
        self.top = {path for path in self.wrong if path in both or is_top(path, self.wrong)}
        self.kinds = {path: self._kind(path) for path in self.top}
        # The same in both revisions: what ran again added to it.
        self.state = sorted(p for p in self.top if self.kinds[p] == "value mangled" and self.a[p] == self.b[p])
        self.only_state = bool(self.wrong) and len(self.state) == len(self.top) == len(self.wrong)

    def facts(self, edited: set[str]) -> dict[str, Any]:
        """The evidence."""
        plain = {path for path in self.top if "!" not in path}
        present = {path for path in self.top if "!" in path or (path in self.live and path in self.b)}
        return {
            "stale_names": sorted(path for path in plain if path not in self.b),
            "missing": sorted(path for path in plain if path not in self.live),
            "different": sorted({path.partition("!")[0] for path in present}),
            "kinds": dict(Counter(self.kinds.values())),
            "state": self.state,
            "examples": {path: self._example(path) for path in sorted(self.top)[:40]},
            "applied": round(len(edited - self.wrong) / len(edited), 3) if edited else None,
            "collateral": len(self.top - edited),
            "behaves": not any(self._behaves_differently(path) for path in self.wrong),
        }

    def _example(self, path: str) -> list[str]:
        return [str(values.get(path))[:160] for values in (self.a, self.live, self.b)]

    def _behaves_differently(self, path: str) -> bool:
        live, fresh = self.live.get(path, ""), self.b.get(path, "")
        return not path.endswith(ABOUT) and documentation_apart(live) != documentation_apart(fresh)

    def _kind(self, path: str) -> str:
        """What sort of difference, from the path's facet and the three values."""
        live, a, b = self.live.get(path), self.a.get(path), self.b.get(path)
        facet = path.rpartition("!")[2].split(".")[0] if "!" in path else ""
        if not facet and (live is None or b is None):
            return "stale name" if b is None else "missing name"
        if found := self._identity(facet, live or "", b or ""):
            return found
        if live is not None and b is not None and documentation_apart(live) == documentation_apart(b):
            return "doc or annotations inside not updated"
        return f"{facet or 'value'} " + ("not updated" if live == a else "mangled" if a == b else "wrong")

    def _identity(self, facet: str, live: str, fresh: str) -> str:
        """What sort of wrong object it is, if it is one."""
        old = re.findall(r"\banon (\S+:[^#]+)#| (anon)\]", live)
        if not old or re.search(r"\banon\b", fresh):
            return ""
        if facet == "bases":
            return "base is an old class"
        defined_here = re.match(r"function|class of|\w+ of \d", fresh)  # so what is there should bear its own name
        known = self.a.keys() | self.b.keys()
        strange = not any(mark or name in known for name, mark in old)
        return "wrong __qualname__" if defined_here and strange else "holds an old object"


def held_facts(step: Told, a: Told, b: Told, noise: set[str], edited: set[str]) -> dict[str, Any]:
    """How many of the functions, classes and instances held from before are what the fresh ones are."""
    held = [path for path in step["held"] if path in b["held"] and path not in noise]
    touched = [path for path in held if a["held"].get(path) != b["held"][path]]
    stale = [path for path in held if step["held"][path] != b["held"][path]]
    modules = {path.partition(":")[0] for path in edited}
    instances = [
        right for path, right in step["instances"].items() if path in b["held"] and path.partition(":")[0] in modules
    ]
    return {
        "held": ratio(path not in stale for path in held),
        "held_n": len(held),
        "held_edited": ratio(path not in stale for path in touched),
        "held_edited_n": len(touched),
        "held_not_fresh": stale[:40],
        "instances": ratio(instances),
        "instances_n": len(instances),
    }


def is_top(path: str, wrong: set[str]) -> bool:
    """Whether it is not just a member or facet of a name that is itself missing or stale."""
    stem, _, facet = path.partition("!")
    module, _, qualname = stem.partition(":")
    if facet and stem in wrong:
        return False
    while "." in qualname:
        qualname = qualname.rpartition(".")[0]
        if f"{module}:{qualname}" in wrong:
            return False
    return stem == f"{module}:" or f"{module}:" not in wrong


def ratio(flags: Iterable[bool]) -> float | None:
    """The share that is true; None of nothing."""
    flags = list(flags)
    return round(sum(flags) / len(flags), 4) if flags else None
