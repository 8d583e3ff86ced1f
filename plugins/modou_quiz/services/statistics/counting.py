"""Counting a quiz, and keeping what was counted: for its pages and, beside each question, for the
bank."""

from collections.abc import Iterable, Mapping
from typing import Any

from modou.services.occasion import Occasion
from modou_quiz.services import shelf
from modou_quiz.services.marking.keys import Keys, Unreadable, keys_of
from modou_quiz.services.marking.shelf import find_marking, marking_of
from modou_quiz.services.statistics.gathering import Gathered
from modou_quiz.services.statistics.judging import flags_of
from modou_quiz.services.statistics.measures import Item, Moments, histogram, quantile

BINS = 10
#: Bars of the plot of the times.
TIME_BINS = 12
Plain = dict[str, Any]


def fingerprint(occasion: Occasion, activity_id: int) -> int:
    """Changes when a quiz has to be counted anew; 0: there is nothing to count."""
    marking = find_marking(occasion.site, activity_id)
    return int(marking.changes()) if marking is not None else 0


def plain_of(occasion: Occasion, activity_id: int, which: str, found: Gathered) -> Plain:
    """What was counted, as plain values: {"quiz": ..., "items": {question id: ...}}."""
    keys = keys_of(occasion)
    items: dict[int, Plain] = {}
    for (question, version), item in sorted(found.items.items()):
        made = _item(keys, question, version, item)
        items.setdefault(question, {"versions": {}})["versions"][version] = made
    for made in items.values():
        made.update(_together(list(made["versions"].values())))
    shares = sorted(found.shares)
    kind, reliability = found.reliability
    quiz = {
        "time": occasion.now,
        "which": which,
        "fingerprint": fingerprint(occasion, activity_id),
        "attempts": len(shares),
        "waiting": found.waiting,
        **_spread(shares, found, reliability),
        "kind": kind,
        "reliability": reliability,
        "histogram": histogram(shares, BINS),
        "times": _times(sorted(found.seconds)),
    }
    return {"quiz": quiz, "items": items}


def _spread(shares: list[float], found: Gathered, reliability: float | None) -> Plain:
    if not shares:
        return {}
    moments = Moments()
    for share in shares:
        moments.add(share)
    error = None
    if reliability is not None and reliability <= 1:
        error = moments.deviation * (1 - max(0.0, reliability)) ** 0.5
    return {
        "mean": moments.mean,
        "deviation": moments.deviation,
        "median": quantile(shares, 0.5),
        "least": shares[0],
        "most": shares[-1],
        "error": error,
        "seconds": quantile(sorted(found.seconds), 0.5) if found.seconds else None,
    }


def _times(seconds: list[float]) -> Plain | None:
    """Bars of equal width from 0 to the 98th hundredth; the last one takes what is longer."""
    if not seconds:
        return None
    top = quantile(seconds, 0.98)
    width = max(60, -(-int(top / TIME_BINS) // 60) * 60)
    bins = [0] * TIME_BINS
    for second in seconds:
        bins[min(TIME_BINS - 1, int(second // width))] += 1
    return {"width": width, "bins": bins}


def _item(keys: Keys, question: int, version: int, item: Item) -> Plain:
    choices: Mapping[str, Any] = {}
    title = type_ = ""
    try:
        key = keys(question, version)
    except Unreadable:
        pass
    else:
        choices = key.type.choices(key.content)
        title, type_ = key.title, key.type.name
    listed: list[Any] = []
    for part, options in choices.items():
        for choice, text, fraction in options:
            counts = item.choices.get((part, choice), [0, 0, 0])
            listed.append((part, choice, text, fraction, *counts))
    known = {(part, choice) for part, choice, *_rest in listed}
    others: list[Any] = [
        (part, choice, choice, None, *counts)
        for (part, choice), counts in item.choices.items()
        if (part, choice) not in known
    ]
    others.sort(key=lambda line: (line[0], -line[4], line[1]))
    return {
        "title": title,
        "type": type_,
        "n": item.n,
        "facility": item.facility,
        "deviation": item.pairs.x.deviation,
        "discrimination": item.discrimination,
        "correlation": item.correlation,
        "seconds": item.seconds.mean if item.seconds.n else None,
        "omitted": item.omitted,
        "upper": item.upper.n,
        "lower": item.lower.n,
        "choices": [*listed, *others],
        "flags": flags_of(item, choices),
    }


def _together(versions: list[Plain]) -> Plain:
    """Several versions, or quizzes, of a question as one: means by how many answered."""
    n = sum(version["n"] for version in versions)

    def mean(name: str) -> float | None:
        known = [(v[name], v["n"]) for v in versions if v[name] is not None]
        weight = sum(count for _value, count in known)
        return sum(value * count for value, count in known) / weight if weight else None

    return {
        "n": n,
        "facility": mean("facility"),
        "discrimination": mean("discrimination"),
    }


def keep(occasion: Occasion, activity_id: int, counted: Plain) -> None:
    """Keep what was counted of a quiz; the bank's questions get what all quizzes say together."""
    marking = marking_of(occasion, activity_id)
    marking.counted = counted["quiz"]
    items = counted["items"]
    gone = [id for id in marking.items if id not in items]
    for id in gone:
        del marking.items[id]
    forget(occasion, activity_id, gone)
    marking.items.update(items)
    bank = shelf.find_bank(occasion.site)
    if bank is None:
        return
    for id, item in items.items():
        question = bank.questions.get(id)
        if question is None:
            continue
        mine = {name: item[name] for name in ("n", "facility", "discrimination")}
        known = dict((question.statistics or {}).get("by", {}))
        known[activity_id] = mine
        made = _joined(known)
        if made != question.statistics:
            question.statistics = made


def forget(occasion: Occasion, activity_id: int, questions: Iterable[int]) -> None:
    """The bank's questions say nothing about a quiz any more: it is gone, or they in it."""
    bank = shelf.find_bank(occasion.site)
    for id in questions:
        question = bank.questions.get(id) if bank is not None else None
        known = (question.statistics or {}).get("by", {}) if question is not None else {}
        if question is None or activity_id not in known:
            continue
        left = {quiz: item for quiz, item in known.items() if quiz != activity_id}
        question.statistics = _joined(left) if left else None


def _joined(by: Plain) -> Plain:
    """What all quizzes say together about a question, and each of them."""
    joined = _together(list(by.values()))
    return {
        "facility": joined["facility"],
        "discrimination": joined["discrimination"],
        "sittings": joined["n"],
        "by": by,
    }
