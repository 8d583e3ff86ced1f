"""The demonstration: a small training school, with courses, cohorts, learners and their progress.

`modou serve` fills an empty site with it in development, `modou demo` does so on demand. The words
are in `content/`, the pictures are drawn (`drawing`), the handouts set (`handouts`); what people
did is played through the services as if it had happened (`history`). It is the same every time,
but for the dates, which lead up to the day of filling.

It never touches a site that has people or courses, and its accounts exist nowhere else.
"""

import logging
import random
from collections.abc import Callable, Iterator

from modou.demo import courses as making
from modou.demo import people, reading
from modou.demo.history import History
from modou.demo.people import PASSWORD, SOURCE, Numbers
from modou.demo.stage import Stage
from modou.services import accounts, consents, pictures, settings
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_username

__all__ = ["fill", "logins"]

log = logging.getLogger(__name__)

_SEED = "墨斗"


def fill(access: SiteAccess, progress: Callable[[str], None]) -> bool:
    """Fill an empty site; False (and nothing happens) when it has people or courses.

    One transaction: the demonstration is there as a whole or not at all. The plugins add their
    parts (hook `demo_parts`) in transactions of their own.

    :param progress: is told what is being done
    """
    plans = reading.courses()
    # Not for secrets: chance that can be repeated.
    chance = random.Random(_SEED)  # noqa: S311
    with access.occasion() as base:
        site = base.site
        if len(site.users) or len(site.courses):
            return False
        stage = Stage(access, base)
        first = stage.now - (max(plan.made_weeks_ago for plan in plans) + 1) * making.WEEK
        _set_up(stage.at(first))
        progress("accounts of the staff")
        numbers = Numbers(chance, people.today(stage.now))
        staff = people.make_staff(stage, numbers, first)
        categories = making.make_categories(stage, first)
        people.grant_roles(stage, staff, categories, first)
        acts = History(stage, chance, numbers, staff, categories, progress).play()
        # Whoever looks around should not have to agree to anything first.
        for user in site.users:
            answered = {consent.name for consent in consents.asked(base)}
            consents.answer(base, user, answered)
        progress(f"saving {acts} acts")
    pictures.forget_fonts()
    _let_plugins_fill(access, progress)
    return True


def _set_up(occasion: Occasion) -> None:
    """The site's name and what its home page and foot say, as far as the theme has room for it."""
    plan = reading.site()
    named = {"name": plan.name, "organisation": plan.organisation}
    settings.change(occasion, "site", named)
    options = settings.schemas(occasion.assembled).get("theme")
    if options is not None:
        known = {k: v for k, v in plan.theme.items() if k in options.model_fields}
        settings.change(occasion, "theme", known)


def _let_plugins_fill(access: SiteAccess, progress: Callable[[str], None]) -> None:
    for plugin, part in access.assembled.demo_parts:
        progress(f"plugin {plugin}")
        try:
            with access.occasion() as occasion:
                part.fill(occasion, {course.code: course for course in occasion.site.courses})
        except Exception:  # one plugin's failure must not cost the demonstration
            log.exception("plugin %s failed in its part of the demonstration", plugin)


def logins(access: SiteAccess) -> Iterator[tuple[str, str, str]]:
    """Who can sign in with the demonstration's password here: (who, username, password).

    Nobody where the site is not the demonstration; nobody who has chosen another password.
    """
    plan = reading.people()
    shown = [(p.who, p.username) for p in plan.staff if p.shown]
    shown.append((plan.learner.who, plan.learner.username))
    with access.occasion() as occasion:
        for who, username in shown:
            user = find_by_username(occasion, username)
            if user is None or user.source != SOURCE:
                continue
            if accounts.hashing().verify(user.password, PASSWORD):
                yield who, username, PASSWORD
