"""Letters: what verbs want to have mailed. Who delivers them is the floor above's business.

A verb calls `occasion.mail(Letter(...))`; after the commit the letter goes to the occasion's
`Post`, which translates and sends it. Sending never delays or fails the verb.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from modou.errors import Message

log = logging.getLogger(__name__)


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


Post = Callable[[Letter], None]


def no_post(letter: Letter) -> None:
    """The post of occasions that have none: says in the log that a letter stays here."""
    log.warning("a letter is not sent, since mail is not set up here: %s", str(letter.subject))
