"""Figures that grow."""

from __future__ import annotations


class Running:
    """Count, mean and maximum of what was added, without keeping it."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self.most = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count += 1
        self.sum += value
        self.most = max(self.most, value)

    @property
    def mean(self) -> float:
        """The mean; 0 of nothing."""
        return self.sum / self.count if self.count else 0.0
