"""What a course allows and asks for while people study: the site's defaults and each course's own.

The defaults are the settings section "study"; a course stores only what is different in it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from modou.errors import Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import settings
from modou.services.occasion import Occasion
from modou.services.studying.crediting import Rules
from modou.services.studying.schema import StudyPolicy


def site_policy(occasion: Occasion) -> StudyPolicy:
    """The site's defaults."""
    return settings.read(occasion, settings.STUDY, StudyPolicy)


def policy_of(occasion: Occasion, course: Course) -> StudyPolicy:
    """What holds in a course."""
    return _made(occasion, course)[0]


def rules_of(occasion: Occasion, course: Course) -> Rules:
    """The policy of a course as the engine has it."""
    return _made(occasion, course)[1]


def _made(occasion: Occasion, course: Course) -> tuple[StudyPolicy, Rules]:
    own = course.study_policy
    known = occasion.assembled.study_policies
    key = (occasion.site.settings_revision, tuple(own.items()) if own else ())
    found: tuple[StudyPolicy, Rules] | None = known.get(key)
    if found is None:
        policy = site_policy(occasion)
        if own:
            try:
                policy = StudyPolicy.model_validate({**policy.model_dump(), **own})
            except ValidationError:
                # The site's part changed since, and both do not go together: the site's holds.
                policy = site_policy(occasion)
        found = policy, as_rules(policy)
        known.put(key, found)
    return found


def as_rules(policy: StudyPolicy) -> Rules:
    """A policy in the engine's units."""
    return Rules(
        seek=policy.first_view_seek,
        rate=policy.first_view_rate,
        cap=policy.daily_cap,
        opens=_milliseconds(policy.window_from),
        closes=_milliseconds(policy.window_to),
        rest_after=policy.rest_after,
        rest_for=policy.rest_for,
    )


def _milliseconds(time: str) -> int:
    hours, minutes = time.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000


def change_policy(occasion: Occasion, course: Course, changes: Mapping[str, Any]) -> list[str]:
    """Change what is different in a course; None as a value: as on the site again.

    :returns: the names of what changed
    :raises NotAllowed: the actor may not set study policies here
    :raises Invalid: unknown name or a value against the schema, for all fields at once
    """
    occasion.require(Capability.STUDY_POLICY, course)
    unknown = sorted(set(changes) - set(StudyPolicy.model_fields))
    if unknown:
        raise Invalid(
            _("There is no such rule of study: ${name}.", mapping={"name": ", ".join(unknown)}),
            unknown[0],
        )
    defaults = site_policy(occasion).model_dump()
    own = {n: v for n, v in {**course.study_policy, **changes}.items() if v is not None}
    try:
        wanted = StudyPolicy.model_validate({**defaults, **own}).model_dump()
    except ValidationError as error:
        raise Invalid(
            _("Some rules of study are not right."),
            errors={str(e["loc"][0]): [settings.explain(e)] for e in error.errors() if e["loc"]},
        ) from None
    after = {name: wanted[name] for name in own}
    names = sorted(
        n for n in {*after, *course.study_policy} if after.get(n) != course.study_policy.get(n)
    )
    if not names:
        return []
    before, course.study_policy = course.study_policy, after
    course.touch(occasion.now)
    occasion.record(
        "study_policy_changed",
        course=course.id,
        values={
            "before": {name: before.get(name) for name in names},
            "after": {name: after.get(name) for name in names},
        },
    )
    return names
