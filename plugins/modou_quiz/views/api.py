"""The plugin's part of the API."""

from modou.declarations import ApiRoute

ROUTES: tuple[ApiRoute, ...] = ()
