"""Signing in: by username, phone or e-mail address, with a password or a one-time code.

After `MAXIMUM_FAILURES` wrong passwords an account rests for `PAUSE` seconds (GB/T 22239 asks for a
limit). A name that is no account is treated in the same way, so that neither answers nor their
duration tell who is registered here. Failures are counted in an object of their own for each
name; the tries of one address (IP) in memory (`throttle`).
"""

import hmac
from dataclasses import dataclass
from itertools import islice

from modou.errors import Message
from modou.i18n import _
from modou.models.people import LoginFailures, User
from modou.services import recovery
from modou.services.accounts import code_fingerprint, hashing
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_login, fold_login

MAXIMUM_FAILURES = 5
#: Seconds; also how long failures are remembered.
PAUSE = 15 * 60
MAXIMUM_LOGIN = 254


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of it: `user` is in; or must choose a password first, with `reset_token`; or
    `problem` says why not, and `retry_after` (seconds) when to try again."""

    user: User | None = None
    reset_token: str = ""
    problem: Message | None = None
    retry_after: int = 0


WRONG = _("Username or password is wrong.")


def sign_in(occasion: Occasion, login: str, password: str) -> SignIn:
    """Check who somebody is, and let them in. The caller starts the session.

    A refusal is returned, not raised: the counted failure must be committed.

    :raises NotAllowed, StepNeeded, Conflict, Unavailable: a plugin objects (`before_login`)
    """
    address = occasion.origin.ip
    wait = occasion.limits.failed_sign_ins.wait(address, occasion.now)
    if wait:
        return _pause(wait)
    user = find_by_login(occasion, login) if len(login) <= MAXIMUM_LOGIN else None
    key = _failure_key(occasion, login, user)
    failures: LoginFailures | None = occasion.site.login_failures.get(key)
    if failures is not None and failures.paused_until > occasion.now:
        return _pause(failures.paused_until - occasion.now)
    right = hashing().verify((user.password or None) if user else None, password)
    opened = user is not None and _opens(occasion, user, password)
    if user is None or not (right or opened):
        occasion.limits.failed_sign_ins.hit(address, occasion.now)
        return _failed(occasion, key, failures, user)
    if user.status != "active":
        return SignIn(problem=_("This account is suspended. Ask the training provider."))
    if opened:
        occasion.site.login_failures.pop(key, None)
        occasion.record("activation_used", subject=user.id)
        return SignIn(reset_token=recovery.make_token(occasion, user, "reset", about="code"))
    let_in(occasion, user)
    occasion.site.login_failures.pop(key, None)
    if hashing().needs_rehash(user.password):
        user.password = hashing().hash(password)
    return SignIn(user=user)


def let_in(occasion: Occasion, user: User) -> None:
    """Make `user`, whose right to be here was checked, the actor.

    :raises NotAllowed, StepNeeded, Conflict, Unavailable: a plugin objects (`before_login`)
    """
    occasion.hooks.ask("before_login", occasion=occasion, user=user)
    occasion.actor = user
    occasion.forget_capabilities()
    user.last_login = occasion.now
    occasion.record("signed_in", subject=user.id)


def forget_failures(occasion: Occasion, user: User) -> None:
    """End a pause: somebody who may has given the account a new password."""
    occasion.site.login_failures.pop(_failure_key(occasion, "", user), None)


def sweep_failures(occasion: Occasion, after: bytes = b"", limit: int = 5_000) -> tuple[int, bytes]:
    """Drop failures that no longer count, looking at `limit` of them behind `after`.

    :return: how many were dropped, and the key to go on after; b"" at the end
    """
    tree = occasion.site.login_failures
    page = list(islice(tree.items(after or None, excludemin=bool(after)), limit))
    old = [
        key
        for key, failures in page
        if max(failures.paused_until, failures.last + PAUSE) <= occasion.now
    ]
    for key in old:
        del tree[key]
    return len(old), page[-1][0] if len(page) == limit else b""


def _opens(occasion: Occasion, user: User, code: str) -> bool:
    if user.activation is None or user.activation[1] <= occasion.now:
        return False
    return hmac.compare_digest(user.activation[0], code_fingerprint(occasion, user, code))


def _failure_key(occasion: Occasion, login: str, user: User | None) -> bytes:
    text = f"user:{user.id}" if user is not None else f"name:{fold_login(login)[:MAXIMUM_LOGIN]}"
    return occasion.keys.fingerprint(text, "login failures")[:16]


def _failed(
    occasion: Occasion, key: bytes, failures: LoginFailures | None, user: User | None
) -> SignIn:
    if failures is None:
        failures = occasion.site.login_failures[key] = LoginFailures()
    if occasion.now - failures.last > PAUSE:
        failures.count = 0
    failures.count += 1
    failures.last = occasion.now
    if user is not None:
        occasion.record("sign_in_failed", subject=user.id, values={"count": failures.count})
    if failures.count < MAXIMUM_FAILURES:
        return SignIn(problem=WRONG)
    failures.count = 0
    failures.paused_until = occasion.now + PAUSE
    return _pause(PAUSE)


def _pause(seconds: int) -> SignIn:
    message = _(
        "Too many wrong passwords. Try again in ${minutes} minutes.",
        mapping={"minutes": -(-seconds // 60)},
    )
    return SignIn(problem=message, retry_after=seconds)
