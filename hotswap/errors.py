"""The exceptions of hotswap.  Each says what happened, why, and what to do now."""

from __future__ import annotations

from hotswap.model import Findings, Reason


class HotswapError(Exception):
    """Base of all exceptions that hotswap raises of its own accord."""


class CannotSwap(HotswapError):
    """A change that cannot be made true in this process; the round ends in *restart required*."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class UsageError(HotswapError, ValueError):
    """An argument that makes no sense; nothing was done."""


class RestartRefused(HotswapError):
    """A restart would lose the session, so it was not begun.  `problems` lists why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("not restarted: " + "; ".join(problems))
        self.problems = problems


class Unforeseen(HotswapError):
    """Statements did what the plan had not foreseen; the round was undone, and is planned again with the findings."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(f"unforeseen: {findings}")
        self.findings = findings
