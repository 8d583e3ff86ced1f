"""Consents: what people agree to before they study, each by itself, in which version, and when.

The operator gives the texts and their versions (section "consents" of the settings); an empty text
stands for the one that comes with Modou. Who has not answered the present version is asked when
they register or next sign in. What was answered is kept with the account, every answer is an event
of the journal with the digest of the text that was shown.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from modou.errors import Invalid, Message, NotAllowed, NotFound, in_english
from modou.i18n import _
from modou.models.people import ConsentGiven, User
from modou.services.consent_texts import AGREEMENT, PRIVACY, REGULATOR
from modou.services.occasion import Occasion
from modou.services.settings import CONSENTS, read
from modou.services.settings_schemas import ConsentSettings


@dataclass(frozen=True, slots=True)
class Consent:
    """One thing to agree to.

    :param text: Markdown; a message where it is the one that comes with Modou
    :param required: there is no account without it; others can be refused and withdrawn
    """

    name: str
    title: Message
    text: Message
    version: str
    required: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the text, of its English where it comes with Modou."""
        return hashlib.sha256(in_english(self.text).encode()).hexdigest()


def asked(occasion: Occasion) -> list[Consent]:
    """What the site asks everybody for."""
    settings = read(occasion, CONSENTS, ConsentSettings)
    if not settings.ask:
        return []
    return [c for c in known(occasion) if c.name != "regulator" or settings.ask_regulator]


def known(occasion: Occasion) -> list[Consent]:
    """All that the site can ask for."""
    settings = read(occasion, CONSENTS, ConsentSettings)
    return [
        Consent(
            "agreement",
            _("User agreement"),
            settings.agreement or AGREEMENT,
            settings.agreement_version,
            required=True,
        ),
        Consent(
            "privacy",
            _("Privacy notice"),
            settings.privacy or PRIVACY,
            settings.privacy_version,
            required=True,
        ),
        Consent(
            "regulator",
            _("Handing training records to the supervising authority"),
            settings.regulator or REGULATOR,
            settings.regulator_version,
            required=False,
        ),
    ]


def find(occasion: Occasion, name: str) -> Consent:
    """:raises NotFound: there is no such consent"""
    for consent in known(occasion):
        if consent.name == name:
            return consent
    raise NotFound(_("There is no such consent."))


def unanswered(occasion: Occasion, user: User) -> list[Consent]:
    """What `user` has not answered in its present version."""
    return [
        consent
        for consent in asked(occasion)
        if (answer := user.consents.get(consent.name)) is None or answer.version != consent.version
    ]


def check(occasion: Occasion, given: Collection[str]) -> None:
    """See that all that is required was agreed to, before an account is made.

    :raises Invalid: for the field "consent"
    """
    _require(asked(occasion), given)


def answer(occasion: Occasion, user: User, given: Collection[str]) -> None:
    """Note what `user` says to everything that is unanswered.

    :param given: names of what they agree to; the others are refused
    :raises Invalid: something required is not among them
    :raises NotAllowed: it is somebody else's answer
    """
    _require_own(occasion, user)
    open_ = unanswered(occasion, user)
    _require(open_, given)
    for consent in open_:
        _note(occasion, user, consent, given=consent.name in given)


def give(occasion: Occasion, user: User, name: str) -> None:
    """Agree to what was refused or withdrawn before."""
    _require_own(occasion, user)
    consent = find(occasion, name)
    last = user.consents.get(name)
    if last is None or not last.given or last.version != consent.version:
        _note(occasion, user, consent, given=True)


def withdraw(occasion: Occasion, user: User, name: str) -> None:
    """Take a consent back.

    :raises NotAllowed: there is no account without it
    """
    _require_own(occasion, user)
    consent = find(occasion, name)
    if consent.required:
        raise NotAllowed(
            _("Without this there is no account. Ask the training provider to close yours.")
        )
    last = user.consents.get(name)
    if last is not None and last.given:
        _note(occasion, user, consent, given=False)


def _require_own(occasion: Occasion, user: User) -> None:
    if not occasion.system and occasion.actor is not None and occasion.actor.id != user.id:
        raise NotAllowed(_("Everybody answers for themselves."))


def _require(consents: Collection[Consent], given: Collection[str]) -> None:
    missing = [c for c in consents if c.required and c.name not in given]
    if missing:
        message = _("Please read and accept: ${what}.", mapping={"what": missing[0].title})
        raise Invalid(message, "consent")


def _note(occasion: Occasion, user: User, consent: Consent, *, given: bool) -> None:
    before = user.consents.get(consent.name)
    answered = ConsentGiven(consent.version, occasion.now, given)
    user.consents = {**user.consents, consent.name: answered}
    values = {"consent": consent.name, "version": consent.version, "text": consent.digest}
    if given:
        kind = "consented"
    else:
        kind = "consent_withdrawn" if before is not None and before.given else "consent_refused"
    occasion.record(kind, subject=user.id, values=values)
