"""What a form has sent, as text."""

from collections.abc import Mapping
from typing import Any

from modou.errors import ModouError
from modou_quiz.i18n import _


class NotText(ModouError):
    """A file was sent where a text belongs."""

    status = 400
    code = "not-text"
    title = _("The form cannot be read")

    def __init__(self, name: str) -> None:
        super().__init__(_("“${name}” has to be a text, not a file.", mapping={"name": name}), name)


def text(post: Mapping[str, Any], name: str, default: str = "") -> str:
    """A posted value.

    :raises NotText: it is a file
    """
    return _checked(name, post.get(name, default))


def texts(post: Any, name: str) -> list[str]:
    """All posted values of a name.

    :raises NotText: one of them is a file
    """
    return [_checked(name, value) for value in post.getall(name)]


def _checked(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise NotText(name)
    return value
