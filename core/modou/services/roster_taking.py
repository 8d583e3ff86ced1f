"""Doing what the rows of a roster say: accounts, enrolments, cohorts."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from modou.errors import Message, ModouError
from modou.models.courses import Course
from modou.models.people import User
from modou.services import accounts, cohorts, enrolling
from modou.services.name_search import sort_key
from modou.services.occasion import Occasion
from modou.services.roster_rows import (
    BAD,
    CREATE,
    ENROL,
    SAME,
    Judge,
    Values,
    Verdict,
    account_context,
)

METHOD = "roster"


@dataclass(slots=True)
class Outcome:
    """What became of a row. `code`: one-time activation code of a new account, or ""."""

    kind: str
    reasons: list[Message] = field(default_factory=list)
    user: int = 0
    username: str = ""
    code: str = ""


def take(
    occasion: Occasion,
    course: Course | None,
    rows: Iterable[Values],
    known: dict[str, int] | None = None,
) -> list[Outcome]:
    """Do what the rows say, those that can be done; an outcome for each.

    Accounts are made one by one, enrolments asked for together by course and role.
    """
    judge = Judge(occasion, course, known)
    outcomes: list[Outcome] = []
    joining: dict[int, list[tuple[User, Outcome]]] = {}
    entering: dict[tuple[int, str, int, int, int], list[tuple[User, Outcome]]] = {}
    for values in rows:
        verdict = judge.judge(values)
        outcome = Outcome(verdict.kind, verdict.reasons)
        outcomes.append(outcome)
        if verdict.kind == CREATE:
            _create(occasion, verdict, outcome)
        user = verdict.user
        if user is None or outcome.kind == BAD:
            continue
        outcome.user, outcome.username = user.id, user.username
        if outcome.kind == SAME:
            continue
        for target in verdict.targets:
            cohort = target.cohort.id if target.cohort is not None else 0
            if cohort:
                joining.setdefault(cohort, []).append((user, outcome))
            if target.course is not None:
                key = (target.course.id, target.role, cohort, target.starts, target.ends)
                entering.setdefault(key, []).append((user, outcome))
    for (course_id, role, cohort, starts, ends), pairs in entering.items():
        into = occasion.site.courses.by_id(course_id)
        method = METHOD
        if cohort and course_id in occasion.site.cohorts.by_id(cohort).courses:
            method = cohorts.METHOD
        report = enrolling.enrol(
            occasion,
            into,
            [user for user, _outcome in pairs],
            role=role,
            method=method,
            cohort=cohort,
            starts=starts,
            ends=ends,
        )
        _note(pairs, report.refused)
    for cohort, pairs in joining.items():
        members = cohorts.add_members(
            occasion, occasion.site.cohorts.by_id(cohort), [user for user, _outcome in pairs]
        )
        refused = {user_id: reason for (user_id, _c), reason in members.not_enrolled.items()}
        _note(pairs, members.refused | refused)
    return outcomes


def _create(occasion: Occasion, verdict: Verdict, outcome: Outcome) -> None:
    values = dict(verdict.account)
    context = account_context(verdict)
    values["username"] = values["username"] or free_username(occasion, values["name"])
    try:
        user = accounts.create_account(occasion, **values, source=METHOD, context=context)
        if values["password"] is None:
            outcome.code = accounts.issue_activation(occasion, user, context=context)
    except ModouError as error:
        outcome.kind, outcome.reasons = BAD, [error.message]
        return
    verdict.user = user


def _note(pairs: Iterable[tuple[User, Outcome]], refused: Mapping[int, Message]) -> None:
    for user, outcome in pairs:
        reason = refused.get(user.id)
        if reason is None or reason in outcome.reasons:
            continue
        outcome.reasons = [*outcome.reasons, reason]
        if outcome.kind == ENROL:
            outcome.kind = BAD


def free_username(occasion: Occasion, name: str) -> str:
    """A username that nobody has: the name's pinyin and five digits. Never anything private."""
    spelled = sort_key(name).partition("\t")[0]
    pinyin = "".join(c for c in spelled if c.isascii() and c.isalnum())[:24]
    taken = occasion.site.user_index.usernames
    while True:
        username = f"{pinyin or 'user'}{secrets.randbelow(100_000):05}"
        if username not in taken:
            return username
