"""The plugin's part of the API."""

from modou.declarations import ApiRoute
from modou_quiz.views import interchange_api

ROUTES: tuple[ApiRoute, ...] = (*interchange_api.ROUTES,)
