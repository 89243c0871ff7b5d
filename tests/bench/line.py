"""One line of the table: what was measured on each side, how they compare, and what was wanted."""

import dataclasses
import statistics

GIB = 1 << 30
LIMIT = "limit"  # the side of the server that answers from memory
TIMES = ("us", "s")  # units of which less is better


@dataclasses.dataclass
class Line:
    """`values` holds one number a round for each side, all in `unit`. The ratio is that of the two sides that `compare`
    names; `at_least` and `at_most` bound it, or a side's own value where that is named alone. `of_limit` is the least
    share of the speed of LIMIT that is wanted."""

    name: str
    title: str
    unit: str = ""
    values: dict = dataclasses.field(default_factory=dict)
    compare: tuple = ("npyfs", "plain file")
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    not_run: str = ""  # the reason, where it could not be measured
    of_limit: float | None = None

    def median(self, side):
        return statistics.median(self.values[side])

    def ratios(self):
        """One a round: both sides of a round were measured in turn, under the same conditions."""
        ours = self.values[self.compare[0]]
        if len(self.compare) == 1:
            return list(ours)
        return [a / b for a, b in zip(ours, self.values[self.compare[1]])]

    def result(self):
        """The number that the target bounds."""
        return statistics.median(self.ratios())

    def has_limit(self):
        return LIMIT in self.values

    def share_of_limit(self, side=None):
        """The speed of a side, by default the first of `compare`, as a part of what a server that answers from memory
        reaches."""
        pairs = zip(self.values[side or self.compare[0]], self.values[LIMIT])
        return statistics.median(limit / ours if self.unit in TIMES else ours / limit for ours, limit in pairs)

    def is_met(self):
        """None where there is no target, or no measurement."""
        if self.not_run or (self.at_least is None and self.at_most is None and self.of_limit is None):
            return None
        return ((self.at_least is None or self.result() >= self.at_least)
                and (self.at_most is None or self.result() <= self.at_most)
                and (self.of_limit is None or self.share_of_limit() >= self.of_limit))

    def bound(self):
        """In words what bounds a target that was missed; "" where that was not measured, or the target was met."""
        if self.is_met() is not False or not self.has_limit():
            return ""
        other = self.compare[-1]
        if other == self.compare[0] or other not in self.values:
            return f"bound: {LIMIT} {self.median(LIMIT):.3g} {self.unit}"
        return f"bound: {LIMIT} is {1 / self.share_of_limit(other):.2f} times as fast as {other}"


def alternate(sides, steps, turn=0):
    """Calls sides[name](step) for every step, each step on all sides before the next one; who is first moves on with
    every step and with `turn`. What they returned, as one list a side; None is left out."""
    names = list(sides)
    results = {name: [] for name in names}
    for step in steps:
        first = (step + turn) % len(names)
        for name in names[first:] + names[:first]:
            result = sides[name](step)
            if result is not None:
                results[name].append(result)
    return results


def add_speeds(values, results, size):
    """Appends one round: `results` holds each side's seconds, each of them for `size` bytes; `values` takes GiB/s. The
    median counts: a machine that is taken away for a moment slows down one step of one side."""
    for side, seconds in results.items():
        values.setdefault(side, []).append(size / statistics.median(seconds) / GIB)


def best_of(values, sides):
    """The side of `sides` with the highest median."""
    return max(sides, key=lambda side: statistics.median(values[side]))
