"""What about a question is suspicious: rules of thumb, in words that say what to look at."""

from collections.abc import Mapping, Sequence

from modou.errors import Message
from modou_quiz.i18n import _
from modou_quiz.services.statistics.measures import Item

#: Fewer answers tell nothing.
LEAST = 10
#: So few marks set apart nobody.
LOW_DISCRIMINATION = 0.15

#: Name of a flag -> (level of the badge, what it says, what to do about it).
FLAGS: Mapping[str, tuple[str, Message, Message]] = {
    "key": (
        "attention",
        _("A wrong option is taken by the best"),
        _("Among the best learners more took a wrong option than a right one. Check the key."),
    ),
    "negative": (
        "attention",
        _("The best do worse"),
        _("Who did well in the rest did worse here. Check the key and the wording."),
    ),
    "flat": (
        "info",
        _("Does not tell learners apart"),
        _("Good and weak learners do equally well."),
    ),
    "easy": ("neutral", _("Very easy"), _("Nearly everybody has the marks.")),
    "hard": ("info", _("Very hard"), _("Hardly anybody has the marks.")),
    "idle": (
        "neutral",
        _("An option that nobody takes"),
        _("A wrong option that misleads nobody could go, or be replaced."),
    ),
    "skipped": (
        "info",
        _("Often left out"),
        _("More than a quarter of the learners gave no answer."),
    ),
}

#: part -> (choice, its text, fraction that it is worth)
Choices = Mapping[str, Sequence[tuple[str, str, float]]]


def flags_of(item: Item, choices: Choices) -> list[str]:
    """Names of what is suspicious, the worst first."""
    if item.n < LEAST:
        return []
    found = set()
    for part, listed in choices.items():
        found |= _of_part(item, part, listed)
    discrimination, facility = item.discrimination, item.facility or 0.0
    if discrimination is not None and discrimination < 0:
        found.add("negative")
    elif discrimination is not None and discrimination < LOW_DISCRIMINATION and facility < 0.9:
        found.add("flat")
    if facility > 0.95:
        found.add("easy")
    elif facility < 0.2:
        found.add("hard")
    if item.omitted > item.n / 4:
        found.add("skipped")
    return [name for name in FLAGS if name in found]


def _of_part(item: Item, part: str, listed: Sequence[tuple[str, str, float]]) -> set[str]:
    right: list[int] = []
    wrong: list[int] = []
    idle = False
    for choice, _text, fraction in listed:
        taken = item.choices.get((part, choice), (0, 0, 0))
        (right if fraction > 0 else wrong).append(taken[1])
        idle = idle or (fraction <= 0 and not taken[0])
    found = set()
    if right and wrong and max(wrong) > max(right):
        found.add("key")
    if idle:
        found.add("idle")
    return found
