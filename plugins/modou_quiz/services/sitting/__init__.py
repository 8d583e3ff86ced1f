"""Sitting a quiz, from the rules that let somebody begin to the hand-in.

- `rules`: who may begin, when, from where, how often (also the plugin's `before_attempt`)
- `starting`: how things stand for a learner, and beginning
- `pages`: the tokens that pages of a sitting write with, and which of them is the newest
- `saving`: answers as they are given
- `ending`: handing in, by learners, by the clock, by people
- `reviewing`: what is shown when
- `showing`: a sitting and a review for their pages
- `managing`: exceptions, resit lists

What thousands do at the same time (beginning, opening, saving, handing in) takes ids and gives
plain values, so that it can share its transactions (`SiteAccess.together`).
"""
