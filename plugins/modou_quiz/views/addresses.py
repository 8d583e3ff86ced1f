"""Addresses of stored files for the texts of questions."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request

from modou.web.files import file_url


def signs(request: Request) -> Callable[[Any], str]:
    """What makes the signed address of a stored file."""
    return lambda stored: file_url(request, stored)
