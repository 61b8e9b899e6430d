"""What is said about an epoch."""

from __future__ import annotations

from collections.abc import Sequence


def summary(epoch: int, losses: Sequence[float], rate: float) -> str:
    """One line."""
    return f"epoch {epoch} loss {sum(losses) / len(losses):.4f} rate {rate:.3f}"
