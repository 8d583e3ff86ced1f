"""People of the demonstration who sit quizzes, and the teacher who marks what needs a person."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from modou.clock import FrozenClock
from modou.models.courses import Activity
from modou.models.people import User
from modou.services.occasion import Occasion, Origin
from modou.store.containers import decode_id, encode_id
from modou_quiz.content import Content
from modou_quiz.models.attempts import Given, Slot
from modou_quiz.services import shelf
from modou_quiz.services.marking import giving, queue
from modou_quiz.services.sitting import ending, finding, starting
from modou_quiz.types import contents

#: Shares of questions that people know, one for each; the next round knows a little more.
_SKILLS: Final = (0.82, 0.95, 0.7, 0.55, 0.88, 0.4, 0.76, 0.62, 0.9, 0.5, 0.68, 0.8, 0.33)
_ESSAYS: Final = (
    "先切断电源，再用绝缘的东西把人和电线分开，不能直接用手拉。",
    "拉开关；用干燥木棒挑开电线；用绝缘钳切断电线。救护人要先保护自己，防止触电者摔下来。",
    "应当由两个人检查，先停电、验电，查明原因以后才能送电。",
    "看有没有缺相，熔断器有没有熔断，热继电器要复位，再用兆欧表测绝缘。",
    "不记得了。",
    "接零的外壳接到 PE 线，漏电时短路跳闸；接地的外壳接大地。混用时别的设备外壳也带电。",
)


def at(occasion: Occasion, moment: datetime, actor: User | None = None) -> Occasion:
    """An act at another moment in the same transaction."""
    return Occasion(
        occasion.site,
        hooks=occasion.hooks,
        assembled=occasion.assembled,
        clock=FrozenClock(moment),
        keys=occasion.keys,
        tm=occasion.tm,
        actor=actor,
        origin=Origin("127.0.0.1", "Mozilla/5.0 (demonstration)"),
        system=actor is None,
    )


def sit(occasion: Occasion, user: User, activity: Activity, moment: datetime, number: int) -> None:
    """Sit a quiz as somebody does who knows some of it; `number` says who."""
    chance = random.Random(f"{activity.title} {number}")  # noqa: S311 - a story, no secret
    skill = _SKILLS[number % len(_SKILLS)]
    begins = at(occasion, moment, user)
    quiz = shelf.find(occasion.site, activity)
    if quiz is None:
        return
    begun = starting.start(begins, starting.draw(begins, activity, quiz), b"demonstration")
    attempt = finding.own(begins, activity.id, begun.attempt).attempt
    given: dict[int, Given] = {}
    for place, slot in enumerate(attempt.slots):
        moment += timedelta(seconds=chance.randint(12, 50))
        response = _response(begins, slot, skill, chance)
        if response is not None:
            given[place] = Given(response, len(given) + 1, int(moment.timestamp() * 1000))
    attempt.answers.given = given
    attempt.answers.seq = len(given)
    ending.hand_in(at(occasion, moment, user), activity.id, attempt.id)


def mark_some(occasion: Occasion, teacher: User, activity: Activity, moment: datetime) -> None:
    """Mark the work of half of the people."""
    works = queue.Learners(at(occasion, moment, teacher), activity).lines()
    chance = random.Random(len(works))  # noqa: S311 - a story, no secret
    for work in works[: len(works) // 2 + 1]:
        for _part in range(work.waiting):
            moment += timedelta(seconds=40)
            act = at(occasion, moment, teacher)
            ref = queue.following(act, activity, work=decode_id(work.key))
            if ref is None:
                break
            piece = queue.find(act, activity, encode_id(ref.work), (ref.slot, ref.part))
            points = round(piece.worth * chance.choice((1, 0.9, 0.8, 0.6, 0.5)) * 2) / 2
            good = points >= piece.worth * 0.9
            comment = "要点齐全。" if good else "还缺要点，对照参考答案再看一遍。"
            giving.mark(act, activity, piece, giving.Said(points, comment), piece.seen)


# -- what people answer


def _response(occasion: Occasion, slot: Slot, skill: float, chance: random.Random) -> Any:
    bank = shelf.find_bank(occasion.site)
    asked = finding.asked(occasion, bank, slot.question, slot.version)
    if chance.random() < 0.03:
        return None
    return _answer(asked.type, asked.content, skill, chance)


def _answer(kind: Any, content: Content, skill: float, chance: random.Random) -> Any:
    if isinstance(content, contents.Essay):
        return {"text": chance.choice(_ESSAYS), "files": []}
    if isinstance(content, contents.Case):
        return [_answer(sub.type, sub.content, skill, chance) for sub in kind.subs(content)]
    if chance.random() < skill:
        return kind.best(content)
    wrong = _WRONG.get(type(content))
    return wrong(content, chance) if wrong is not None else None


def _some_options(content: contents.MultipleChoice, chance: random.Random) -> list[int]:
    count = chance.randint(1, len(content.options))
    return sorted(chance.sample(range(len(content.options)), count))


def _shuffled(count: int, chance: random.Random) -> list[int]:
    places = list(range(count))
    chance.shuffle(places)
    return places


_WRONG: Final[Mapping[type[Content], Callable[[Any, random.Random], Any]]] = {
    contents.SingleChoice: lambda content, chance: chance.randrange(len(content.options)),
    contents.MultipleChoice: _some_options,
    contents.TrueFalse: lambda content, _chance: not content.answer,
    contents.Short: lambda _content, _chance: "万用表",
    contents.Numerical: lambda content, chance: {
        "value": f"{content.answers[0].value * chance.choice((0.5, 1.73, 2)):g}",
        "unit": "",
    },
    contents.Cloze: lambda content, chance: [
        chance.choice((None, "接地", "二")) for _gap in content.gaps
    ],
    contents.Matching: lambda content, chance: _shuffled(len(content.pairs), chance),
    contents.Ordering: lambda content, chance: _shuffled(len(content.items), chance),
}
