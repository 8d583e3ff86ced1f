"""What several tries at one question come to: pure, from the tries that an answer keeps.

Each further try costs the question's penalty, a share of its marks. A part of the question that was
worth as much at an earlier try, and stayed so, lost nothing by the later ones.
"""

from collections.abc import Callable, Sequence
from typing import Any

from modou_quiz.models.attempts import Given
from modou_quiz.services.sitting.responses import unpacked
from modou_quiz.types import QuestionType, Verdict

_DECIMALS = 7


def counted(answer: Given) -> tuple[Any, list[Any]]:
    """The response that counts, and those of the tries before it, the first one first.

    What a hint took back from an answer is no further try: until another answer comes, the one that
    was tried counts.
    """
    tries = [unpacked(one.response) for one in answer.tries]
    if tries and answer.tries[-1].seq == answer.seq:
        return tries[-1], tries[:-1]
    return unpacked(answer.response), tries


def first(answer: Given) -> Any:
    """The response of the first try; where nothing was tried, the answer itself."""
    return unpacked(answer.tries[0].response if answer.tries else answer.response)


def penalty_of(type_: QuestionType[Any], content: Any, part: int) -> float:
    """Share of its marks that each further try costs a part: a sub-question's own, if it has
    one."""
    _type, inner, _response = type_.piece(content, part, None)
    penalty: float = getattr(inner, "penalty", 0.0) or getattr(content, "penalty", 0.0)
    return penalty


def reduced(
    fractions: Sequence[float | None],
    before: Sequence[Sequence[float | None]],
    penalty: Callable[[int], float],
) -> list[float | None]:
    """Fractions of the parts, less what further tries cost.

    :param before: what the parts were worth at each earlier try
    :param penalty: of a part
    """
    found = []
    for part, fraction in enumerate(fractions):
        cost = 0
        for number, known in enumerate(before, start=1):
            if part < len(known) and known[part] not in {None, fraction}:
                cost = number
        if cost and fraction is not None and fraction > 0:
            fraction = max(0.0, round(fraction - penalty(part) * cost, _DECIMALS))
        found.append(fraction)
    return found


def fraction_of(type_: QuestionType[Any], content: Any, answer: Given) -> float | None:
    """What an answer is worth now, further tries taken off; None: a person has to say."""
    response, before = counted(answer)
    verdict: Verdict = type_.grade(content, response)
    if not before:
        return verdict.fraction
    left = reduced(
        [part.fraction for part in verdict.parts],
        [[part.fraction for part in type_.grade(content, one).parts] for one in before],
        lambda part: penalty_of(type_, content, part),
    )
    parts = zip(verdict.parts, left, strict=True)
    return Verdict(tuple(part._replace(fraction=share) for part, share in parts)).fraction
