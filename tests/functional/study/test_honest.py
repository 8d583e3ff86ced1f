"""Honest learners lose nothing: lost packets, slow answers, reloads, closed lids, sleeping phones,
another device. What they watched, and what the site credits, differ by at most 15 seconds.

A browser is simulated as the player's contract has it: a beat every 15 s, one that is not
acknowledged is sent again unchanged while the next one gathers, playing stops when nothing was
acknowledged for 45 s, and what is kept survives a reload.
"""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from modou.services import sessions
from modou.services.studying import beating, totals
from modou.services.studying.beating import Beat
from modou.services.studying.tokens import Ended
from tests.conftest import SiteUnderTest
from tests.studying import Player, close_silent, enrolment_of, events, school

LENGTH = 5_400


@dataclass
class Kept:
    """A beat that waits for its acknowledgement."""

    token: str
    beat: Beat


class Browser:
    """A learner who watches, second by second, with a network that fails."""

    def __init__(self, site: SiteUnderTest, chance: random.Random, loss: float) -> None:
        self.site = site
        self.chance = chance
        self.loss = loss
        self.position = 0.0
        #: Seconds that the learner sat before a running lesson.
        self.watched = 0
        self.kept: Kept | None = None
        self.logins = 0
        #: The open question, and in how many seconds the learner will have answered it.
        self.asked: tuple[str, int] | None = None
        self.open()

    # -- what the page does

    def open(self, other_device: bool = False) -> None:
        if other_device or not self.logins:
            with self.site.occasion("lin") as occasion:
                self.login = sessions.key_of(sessions.start(occasion, occasion.actor))
            self.logins += 1
        player = Player(self.site, "lin", login=self.login)
        self.token = player.token
        self.seq = 0
        self.kept = None
        self.position = float(player.opened["position"])
        self.begin()

    def finish(self) -> None:
        """A page that opens sends first what the one before it kept, until it is answered: the
        beat without acknowledgement, and what was gathered behind it."""
        token = self.token
        for _part in range(2):
            for _try in range(100):
                if self.kept is not None and self.token == token:
                    self.send_kept(opening=True)
            if self.kept is None and self.token == token and self.position > self.start:
                self.gather(playing=False)

    def begin(self) -> None:
        self.start = self.position
        self.since_beat = self.silent = 0

    def second(self, online: bool) -> None:
        """One second of watching."""
        self.site.clock.move(seconds=1)
        self.since_beat += 1
        self.silent += 1
        if self.silent <= 45:
            self.position += 1.0
            self.watched += 1
        if self.since_beat >= 15 and self.kept is None:
            self.gather()
        if self.asked is not None:
            self.asked = (self.asked[0], self.asked[1] - 1)
            if self.asked[1] <= 0 and online:
                self.reply()
        if self.kept is not None and online and (self.since_beat % 5 == 0 or self.since_beat == 1):
            self.send_kept()

    def gather(self, playing: bool = True) -> None:
        self.seq += 1
        self.kept = Kept(
            self.token, Beat(self.seq, ((self.start, self.position),), self.position,
                             playing=playing),
        )  # fmt: skip
        self.start = self.position
        self.since_beat = 0

    def send_kept(self, opening: bool = False) -> None:
        """The request or its answer may be lost: then the same is sent again later."""
        if self.kept is None or self.chance.random() < self.loss / 2:
            return
        try:
            with self.site.occasion() as occasion:
                answer = beating.take_beat(occasion, self.kept.token, self.kept.beat)
        except Ended:
            self.kept = None
            if not opening:
                self.open()
            return
        if self.chance.random() < self.loss / 2:
            return
        self.kept = None
        self.silent = 0
        if answer.challenge is not None and self.asked is None:
            self.asked = (answer.challenge.id, self.chance.randint(2, 20))
        if answer.position is not None:
            self.position = self.start = float(answer.position)
        if answer.state == "ended" and not opening:
            self.finish()
            self.open()

    def reply(self) -> None:
        """Answer the question; the way there or back may fail."""
        if self.asked is None or self.chance.random() < self.loss / 2:
            return
        with self.site.occasion() as occasion:
            beating.answer_challenge(occasion, self.token, self.asked[0], "here")
        if self.chance.random() >= self.loss / 2:
            self.asked = None

    # -- what happens to people

    def watch(self, seconds: int, offline: range = range(0)) -> None:
        for second in range(seconds):
            self.second(second not in offline)

    def reload(self) -> None:
        self.site.clock.move(seconds=self.chance.uniform(0.5, 4))
        self.finish()
        self.open()

    def sleep(self, seconds: int) -> None:
        """A closed lid, a phone in the pocket: the page stops, and the site closes the session."""
        self.site.clock.move(seconds=seconds)
        close_silent(self.site)
        self.finish()
        self.open()

    def pause(self, seconds: int) -> None:
        if self.kept is None:
            self.gather(playing=False)
        for _second in range(seconds):
            self.site.clock.move(seconds=1)
            self.send_kept()
            self.reply()

    def credited(self) -> int:
        with self.site.occasion() as occasion:
            found = totals.totals_of(occasion, enrolment_of(occasion, "lin"))
            return found.credited + found.held


def run(site: SiteUnderTest, seed: int, loss: float, **policy: Any) -> Browser:
    """An afternoon with 25 incidents."""
    chance = random.Random(seed)
    school(site, lessons=1, length=LENGTH, rest_after=0, **policy)
    learner = Browser(site, chance, loss)
    for _part in range(25):
        learner.watch(chance.randint(20, 90))
        # Nobody closes the lid on a question; one that is on its way cannot be seen, see the
        # explanation: who loses time by that appeals.
        while learner.asked is not None or (policy and learner.kept is not None):
            learner.watch(1)
        match chance.randrange(5):
            case 0:
                learner.watch(40, offline=range(chance.randint(5, 40)))
            case 1:
                learner.reload()
            case 2:
                learner.sleep(chance.choice((20, 70, 600)))
            case 3:
                learner.pause(chance.randint(1, 90))
            case _:
                pass
    learner.finish()
    return learner


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("loss", [0.0, 0.3, 0.6])
def test_what_was_watched_is_credited(make_site: Any, guard: Any, seed: int, loss: float) -> None:
    learner = run(make_site(**{"modou.plugins": "reel"}), seed, loss)
    assert learner.watched > 900
    assert abs(learner.watched - learner.credited()) <= 15, learner.watched - learner.credited()


@pytest.mark.parametrize("seed", range(4))
def test_who_answers_the_questions_keeps_everything(make_site: Any, guard: Any, seed: int) -> None:
    asking = {"idle_prompt": True, "idle_from": 120, "idle_to": 240}
    site = make_site(**{"modou.plugins": "reel"})
    learner = run(site, seed, 0.3, **asking)
    assert abs(learner.watched - learner.credited()) <= 15, learner.watched - learner.credited()
    assert len(events(site, "study_passed")) >= 4
    assert not events(site, "study_voided")


@pytest.mark.parametrize("seed", range(4))
def test_going_on_at_another_device(make_site: Any, guard: Any, seed: int) -> None:
    """What the first device had not reported yet is lost: at most 15 seconds each time."""
    chance = random.Random(seed)
    site = make_site(**{"modou.plugins": "reel"})
    school(site, lessons=1, length=LENGTH, rest_after=0)
    learner = Browser(site, chance, 0.0)
    for number in range(1, 9):
        learner.watch(chance.randint(20, 90))
        learner.open(other_device=True)
        assert learner.watched - learner.credited() <= 15 * number
    learner.watch(60)
    learner.finish()
    assert learner.credited() == int(learner.position)
