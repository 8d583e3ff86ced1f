"""What pages say of work behind them that did not end as it should have."""

from modou.errors import Conflict, Message
from modou.models.jobs import CANCELLED, FAILED
from modou.services import jobs
from modou.services.occasion import Occasion
from modou.services.packed_messages import unpacked
from modou_quiz.i18n import _

_GONE = _("The work was given up, or ended too long ago to say why. Start it again.")
_CANCELLED = _("The work was stopped by request.")
_BROKEN = _("Something went wrong on our side.")


def trouble(occasion: Occasion, job: int) -> Message:
    """Why a job will not end well by itself any more; "": it still may.

    :param job: its id; for work that is not marked as ended yet
    """
    record = occasion.site.jobs.records.get(job) if job else None
    if record is None:
        return _GONE
    if record.state == FAILED:
        return unpacked(record.error) or _BROKEN
    return _CANCELLED if record.state == CANCELLED else ""


def again(occasion: Occasion, job: int) -> None:
    """Have it run again after it failed or was stopped.

    :raises Conflict: it runs, or is not known any more
    :raises NotAllowed: it is not the actor's
    """
    record = occasion.site.jobs.records.get(job) if job else None
    if record is None:
        raise Conflict(_GONE)
    jobs.retry(occasion, record)
