"""A supermarket: customers come, choose a till, wait, and pay."""

from __future__ import annotations

from random import Random

import policy
from stats import Running
from till import Till

MINUTES = 600
ARRIVALS = 0.9
SLOWEST = 7


class Market:
    """The tills, and what has been measured since the job began."""

    def __init__(self, *, tills: int = 4, seed: int = 1) -> None:
        self.chance = Random(seed)
        self.tills = [Till() for _ in range(tills)]
        self.days = 0
        self.served = 0
        self.waits = Running()
        self.today = Running()

    def day(self) -> None:
        """One day, minute by minute; the queues are empty in the morning."""
        self.days += 1
        self.today = Running()
        for till in self.tills:
            till.queue.clear()
            till.busy_until = 0
        for minute in range(MINUTES):
            self.minute(minute)

    def minute(self, now: int) -> None:
        """Somebody may come, and every free till takes the next customer."""
        if self.chance.random() < ARRIVALS:
            policy.choose(self.tills, self.chance).queue.append(now)
        for till in self.tills:
            if till.queue and till.busy_until <= now:
                self.serve(till, now)

    def serve(self, till: Till, now: int) -> None:
        """The first customer of the queue pays."""
        wait = now - till.queue.popleft()
        till.busy_until = now + self.chance.randint(1, SLOWEST)
        self.served += 1
        self.today.add(wait)
        self.waits.add(wait)
