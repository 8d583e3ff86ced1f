"""Players, beats, sessions: what honest learners get, and how sessions end."""

from typing import Any

import pytest

from modou.errors import Conflict, NotAllowed
from modou.services import sessions
from modou.services.studying import policies, totals
from modou.services.studying.tokens import Ended, OutOfSequence, UnknownPlayer
from tests import factories
from tests.conftest import SiteUnderTest
from tests.studying import Player, close_silent, enrolment_of, events, reel

pytestmark = pytest.mark.both_storages


def credited(site: SiteUnderTest, username: str = "lin") -> int:
    with site.occasion() as occasion:
        return totals.totals_of(occasion, enrolment_of(occasion, username)).credited


def change_policy(site: SiteUnderTest, **changes: Any) -> None:
    with site.occasion() as occasion:
        policies.change_policy(occasion, reel(occasion).course, changes)


class TestPlaying:
    def test_opening_says_all_that_a_page_needs(self, studio: SiteUnderTest) -> None:
        opened = Player(studio, "lin").opened
        assert opened["length"] == 600
        assert opened["media"] is True
        assert opened["covered"] == []
        assert opened["position"] == opened["frontier"] == opened["seq"] == 0
        assert opened["credit"]["credited"] == 0
        assert opened["credit"]["cap_left"] == 21_600
        assert opened["challenge"] is None
        assert opened["watermark"] == "林**"
        assert opened["modules"] == {"riddle": "/static/riddle.js"}
        assert not {"idle_from", "idle_to"} & set(opened["policy"])

    def test_a_minute_is_a_minute(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        answer = player.play(60)
        assert answer.credit["activity_credited"] == 60
        assert answer.frontier == 60
        assert answer.state == "live"
        assert player.json["next"] == 15
        assert credited(studio) == 60

    def test_the_whole_lesson_completes_it(self, studio: SiteUnderTest) -> None:
        answer = Player(studio, "lin").play(600)
        assert answer.complete
        with studio.occasion() as occasion:
            progress = enrolment_of(occasion, "lin").progress
            assert reel(occasion).id in progress.completed
        assert len(events(studio, "studied")) == 40

    def test_a_gap_of_more_than_five_seconds_leaves_it_open(self, studio: SiteUnderTest) -> None:
        change_policy(studio, first_view_seek=True)
        player = Player(studio, "lin")
        player.play(300)
        player.position = 306.0
        assert not player.play(294).complete
        player.position = 300.0
        assert player.play(2).complete

    def test_what_was_seen_brings_nothing_again(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(60)
        player.position = 0.0
        assert player.play(60).credit["activity_credited"] == 60

    def test_going_on_where_one_stopped(self, studio: SiteUnderTest) -> None:
        Player(studio, "lin").play(45)
        studio.clock.move(hours=3)
        again = Player(studio, "lin")
        assert again.opened["position"] == 45
        assert again.opened["covered"] == [[0, 45]]
        assert again.play(15).credit["activity_credited"] == 60

    def test_slow_playing_is_credited_by_what_was_seen(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        for _beat in range(4):
            studio.clock.move(seconds=15)
            player.beat((player.position, player.position + 7.5))
        assert player.answer.credit["activity_credited"] == 30

    def test_each_second_of_a_minute_of_pages(self, studio: SiteUnderTest) -> None:
        import acme_reel

        with studio.occasion() as occasion:
            acme_reel.put(occasion.site, reel(occasion), 60, pages=(20, 40))
        player = Player(studio, "lin")
        assert player.opened["pages"] == [20, 40]
        assert player.opened["media"] is False
        assert player.play(60).complete

    def test_only_learners_of_the_course(self, studio: SiteUnderTest) -> None:
        with studio.occasion() as occasion:
            factories.user(occasion, "eve")
            factories.user(occasion, "olga", role="operator")
        with pytest.raises(NotAllowed):
            Player(studio, "eve")
        with pytest.raises(Conflict):
            Player(studio, "olga")

    def test_a_video_replaced_while_it_plays(self, studio: SiteUnderTest) -> None:
        import acme_reel

        player = Player(studio, "lin")
        player.play(60)
        with studio.occasion() as occasion:
            acme_reel.put(occasion.site, reel(occasion), 300, version="2")
        answer = player.play(15)
        assert (answer.state, answer.reason.code) == ("ended", "replaced")
        assert answer.credit["activity_credited"] == 75
        with pytest.raises(Ended):
            player.play(15)
        again = Player(studio, "lin")
        assert again.opened["covered"] == []
        assert again.opened["session"] == player.opened["session"]
        assert again.play(300).complete
        assert again.answer.credit["activity_credited"] == 375


class TestTheProtocol:
    def test_a_beat_that_comes_twice_is_acknowledged_twice(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        first = player.play(15)
        studio.clock.move(seconds=15)
        again = player.beat((0.0, 30.0), seq=1)
        assert again.seq == 1
        assert again.credit == first.credit

    def test_a_missing_beat_is_asked_for(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(15)
        with pytest.raises(OutOfSequence) as refusal:
            player.beat((15.0, 30.0), seq=3)
        assert refusal.value.expected == 2

    def test_tokens_cannot_be_made_up(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        good = player.token
        other = ("B" if good[0] == "A" else "A") + good[1:]
        for token in ("", "x" * 48, good[:-1], other, "ä" * 48):
            player.token = token
            with pytest.raises(UnknownPlayer):
                player.beat()

    def test_far_from_the_frontier_is_sent_back(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(30)
        studio.clock.move(seconds=15)
        answer = player.beat((400.0, 415.0))
        assert answer.credit["activity_credited"] == 30
        assert answer.position == 30
        with studio.occasion() as occasion:
            record = enrolment_of(occasion, "lin").study.activities[reel(occasion).id]
            assert record.refused == {"ahead": 15}
            assert record.position == 30


class TestSessions:
    def test_the_next_lesson_goes_on_with_the_session(self, studio: SiteUnderTest) -> None:
        one = Player(studio, "lin")
        one.play(30)
        one.leave()
        studio.clock.move(seconds=5)
        two = Player(studio, "lin", "reel 2")
        two.play(30)
        assert one.opened["session"] == two.opened["session"]
        assert two.answer.credit["credited"] == 60
        with pytest.raises(Ended) as over:
            one.beat()
        assert over.value.reason == "taken_over"

    def test_a_lost_connection_ends_it_at_the_last_beat(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(30)
        began = studio.clock.seconds()
        studio.clock.move(seconds=61)
        close_silent(studio)
        (end,) = events(studio, "study_ended")
        assert end.values["how"] == "lost"
        assert end.values["online"] == 30
        with studio.occasion() as occasion:
            (session,) = enrolment_of(occasion, "lin").study.sessions.values()
            assert session.ended == began * 1000
            assert not len(occasion.site.study.live)
            assert not occasion.assembled.watched_learners

    def test_another_device_takes_over_and_the_first_is_told(self, studio: SiteUnderTest) -> None:
        desk = Player(studio, "lin", login=b"")
        desk.play(30)
        with studio.occasion("lin") as occasion:
            token = sessions.start(occasion, occasion.actor)
        phone = Player(studio, "lin", login=sessions.key_of(token))
        studio.clock.move(seconds=15)
        with pytest.raises(Ended) as over:
            desk.beat((30.0, 45.0))
        assert over.value.reason == "taken_over"
        assert [e.values["how"] for e in events(studio, "study_ended")] == ["taken_over"]
        assert phone.beat((30.0, 45.0)).credit["credited"] == 45

    def test_leaving_signs_out_after_a_minute_at_that_moment(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(30)
        player.leave()
        with pytest.raises(Ended) as over:
            player.beat((30.0, 31.0))
        assert over.value.reason == "left"
        studio.clock.move(seconds=61)
        close_silent(studio)
        (end,) = events(studio, "study_ended")
        assert (end.values["how"], end.values["online"]) == ("left", 30)

    def test_signing_out_ends_it(self, studio: SiteUnderTest) -> None:
        with studio.occasion("lin") as occasion:
            token = sessions.start(occasion, occasion.actor)
        player = Player(studio, "lin", login=sessions.key_of(token))
        player.play(30)
        with studio.occasion() as occasion:
            sessions.end(occasion, sessions.key_of(token))
        with pytest.raises(Ended) as over:
            player.beat((30.0, 31.0))
        assert over.value.reason == "signed_out"

    def test_watching_keeps_the_login_alive(self, studio: SiteUnderTest) -> None:
        with studio.occasion("lin") as occasion:
            token = sessions.start(occasion, occasion.actor)
        player = Player(studio, "lin", login=sessions.key_of(token))
        player.play(600)
        player.position = 0.0
        for _minute in range(40):
            player.play(60)
        with studio.occasion() as occasion:
            assert sessions.find(occasion.site, token, occasion.now, 1800, 43_200) is not None

    def test_who_is_suspended_studies_no_more(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(30)
        with studio.occasion() as occasion:
            enrolment_of(occasion, "lin").status = "suspended"
        studio.clock.move(seconds=15)
        answer = player.beat((30.0, 45.0))
        assert (answer.state, answer.reason.code) == ("ended", "closed")
        assert answer.credit["credited"] == 30

    def test_a_kept_beat_counts_for_at_most_a_minute(self, studio: SiteUnderTest) -> None:
        player = Player(studio, "lin")
        player.play(30)
        studio.clock.move(hours=1)
        close_silent(studio)
        answer = player.beat((30.0, 75.0))
        assert (answer.state, answer.reason.code) == ("ended", "lost")
        assert answer.credit["credited"] == 75
        assert [e.values["online"] for e in events(studio, "study_ended")] == [30, 75]
        for start in (75.0, 105.0, 135.0):
            player.beat((start, start + 60.0))
        assert player.answer.credit["credited"] == 90
        assert events(studio, "study_ended")[-1].values["online"] == 90

    def test_a_kept_beat_is_worth_nothing_after_a_newer_session(
        self, studio: SiteUnderTest
    ) -> None:
        player = Player(studio, "lin")
        player.play(30)
        studio.clock.move(hours=1)
        Player(studio, "lin", "reel 2").play(30)
        with pytest.raises(Ended) as over:
            player.beat((30.0, 75.0))
        assert over.value.reason in {"lost", "taken_over"}
        assert credited(studio) == 60
