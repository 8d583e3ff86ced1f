"""Helpers for reading pages in functional tests."""

from typing import Any

from webtest import TestResponse
from webtest.forms import Form


def main_form(answer: TestResponse, number: int = -1) -> Form:
    """A form of the page's main part (the frame has forms of its own); the last by default."""
    elements = answer.html.find_all("form")
    inside = [i for i, element in enumerate(elements) if element.find_parent("main")]
    form: Any = answer.forms[inside[number]]
    return form
