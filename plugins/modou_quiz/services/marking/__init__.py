"""Marking: what answers are worth, by the machine and by people.

`grade_attempt` marks a handed-in attempt as far as the machine can, `settle` brings the grade book
up to it.
"""

from modou_quiz.services.marking.automatic import grade_attempt
from modou_quiz.services.marking.settling import settle

__all__ = ["grade_attempt", "settle"]
