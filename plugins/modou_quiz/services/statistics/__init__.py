"""Statistics of a quiz: item analysis, reliability, distributions.

`gather` goes through the attempts, `plain_of` makes plain values of what it found, `keep` stores
them; the job `quiz_statistics` (`modou_quiz.jobs`) does all three. Formulas:

- facility (难度): mean share of the question's marks;
- discrimination index (区分度): its mean in the upper 27 % of the learners (by their share of all
  marks) less its mean in the lower 27 %;
- correlation: Pearson's r of the share with the share of all *other* marks, for questions that are
  right or wrong the point-biserial coefficient, corrected for the question itself;
- reliability: Cronbach's alpha where all had the same questions, else ICC(1,k).
"""

from modou_quiz.services.statistics.counting import fingerprint, forget, keep, plain_of
from modou_quiz.services.statistics.gathering import WHICH, Gathered, gather
from modou_quiz.services.statistics.judging import FLAGS

__all__ = ["FLAGS", "WHICH", "Gathered", "fingerprint", "forget", "gather", "keep", "plain_of"]
