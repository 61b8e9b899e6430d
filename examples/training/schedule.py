"""How fast it learns."""

RATE = 0.02


def rate(epoch: int) -> float:
    """The rate of an epoch."""
    return RATE / (1 + 0.001 * epoch)
