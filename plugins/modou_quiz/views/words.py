"""What the pages of quizzes say in words that depend on numbers."""

from collections.abc import Callable
from typing import Any

from modou.models.courses import Activity
from modou.web.page import Page
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.models.papers import Draw
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services.sitting.rules import Limits

KINDS = {
    "practice": _("Practice"),
    "chapter": _("Chapter test"),
    "midterm": _("Mid-term exam"),
    "final": _("Final exam"),
}
GRADE_BY = {
    "best": _("The best attempt counts."),
    "last": _("The last attempt counts."),
    "average": _("The average of all attempts counts."),
    "first": _("The first attempt counts."),
}
STATES = {
    "open": _("In progress"),
    "handed_in": _("Waiting for marking"),
    "graded": _("Marked"),
    "void": _("Void"),
}
HANDED_IN_BY = {
    "learner": _("by yourself"),
    "time": _("by the clock"),
    "left": _("since the page was left too often"),
    "person": _("by a teacher"),
    "closed": _("when the quiz closed"),
    "idle": _("since nothing was answered for long"),
}
SHOWN = {
    "response": _("your answers"),
    "correct": _("what was right"),
    "marks": _("your marks"),
    "feedback": _("explanations"),
    "right": _("the right answers"),
}

T = Callable[..., str]


def number(value: float) -> str:
    """Marks as people write them: 2, 2.5."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def duration(t: T, seconds: int) -> str:
    """A length of time: "90 minutes", "2 hours"."""
    if seconds % 3600 == 0 and seconds >= 7200:
        return t("${number} hours", {"number": seconds // 3600})
    return t("${number} minutes", {"number": -(-seconds // 60)})


def questions_in(quiz: Quiz) -> int:
    """How many questions an attempt has."""
    return sum(
        item.number if isinstance(item, Draw) else 1
        for section in quiz.paper.sections
        for item in section.items
    )


def facts(page: Page, activity: Activity, quiz: Quiz, limits: Limits) -> list[tuple[str, str]]:
    """The numbers of a quiz, for who is about to sit it."""
    t = page.in_domain(DOMAIN)
    found = [(t("Questions"), str(questions_in(quiz)))]
    time = duration(t, limits.time_limit) if limits.time_limit else t("No limit")
    found.append((t("Time"), time))
    attempts = str(limits.attempts) if limits.attempts else t("As many as you like")
    found.append((t("Attempts allowed"), attempts))
    if activity.max_points is not None:
        points = number(activity.max_points)
        if activity.pass_mark is not None:
            mapping = {"pass": number(activity.pass_mark), "most": points}
            found.append((t("To pass"), t("${pass} of ${most} points", mapping)))
        else:
            found.append((t("Points"), points))
    if limits.opens:
        found.append((t("Opens"), page.when(limits.opens)))
    if limits.closes:
        found.append((t("Closes"), page.when(limits.closes)))
    return found


def rules(page: Page, quiz: Quiz, limits: Limits) -> list[str]:
    """The rules of a quiz as sentences, most important first."""
    t = page.in_domain(DOMAIN)
    found = []
    if limits.time_limit or limits.closes:
        found.append(
            t("When the time is up by the server's clock, your answers are handed in for you.")
        )
    found.append(t("Each answer is saved as you give it, and kept when the line breaks."))
    if quiz.stay:
        found.append(
            t("You can hand in after ${time} at the earliest.", {"time": duration(t, quiz.stay)})
        )
    if quiz.sequential:
        found.append(t("There is no way back: a page that you leave cannot be opened again."))
    if quiz.most_leaves:
        found.append(
            t(
                "Leave the page at most ${number} times: then your attempt is handed in.",
                {"number": quiz.most_leaves},
            )
        )
    elif quiz.kind in ("midterm", "final"):
        found.append(t("How often you leave the page is counted."))
    if limits.attempts != 1:
        found.append(t(GRADE_BY[quiz.grade_by]))
        if quiz.delay:
            found.append(t("Between two attempts lie ${time}.", {"time": duration(t, quiz.delay)}))
    found.append(_afterwards(t, quiz))
    return found


def _afterwards(t: T, quiz: Quiz) -> str:
    after = [what for moment, what in quiz.review if moment == "after"]
    closed = [what for moment, what in quiz.review if moment == "closed"]
    if after:
        return t("After the hand-in you see: ${what}.", {"what": listed(t, after)})
    if closed:
        return t("Once the quiz has closed you see: ${what}.", {"what": listed(t, closed)})
    return t("The result is told by your teacher.")


def listed(t: T, what: Any) -> str:
    """Some of `SHOWN`, in their order."""
    return t(", ").join(t(text) for name, text in SHOWN.items() if name in what)


def page_texts(t: T) -> dict[str, str]:
    """What the script of a sitting says."""
    return {
        "saved": t("All answers are saved"),
        "sending": t("Saving …"),
        "offline": t("No connection: ${number} kept in this browser"),
        "busy": t("The site is busy: ${number} wait to be saved"),
        "one_saved": t("Saved"),
        "one_sending": t("On its way"),
        "one_kept": t("Kept in this browser"),
        "one_refused": t("Not taken: ${reason}"),
        "unanswered": t("${number} of ${all} unanswered"),
        "all_answered": t("All ${all} answered"),
        "flagged": t("${number} marked to come back to"),
        "left": t("Time left: ${time}"),
        "minutes_left": t("${number} minutes left"),
        "up": t("The time is up. Your answers are being handed in."),
        "up_offline": t(
            "The time is up. What was saved counts; ${number} could not be sent in time."
        ),
        "wait": t("${number} answers are not saved yet. Wait for the connection, then hand in."),
        "taken_over": t("This attempt was opened in another window or on another device."),
        "elsewhere": t("This attempt is open in another window of this browser."),
        "signed_out": t(
            "You were signed out. Your answers are kept in this browser: sign in again."
        ),
        "closed": t("This attempt has ended."),
        "leaves": t("You have left this page ${number} times."),
        "leaves_of": t("You have left this page ${number} times; after ${most} it is handed in."),
        "go_on": t("Go on here"),
        "sign_in": t("Sign in"),
        "result": t("See the result"),
        "reload": t("Reload the page"),
        "question": t("Question ${number}"),
        "flag": t("Come back to it"),
    }
