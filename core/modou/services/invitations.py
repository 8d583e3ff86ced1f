"""Invitations: links by which people may register, with what their account gets at once."""

from collections.abc import Iterable
from itertools import islice

from modou.errors import Conflict, Invalid, Message, NotFound
from modou.i18n import _
from modou.models.people import Invitation, User
from modou.permissions import Capability
from modou.services import cohorts, enrolling
from modou.services.accounts import group_code, new_code, normalise_code
from modou.services.occasion import Occasion

MAXIMUM_PLACES = 5_000
MAXIMUM_NOTE = 100
_CODE_LENGTH = 12


def create_invitation(
    occasion: Occasion,
    *,
    places: int = 1,
    expires: int = 0,
    note: str = "",
    cohort: int = 0,
    courses: Iterable[int] = (),
) -> Invitation:
    """Invite people to register.

    :param places: how many may, 0 for any number
    :param expires: seconds UTC, 0 for never
    :param note: for those who look at the list
    :param cohort: id of a cohort that they join; needs `cohort:members` there
    :param courses: ids of courses that they are enrolled in; needs `enrol:manage` there
    :raises Invalid: with every problem, by field
    """
    occasion.require(Capability.USER_INVITE)
    errors: dict[str, list[Message]] = {}
    text = " ".join(note.split())
    if not 0 <= places <= MAXIMUM_PLACES:
        errors["places"] = [
            _("Between 1 and ${limit}, or 0 for any number.", mapping={"limit": MAXIMUM_PLACES})
        ]
    if expires and expires <= occasion.now:
        errors["expires"] = [_("This moment has passed.")]
    if len(text) > MAXIMUM_NOTE:
        errors["note"] = [
            _("The note is longer than ${limit} characters.", mapping={"limit": MAXIMUM_NOTE})
        ]
    chosen = tuple(dict.fromkeys(courses))
    if cohort:
        found = occasion.site.cohorts.get(cohort)
        if found is None:
            errors["cohort"] = [_("There is no such cohort.")]
        else:
            occasion.require(Capability.COHORT_MEMBERS, found)
    for id in chosen:
        course = occasion.site.courses.get(id)
        if course is None:
            errors["courses"] = [_("There is no such course.")]
        else:
            occasion.require(Capability.ENROL_MANAGE, course)
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    invitation = Invitation(places)
    invitation.note = text
    invitation.expires = expires
    invitation.cohort = cohort
    invitation.courses = chosen
    invitation.created = occasion.now
    invitation.author = occasion.actor.id if occasion.actor is not None else 0
    occasion.site.invitations.add(invitation)
    code = new_code(_CODE_LENGTH)
    invitation.code_fingerprint = _fingerprint(occasion, code)
    invitation.code_cipher = occasion.keys.encrypt(code, _context(invitation))
    occasion.site.user_index.invitations[invitation.code_fingerprint] = invitation.id
    occasion.record(
        "invitation_created",
        values={"invitation": invitation.id, "places": places, "expires": expires},
    )
    return invitation


def code_of(occasion: Occasion, invitation: Invitation) -> str:
    """The code to hand on, in groups of four."""
    occasion.require(Capability.USER_INVITE)
    return group_code(occasion.keys.decrypt(invitation.code_cipher, _context(invitation)))


def find_invitation(occasion: Occasion, code: str) -> Invitation:
    """The invitation that can be used now with `code`, however it was typed.

    :raises NotFound: there is none, it is used up, over or revoked
    """
    id = occasion.site.user_index.invitations.get(_fingerprint(occasion, code[:100]))
    invitation = occasion.site.invitations.get(id) if id is not None else None
    if invitation is None or not invitation.open_at(occasion.now):
        raise NotFound(_("This invitation is used up, over or does not exist."), "invitation")
    return invitation


def newest_invitations(occasion: Occasion) -> list[Invitation]:
    """All invitations, the newest first."""
    occasion.require(Capability.USER_INVITE)
    return sorted(occasion.site.invitations, key=lambda i: (-i.created, i.id))


def revoke_invitation(occasion: Occasion, invitation: Invitation) -> None:
    """Let nobody register by it any more."""
    occasion.require(Capability.USER_INVITE)
    if invitation.revoked:
        return
    invitation.revoked = occasion.now
    occasion.record("invitation_revoked", values={"invitation": invitation.id})


def accept(occasion: Occasion, invitation: Invitation, user: User) -> None:
    """Let the new account `user` have a place and what the invitation brings. Courses and cohorts
    that are gone by now, or that a plugin objects to, are left out.

    :raises Conflict: somebody else took the last place
    """
    try:
        invitation.take_place(user.id)
    except ValueError:
        raise Conflict(_("This invitation is used up, over or does not exist.")) from None
    if invitation.cohort:
        cohort = occasion.site.cohorts.get(invitation.cohort)
        if cohort is not None and cohort.status != "archived":
            cohorts.admit_members(occasion, cohort, [user])
    for id in invitation.courses:
        course = occasion.site.courses.get(id)
        if course is not None:
            enrolling.admit(occasion, course, [user], method="invitation")


def _fingerprint(occasion: Occasion, code: str) -> bytes:
    return occasion.keys.fingerprint(normalise_code(code), "invitation")


def _context(invitation: Invitation) -> bytes:
    return f"invitation:{invitation.id}".encode()


def reencrypt(occasion: Occasion, after: int = -1, limit: int = 500) -> int:
    """Encrypt the codes of up to `limit` invitations behind the id `after` with the current key.

    :return: the last id that was looked at, to go on from; -1 at the end
    """
    keys = occasion.keys
    last = -1
    for id, invitation in islice(occasion.site.invitations.items(after + 1), limit):
        last = id
        if keys.needs_rotation(invitation.code_cipher):
            code = keys.decrypt(invitation.code_cipher, _context(invitation))
            invitation.code_cipher = keys.encrypt(code, _context(invitation))
    return last
