"""A training loop that you can correct in the middle: the model, the optimiser's rate, what is reported.

    python train.py [EPOCHS]

The weights that were learned so far stay.
"""

from __future__ import annotations

import sys
from random import Random

from data import spirals
from model import Network
from report import summary
from schedule import rate

import hotswap

chance = Random(1)
samples = spirals(600, chance)
network = Network(chance)


def epoch(number: int) -> None:
    """All samples once, in another order each time."""
    chance.shuffle(samples)
    speed = rate(number)
    losses = [network.learn(point, target, speed) for point, target in samples]
    print(summary(number, losses, speed), flush=True)


def main(epochs: int) -> None:
    """Train.  Nothing stutters here: no frames, just a safe point between two epochs."""
    for number in hotswap.loop(fps=None):
        with number:
            epoch(number)
        if number == epochs:
            return


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**9)
    except KeyboardInterrupt:
        print("bye")
