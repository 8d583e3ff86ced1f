"""The arithmetic of item analysis, in one pass and with little memory. Knows no database.

Sums of squares are kept about the running mean (Welford), so that a question which everybody gets
right has the variance 0 and not a trace of one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: Share of the learners in the upper and in the lower group (Kelley 1939).
GROUP = 0.27
#: Different answers of one part that are counted one by one; further ones are counted together.
MOST_CHOICES = 200
OTHER = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(slots=True)
class Moments:
    """Mean and spread of one number."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, x: float) -> None:
        self.n += 1
        off = x - self.mean
        self.mean += off / self.n
        self.squares += off * (x - self.mean)

    @property
    def variance(self) -> float:
        """Of the sample (n - 1); 0 for fewer than two."""
        return self.squares / (self.n - 1) if self.n > 1 else 0.0

    @property
    def deviation(self) -> float:
        return math.sqrt(self.variance)


@dataclass(slots=True)
class Pairs:
    """Two numbers of each learner, and how they go together."""

    x: Moments = field(default_factory=Moments)
    y: Moments = field(default_factory=Moments)
    products: float = 0.0

    def add(self, x: float, y: float) -> None:
        off = x - self.x.mean
        self.x.add(x)
        self.y.add(y)
        self.products += off * (y - self.y.mean)

    @property
    def correlation(self) -> float | None:
        """Pearson's r; with one of them 0 or 1 it is the point-biserial one. None where one of them
        does not vary."""
        spread = math.sqrt(self.x.squares * self.y.squares)
        if spread <= 1e-12:
            return None
        return max(-1.0, min(1.0, self.products / spread))


class Item:
    """One question (or one version of it), learner by learner."""

    def __init__(self) -> None:
        self.pairs = Pairs()
        self.upper = Moments()
        self.lower = Moments()
        self.seconds = Moments()
        self.omitted = 0
        #: (part, choice) -> how many took it: all, upper group, lower group
        self.choices: dict[tuple[str, str], list[int]] = {}
        self._kinds: dict[str, int] = {}

    def add(self, share: float, rest: float, group: int) -> None:
        """A learner's answer.

        :param share: of the question's marks
        :param rest: share of the marks of all other questions
        :param group: 1: in the upper group, -1: in the lower one, 0: in neither
        """
        self.pairs.add(share, rest)
        if group > 0:
            self.upper.add(share)
        elif group < 0:
            self.lower.add(share)

    def choose(self, part: str, choice: str, group: int) -> None:
        """A learner's choice."""
        found = self.choices.get((part, choice))
        if found is None:
            if self._kinds.get(part, 0) >= MOST_CHOICES:
                choice = OTHER
                found = self.choices.get((part, choice))
            if found is None:
                self._kinds[part] = self._kinds.get(part, 0) + 1
                found = self.choices[part, choice] = [0, 0, 0]
        found[0] += 1
        if group:
            found[1 if group > 0 else 2] += 1

    @property
    def n(self) -> int:
        return self.pairs.x.n

    @property
    def facility(self) -> float | None:
        """Mean share of the marks: 1: everybody had them all."""
        return self.pairs.x.mean if self.n else None

    @property
    def discrimination(self) -> float | None:
        """How much better the upper group did than the lower one, -1 to 1."""
        if not self.upper.n or not self.lower.n:
            return None
        return self.upper.mean - self.lower.mean

    @property
    def correlation(self) -> float | None:
        """With the marks of all other questions."""
        return self.pairs.correlation


def groups(shares: Sequence[tuple[float, int]]) -> dict[int, int]:
    """Who belongs to the upper (1) and to the lower (-1) group; ties go by id.

    :param shares: (share of all marks, id)
    """
    n = len(shares)
    size = min(max(1, round(GROUP * n)), n // 2)
    if not size:
        return {}
    order = sorted(shares)
    found = {id: -1 for _share, id in order[:size]}
    found.update((id, 1) for _share, id in order[-size:])
    return found


def alpha(items: Iterable[float], total: float, count: int) -> float | None:
    """Cronbach's alpha: how much a test of the same kind would agree with this one.

    :param items: variance of each question's marks
    :param total: variance of the sums
    :param count: number of questions; below two there is none
    """
    if count < 2 or total <= 1e-12:
        return None
    return count / (count - 1) * (1 - math.fsum(items) / total)


@dataclass(slots=True)
class Nested:
    """The same where everybody had other questions: questions within learners, analysis of variance
    in one way (the intraclass correlation ICC(1,k))."""

    learners: int = 0
    answers: int = 0
    within: float = 0.0
    _weighted: float = 0.0
    _squares: float = 0.0

    def add(self, shares: Sequence[float]) -> None:
        """A learner's shares of the marks, question by question."""
        k = len(shares)
        if not k:
            return
        mean = math.fsum(shares) / k
        self.within += math.fsum((share - mean) ** 2 for share in shares)
        self.learners += 1
        self.answers += k
        self._weighted += k * mean
        self._squares += k * mean * mean

    @property
    def reliability(self) -> float | None:
        if self.learners < 2 or self.answers <= self.learners:
            return None
        between = self._squares - self._weighted**2 / self.answers
        between /= self.learners - 1
        within = self.within / (self.answers - self.learners)
        if between <= 1e-12:
            return None
        return (between - within) / between


def histogram(shares: Iterable[float], bins: int = 10) -> list[int]:
    """How many shares (0 to 1) fall into each of `bins` equal parts; 1 falls into the last."""
    found = [0] * bins
    for share in shares:
        # A share that was reckoned from decimals may miss its own border by a hair.
        found[min(bins - 1, max(0, int(share * bins + 1e-9)))] += 1
    return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of sorted numbers, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
