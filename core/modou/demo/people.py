"""The people of the demonstration: accounts, made-up numbers, roles."""

import random
import secrets
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from modou.clock import SHANGHAI, from_seconds
from modou.demo import reading
from modou.demo.stage import Stage
from modou.models.courses import Category
from modou.models.identity_numbers import identity_check_character
from modou.models.people import User
from modou.services import accounts, roles

#: Of everybody who has one. It opens nothing but a demonstration.
PASSWORD = "Inkline2026"  # noqa: S105
#: What `User.source` says of all these accounts.
SOURCE = "demo"

# The code of Tianjin as a whole. Cards carry the code of a district: nobody has such a number.
_AREA = "120000"
# No operator was given numbers that begin with 154.
_PHONE = "1540000{:04d}"


class Numbers:
    """Made-up ID and phone numbers, valid in form, that belong to nobody."""

    def __init__(self, chance: random.Random, today: date) -> None:
        self._chance = chance
        self._today = today
        self._phones = iter(range(1, 10_000))

    def phone(self) -> str:
        return _PHONE.format(next(self._phones))

    def id_number(self) -> str:
        """An ID number after GB 11643 of somebody from 20 to 55 years old."""
        born = self._today - timedelta(days=self._chance.randint(20 * 366, 55 * 365))
        first = f"{_AREA}{born:%Y%m%d}{self._chance.randint(100, 999)}"
        return first + identity_check_character(first)


def today(moment: int) -> date:
    """The day of `moment` (seconds UTC) in Shanghai."""
    return from_seconds(moment).astimezone(SHANGHAI).date()


def make_staff(stage: Stage, numbers: Numbers, moment: int) -> dict[str, User]:
    """Everybody who has a password but learns nothing; username -> account."""
    occasion = stage.at(moment)
    made = {}
    for plan in reading.people().staff:
        made[plan.username] = accounts.create_account(
            occasion,
            username=plan.username,
            name=plan.name,
            password=PASSWORD,
            email=f"{plan.username}@example.com",
            phone=numbers.phone(),
            source=SOURCE,
        )
    return made


def grant_roles(
    stage: Stage,
    staff: Mapping[str, User],
    categories: Mapping[str, Category],
    moment: int,
) -> None:
    """The roles that people have on the site or in a category."""
    occasion = stage.at(moment)
    for plan in reading.people().staff:
        if plan.role:
            where = stage.site if plan.at == "site" else categories[plan.at]
            roles.grant_role(occasion, staff[plan.username], plan.role, where)


def make_learners(
    stage: Stage, numbers: Numbers, cohort: str, number: str, actor: User, moment: int
) -> Iterator[User]:
    """The learners of a cohort, as its roster would bring them.

    All but one have a password that nobody knows, as if they had chosen it themselves.

    :param cohort: key of the cohort; `number`: its number, of which usernames are made
    """
    # One for all: each takes a moment to hash, and none is ever used.
    unknown = accounts.hashing().hash(secrets.token_urlsafe(32))
    occasion = stage.at(moment, actor)
    people = reading.people()
    names = list(people.learners[cohort])
    if cohort == reading.site().cohorts[-1].key:
        names.insert(0, people.learner.name)
    for place, name in enumerate(names, 1):
        own = name == people.learner.name
        user = accounts.create_account(
            occasion,
            username=people.learner.username if own else f"{number.lower()}-{place:02d}",
            name=name,
            password=PASSWORD if own else None,
            phone=numbers.phone(),
            id_type="id_card",
            id_number=numbers.id_number(),
            source=SOURCE,
        )
        if not own:
            user.password = unknown
        yield user
