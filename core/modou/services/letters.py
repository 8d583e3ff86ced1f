"""Letters: what verbs want to have mailed, and the post that sends them."""

from collections.abc import Callable
from dataclasses import dataclass

from modou.errors import Message, Unavailable
from modou.i18n import _


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in plain text.

    :param to: one e-mail address
    :param locale: the reader's language, "" for the site's
    """

    to: str
    subject: Message
    body: Message
    locale: str = ""


#: Translates a letter and sends it; raises `Unavailable` when that may work later.
Post = Callable[[Letter], None]


def no_post(letter: Letter) -> None:
    """The post of processes that have none.

    :raises Unavailable: always
    """
    raise Unavailable(_("This process sends no mail."))
