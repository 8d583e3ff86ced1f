"""Several tries at a question in practice: counted on the server, told no more than may be known,
the same result again from what is kept."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from modou.errors import Invalid, NotFound
from modou.store.containers import decode_id
from modou_quiz.models.attempts import Given
from modou_quiz.models.quizzes import SHOWN
from modou_quiz.services import own_data, quizzes, shelf
from modou_quiz.services.marking import checking, regrading
from modou_quiz.services.marking.automatic import keys_of
from modou_quiz.services.sitting import errors, finding, pages, saving, trying
from modou_quiz.services.sitting.saving import Posted
from modou_quiz.services.statistics.gathering import gather
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest
from tests.sitting import ALL_TYPES, KEY, Client, Page, Scene, responses_of, text

pytestmark = pytest.mark.functional
DURING = frozenset(("during", what) for what in SHOWN)
AFTER = frozenset(("after", what) for what in SHOWN)


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def question(stem: str = "欧姆定律是？", hints: int = 2, **more: Any) -> c.SingleChoice:
    """Right is the second option; the hints are called 提示1, 提示2, ..."""
    return c.SingleChoice(
        stem=text(stem),
        feedback=text(f"{KEY} general"),
        options=tuple(
            c.Option(
                text=text(name), fraction=float(n == 1), feedback=text(f"{KEY}" if n == 1 else "不")
            )
            for n, name in enumerate("ABCD")
        ),
        replies=c.Replies(right=text(f"{KEY} reply"), wrong=text("再想想")),
        shuffle=False,
        penalty=0.25,
        hints=tuple(c.Hint(text=text(f"提示{n}"), **more) for n in range(1, hints + 1)),
    )


def check(page: Page, place: int = 0) -> None:
    with page.scene.site.occasion(page.username) as occasion:
        saving.save_page(occasion, page.token, Posted(None, check=place))


def kept(page: Page, place: int = 0) -> Given:
    with page.scene.site.occasion() as occasion:
        given: Given = page.scene.attempt(occasion, page.attempt_id).answers.given[place]
        return given


def test_tries_are_counted_on_the_server(site: SiteUnderTest) -> None:
    scene = Scene(
        site,
        [("single", question(str(n))) for n in range(3)],
        kind="practice",
        instant="tries",
        review=DURING | AFTER,
    )
    page = scene.begin()
    with pytest.raises(Invalid):
        check(page)
    page.save((0, 0))
    for _again in range(3):
        check(page)  # pressed twice, sent again: one try
    page.save((0, 2), (0, 0))
    check(page)  # the same answer once more
    assert (len(kept(page).tries), kept(page).checked) == (1, False)
    page.save((0, 2))
    # A hundred at the same time: one try.
    access = site.registry.access
    posted = Posted(None, check=0)

    def send() -> None:
        access.together(lambda o: saving.save_page(o, page.token, posted), actor=page.token.user)

    threads = [threading.Thread(target=send) for _number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kept(page).tries), kept(page).checked) == (2, False)
    # A page that is over gets no try, the newest one gets the last.
    newest = Page(scene, page.attempt_id, "lin")
    with pytest.raises(errors.TakenOver):
        check(page)
    newest.save((0, 3))
    check(newest)
    assert (len(kept(page).tries), kept(page).checked) == (3, True)
    assert len(newest.save((0, 1)).refused) == 1
    check(newest)
    assert [one.response for one in kept(page).tries] == [0, 2, 3]
    told = sorted(
        (e.values["number"], e.values["seq"], e.values["closed"])
        for e in scene.events("answer_checked")
    )
    assert [(number, closed) for number, _seq, closed in told] == [
        (1, False), (2, False), (3, True),
    ]  # fmt: skip
    assert [seq for _number, seq, _closed in told] == [one.seq for one in kept(page).tries]
    # Right at the second try; and right in the end, which nobody checked.
    newest.save((1, 0))
    check(newest, 1)
    newest.save((1, 1))
    check(newest, 1)
    assert kept(page, 1).checked
    newest.save((2, 0))
    check(newest, 2)
    newest.save((2, 1))
    scene.hand_in(newest)
    with pytest.raises(errors.Closed):
        check(newest, 2)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert attempt.earned == (0.0, 0.75, 0.75)
        assert list(checking.differences(occasion, scene.activity_id)) == []
        # Statistics ask what people knew at first.
        items = gather(occasion, scene.activity_id).items
        assert [item.pairs.x.mean for item in items.values()] == [0.0, 0.0, 0.0]
        assert [dict(item.choices) for item in items.values()] == [{("", "0"): [1, 0, 0]}] * 3
    with site.occasion("lin") as occasion:
        # The copy that learners may have of what the site holds about them.
        [row] = own_data.AREAS[0].copy(occasion, occasion.require_actor())
        assert [one["answer"] for one in row["answers"][0]["tries"]] == [0, 2, 3]
    with site.occasion("wang") as occasion:
        again = scene.attempt(occasion, page.attempt_id)
        assert regrading.regrade(occasion, scene.activity(occasion), [again], "see") == 0
        assert again.earned == (0.0, 0.75, 0.75)
        bank = shelf.find_bank(occasion.site)
        found = finding.asked(occasion, bank, scene.questions[1], 1)
        assert trying.lost(found, again.answers.given[1]) == pytest.approx(0.25)
        assert keys_of(occasion)(scene.questions[0], 1).penalty(0) == 0.25


def form_of(page: Any) -> Any:
    return next(f for f in page.forms.values() if f.action.endswith("/answers"))


def test_between_tries_the_pages_tell_no_key(site: SiteUnderTest) -> None:
    """A sitting without script; each of its responses is read."""
    questions: list[tuple[str, Any]] = [
        ("single", question()),
        ("multiple", ALL_TYPES["multiple"].model_copy(
            update={
                "hints": (c.Hint(clear=True, count=True),), "replies": c.Replies(), "shuffle": False
            }
        )),
        *((name, ALL_TYPES[name]) for name in ("short", "numerical", "cloze", "case")),
    ]  # fmt: skip
    scene = Scene(site, questions, kind="practice", instant="tries", tries=3, review=DURING | AFTER)
    client = Client(scene)
    seen = responses_of(client.browser)
    page = client.begin()
    assert "3 tries" in page
    form = form_of(page)
    form["q0-choice"] = "0"
    page = form.submit("check", value="0.0").follow()
    slot = page.html.select_one("#q0")
    assert "Try 1 of 3" in slot.text
    assert "提示1" in slot.text
    assert "提示2" not in slot.text
    assert "再想想" in slot.text
    assert len(slot.select(".quiz-tries .is-wrong")) == 1
    assert not slot.select_one("input[name='q0-choice']").has_attr("disabled")
    # Sent again as it was: the answer is stored already, no other try.
    again = form.submit("check", value="0.0", status="*")
    assert again.status_int in {303, 409}
    form = form_of(client.browser.get(client.address))
    form["q0-choice"] = "2"
    form.set("q1-choice", True, index=0)
    form.set("q1-choice", True, index=2)
    form["q2-text"] = "欧"
    form["q3-value"] = "1"
    form["q4-0"], form["q4-1"] = "安", "1"
    form["q5-0.choice"], form["q5-1.text"] = "0", "甲"
    page = form.submit("check", value="0.1").follow()
    assert "提示2" in page.html.select_one("#q0").text
    for place in range(1, 6):
        page = form_of(page).submit("check", value=f"{place}.0").follow()
        assert "Try 1 of 3" in page.html.select_one(f"#q{place}").text
        if place == 1:
            after_multiple = page
    # A hint takes wrong choices back and says how many of the right ones were there.
    assert scene_given(scene, client)[1].response == [0]
    slot = page.html.select_one("#q1")
    assert "You found 1 of the right ones" in slot.text
    assert [box["value"] for box in slot.select("input[checked]")] == ["0"]
    # Pressed twice: what the hint left is not tried by that.
    form_of(after_multiple).submit("check", value="1.0", status="*")
    assert len(scene_given(scene, client)[1].tries) == 1
    own = client.browser.get(f"/api/v1/quiz/activities/{scene.activity_key}/attempts").json
    client.browser.get(
        f"/api/v1/quiz/activities/{scene.activity_key}/attempts/{own['items'][0]['id']}"
    )
    client.take_config(page)
    client.open()
    client.browser.get(client.address)
    client.browser.get(scene.address)
    assert len(seen) > 18
    # What is said about the wrong choice that was made is meant to be read.
    for path, told in [(path, told.replace(f"{KEY} feedback", "")) for path, told in seen]:
        for word in (KEY, "98765", "is-solution", '"right"', "fraction"):
            assert word not in told, (path, word)
    # Out of tries: now it may be told, of this question alone.
    form = form_of(client.browser.get(client.address))
    form["q0-choice"] = "3"
    page = form.submit("check", value="0.2").follow()
    slot = page.html.select_one("#q0")
    assert f"{KEY} general" in slot.text
    assert slot.select_one("input[name='q0-choice']").has_attr("disabled")
    assert "All 3 tries" in slot.text
    assert KEY not in str(page.html.select_one("#q2"))
    # Right at the second try.
    form = form_of(page)
    form["q2-text"] = f"{KEY}Ω"
    page = form.submit("check", value="2.1").follow()
    assert len(page.html.select("#q2 .question-head .is-right")) == 1


def scene_given(scene: Scene, client: Client) -> dict[int, Given]:
    with scene.site.occasion() as occasion:
        id = decode_id(client.address.rsplit("/", 1)[1])
        given: dict[int, Given] = scene.attempt(occasion, id).answers.given
        return given


def test_exams_tell_nothing_whatever_their_rules_say(site: SiteUnderTest) -> None:
    scene = Scene(site, [("single", question())], kind="final", instant="tries", review=DURING)
    page = scene.begin()
    page.save((0, 0))
    with pytest.raises(NotFound):
        check(page)
    client = Client(scene, "zhou")
    client.begin()
    assert "Check the answer" not in client.browser.get(client.address)
    told = ["correct", "feedback"]
    with site.occasion("wang") as occasion:
        activity = scene.activity(occasion)
        for values, field in (
            ({"kind": "final", "instant": "tries", "review_during": told}, "instant"),
            ({"kind": "midterm", "instant": "once", "review_during": told}, "instant"),
            ({"kind": "practice", "instant": "tries", "review_during": ["marks"]}, "review_during"),
            ({"kind": "practice", "instant": "once"}, "review_during"),
            ({"kind": "practice", "instant": "often"}, "instant"),
            ({"kind": "practice", "instant": "off", "tries": 21}, "tries"),
        ):
            with pytest.raises(Invalid) as refused:
                quizzes.save(occasion, activity, values)
            assert refused.value.field == field
        quizzes.save(
            occasion, activity,
            {"kind": "practice", "instant": "tries", "tries": 4, "review_during": told},
        )  # fmt: skip
        values = quizzes.values_of(occasion, activity)
        assert (values["instant"], values["tries"]) == ("tries", 4)
        # What was said before there were tries, and what says nothing.
        quizzes.save(occasion, activity, {"kind": "practice", "review_during": told})
        assert quizzes.values_of(occasion, activity)["instant"] == "once"
        quizzes.save(occasion, activity, {"kind": "practice"})
        assert quizzes.values_of(occasion, activity)["instant"] == "off"
    with site.occasion("lin") as occasion:
        sitting = finding.own(occasion, scene.activity_id, page.attempt_id)
        assert pages.state_json(sitting)["seq"] == 1
