"""Steps that bring stored data up to what this version expects: none yet."""

from modou.declarations import EvolveStep

STEPS: tuple[EvolveStep, ...] = ()
