"""The core's own endpoints, all of them."""

from modou.declarations import ApiRoute
from modou.web.api import me, study

ROUTES: tuple[ApiRoute, ...] = (*me.ROUTES, *study.ROUTES)
