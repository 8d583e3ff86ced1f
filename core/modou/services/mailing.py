"""Mailing letters, by a job: a letter waits, encrypted, until a worker hands it to the post.

So it outlives the process that wrote it, the mail server may be away for a while, and nobody waits
for it. What was sent is forgotten at once; a letter that could not be sent for hours stands on the
jobs page, without its address.
"""

from modou.services import jobs
from modou.services.jobs import JobContext
from modou.services.letters import Letter
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked

#: Name of the job.
JOB = "mail"


def send(occasion: Occasion, letter: Letter) -> None:
    """Have a letter mailed once the change is durable."""
    jobs.enqueue(
        occasion,
        JOB,
        to=letter.to,
        subject=packed(letter.subject),
        body=packed(letter.body),
        locale=letter.locale,
    )


def send_nothing(occasion: Occasion) -> None:
    """What `send` does, without a letter: for answers whose duration must not tell whether there
    was somebody to write to."""
    jobs.enqueue(occasion, JOB, to="", subject="", body="", locale="")


def deliver(context: JobContext) -> None:
    """The job: hand a letter to the post.

    :raises Unavailable: the mail server does not take it now
    """
    values = context.values
    if values["to"]:
        subject, body = unpacked(values["subject"]), unpacked(values["body"])
        context.access.post(Letter(values["to"], subject, body, values["locale"]))
