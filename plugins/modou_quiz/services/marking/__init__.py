"""Marking: what answers are worth, by the machine and by people.

`grade_attempt` marks a handed-in attempt as far as the machine can, `settle` brings the grade book
up to it, `review_of` tells what people have said. The rooms:

- `automatic`: what an attempt comes to, pure; `checking` reckons again and compares;
- `queue`, `giving`: what waits for people, and what they say; `waiting`: its index;
- `regrading`: other keys, voided questions; `deciding`: attempts voided, restored, reopened;
- `settling`, `reviewing`: what becomes of it.
"""

from modou_quiz.services.marking.automatic import grade_attempt
from modou_quiz.services.marking.reviewing import review_of
from modou_quiz.services.marking.settling import settle

__all__ = ["grade_attempt", "review_of", "settle"]
