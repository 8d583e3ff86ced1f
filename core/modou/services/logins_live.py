"""Whether somebody is still signed in, for what goes on for hours without opening a page: studying,
sitting an exam. What they send then is a sign of life as good as a click."""

from modou.models.people import Session
from modou.services.occasion import Occasion


def goes_on(occasion: Occasion, login: bytes, then: int, *, note: bool = True) -> bool:
    """Whether the signed-in browser was still one at the moment `then` (seconds UTC).

    :param login: key of its session
    :param note: whether that somebody was there is noted (a write, but rarely)
    """
    session: Session | None = occasion.site.sessions.get(login)
    idle, longest = occasion.assembled.login_times
    if session is None or then - session.seen > idle or then - session.created > longest:
        return False
    if note and idle // 6 < then - session.seen:
        session.seen = then
    return True
