"""The frame of the API: who gets in, what fits, what is answered, twice the same."""

import logging
from typing import Any

import pytest
from pyramid.request import Request

from modou.declarations import ApiRoute
from modou.errors import ConfigurationError
from modou.services import api_tokens
from modou.web.api import Answer, Body, Call, Together, endpoint
from modou.web.api.declaring import Endpoint, Table
from modou.web.security import SESSION_COOKIE, CSRFPolicy
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for


class TestBearerTokens:
    def test_a_token_acts_as_its_owner(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        answer = client("POST", "/probe/pokes", {"word": "ab", "times": 2})
        assert answer.status_int == 201
        assert answer.json == {"echo": "abab", "count": 1, "who": "olga"}
        assert answer.headers["Location"].endswith("/api/v1/probe/pokes/1")

    def test_nobody_and_unknown_tokens_are_turned_away(self, probed: SiteUnderTest) -> None:
        nobody = Client(probed)("GET", "/me")
        assert (nobody.status_int, nobody.json["code"]) == (401, "sign-in-needed")
        assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="modou"'
        unknown = Client(probed, "modou_nothing")("GET", "/me")
        assert (unknown.status_int, unknown.json["code"]) == (401, "token")
        assert 'error="invalid_token"' in unknown.headers["WWW-Authenticate"]
        assert Client(probed)("GET", "/me", Authorization="Basic b2xnYTpi").json["code"] == "token"

    def test_the_scope_limits_it(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga", "probe:write"))
        answer = client("GET", "/me")
        assert (answer.status_int, answer.json["code"]) == (403, "scope")
        assert answer.json["scope"] == "profile:read"
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]

    def test_it_expires(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga", days=1))
        probed.clock.move(hours=23, minutes=59)
        assert client("GET", "/me").status_int == 200
        probed.clock.move(minutes=1)
        assert client("GET", "/me").status_int == 401

    def test_it_ends_with_its_owner(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        with probed.occasion() as occasion:
            olga = probed._user(occasion.site, "olga")
            olga.status = "suspended"
        assert client("GET", "/me").status_int == 401
        with probed.occasion() as occasion:
            olga = probed._user(occasion.site, "olga")
            olga.status = "active"
            olga.revoke("site", 0, "operator")
        assert client("GET", "/me").status_int == 401

    def test_the_cookie_does_not_count_beside_a_token(self, probed: SiteUnderTest) -> None:
        browser = probed.browser("lin")
        token = token_for(probed, "olga")
        answer = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json["username"] == "olga"

    def test_the_last_use_is_written_once_an_hour(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        client("GET", "/me")
        before = probed.database.lastTransaction()
        probed.clock.move(minutes=59)
        client("GET", "/me")
        assert probed.database.lastTransaction() == before
        probed.clock.move(minutes=1)
        client("GET", "/me")
        with probed.occasion() as occasion:
            olga = probed._user(occasion.site, "olga")
            ((_digest, token),) = api_tokens.of_user(occasion.site, olga)
            assert token.used == probed.clock.seconds()

    def test_its_text_is_nowhere_in_the_database(self, probed: SiteUnderTest) -> None:
        text = token_for(probed, "olga")
        assert text.encode() not in probed.stored()
        assert text.removeprefix(api_tokens.PREFIX).encode() not in probed.stored()

    def test_refused_tokens_are_counted_by_address(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "modou_wrong")
        seen = {client("GET", "/me").status_int for _try in range(301)}
        assert seen == {401, 429}


class TestSessions:
    def test_pages_of_the_site_call_with_their_token_of_the_form(
        self, probed: SiteUnderTest
    ) -> None:
        browser = probed.browser("olga")
        refused = browser.post_json("/api/v1/probe/pokes", {"word": "a"}, status=403)
        assert refused.json["code"] == "csrf"
        cookie = browser.cookies[SESSION_COOKIE].strip('"')
        request = Request.blank("/", cookies={SESSION_COOKIE: cookie})
        headers = {"X-CSRF-Token": CSRFPolicy().get_csrf_token(request)}
        assert browser.post_json("/api/v1/probe/pokes", {"word": "a"}, headers=headers).json["who"]
        headers["Origin"] = "https://evil.example"
        browser.extra_environ.pop("HTTP_ORIGIN")
        browser.post_json("/api/v1/probe/pokes", {"word": "a"}, headers=headers, status=403)

    def test_reading_needs_only_the_cookie(self, probed: SiteUnderTest) -> None:
        assert probed.browser("lin").get("/api/v1/me").json["token"] is None


class TestOwnTokens:
    def test_the_endpoint_gets_the_token_and_nobody_is_signed_in(
        self, probed: SiteUnderTest
    ) -> None:
        browser = probed.browser("olga")
        answer = browser.post("/api/v1/probe/own", headers={"Authorization": "Bearer abc"})
        assert answer.json == {"echo": "abc", "count": 1, "who": ""}

    def test_either_a_person_with_the_capability(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        assert client("POST", "/probe/own").json == {"echo": "", "count": 1, "who": "olga"}
        assert Client(probed)("POST", "/probe/own").status_int == 401


@pytest.mark.both_storages
class TestLean:
    def test_it_answers_without_transaction_or_connection(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "player")
        pool = probed.database.connectionDebugInfo
        loads = probed.database.getActivityMonitor().getActivityAnalysis(divisions=1)[0]["loads"]
        answer = client("POST", "/probe/lean", {"word": "a"})
        assert answer.json == {"echo": "a", "count": 1, "who": "player"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        after = probed.database.getActivityMonitor().getActivityAnalysis(divisions=1)[0]["loads"]
        assert after == loads
        assert not any(info["opened"] for info in pool())

    def test_without_an_answer_it_is_204(self, probed: SiteUnderTest) -> None:
        answer = Client(probed, "player")("DELETE", "/probe/lean")
        assert (answer.status_int, answer.body) == (204, b"")
        assert answer.headers["X-Probe"] == "gone"
        assert "Content-Type" not in answer.headers

    def test_problems_are_problem_json(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "player")
        wrong = client("POST", "/probe/lean", {"word": "wrong"})
        assert (wrong.status_int, wrong.json["code"]) == (409, "wrong-poke")
        assert wrong.json["expected"] == "right"
        assert wrong.content_type == "application/problem+json"
        unfit = client("POST", "/probe/lean", {"word": "", "times": 10, "colour": 1})
        assert unfit.status_int == 422
        assert {e["pointer"] for e in unfit.json["errors"]} == {"/word", "/times", "/colour"}
        assert Client(probed)("POST", "/probe/lean", {"word": "a"}).status_int == 401
        assert client("POST", "/probe/lean", b"word=a", Content_Type="text/plain").status_int == 415
        assert client("GET", "/probe/lean").status_int == 405

    def test_what_breaks_is_logged_and_500(
        self, probed: SiteUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = Client(probed, "player")
        for word, what in (("raise", "ZeroDivisionError"), ("broken", "AnswerDoesNotFit")):
            with caplog.at_level(logging.ERROR):
                answer = client("POST", "/probe/lean", {"word": word})
            assert (answer.status_int, answer.json["code"]) == (500, "defect")
            assert what in caplog.text

    def test_each_token_may_call_so_often(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "player")
        for _call in range(60):
            assert client("POST", "/probe/lean", {"word": "a"}).status_int == 200
        answer = client("POST", "/probe/lean", {"word": "a"})
        assert (answer.status_int, answer.json["code"]) == (429, "too-many")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert Client(probed, "another")("POST", "/probe/lean", {"word": "a"}).status_int == 200
        probed.clock.move(minutes=1)
        assert client("POST", "/probe/lean", {"word": "a"}).status_int == 200


@pytest.mark.both_storages
class TestDeferred:
    """Endpoints that return a `Together`, on the ordinary server."""

    def test_what_it_answers_is_durable(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "player")
        answer = client("POST", "/probe/together", {"word": "a", "times": 3})
        assert answer.json == {"echo": "a", "count": 3, "who": "player"}
        assert answer.headers["X-Probe"] == "durable"
        with probed.occasion() as occasion:
            assert occasion.site.plugin_data("probe")["pokes"] == 3

    def test_what_the_work_raises_is_answered_as_the_endpoints_own(
        self, probed: SiteUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = Client(probed, "player")
        wrong = client("POST", "/probe/together", {"word": "wrong"})
        assert (wrong.status_int, wrong.json["code"]) == (409, "wrong-poke")
        for word, what in (("raise", "ZeroDivisionError"), ("broken", "AnswerDoesNotFit")):
            with caplog.at_level(logging.ERROR):
                answer = client("POST", "/probe/together", {"word": word})
            assert (answer.status_int, answer.json["code"]) == (500, "defect")
            assert what in caplog.text


class TestWhatComesIn:
    def test_what_does_not_fit_is_named(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        answer = client("POST", "/probe/pokes", {"times": "many"})
        assert answer.status_int == 422
        assert answer.json["code"] == "invalid"
        assert answer.json["errors"] == [
            {"pointer": "/word", "detail": "This is required."},
            {"pointer": "/times", "detail": "This must be a whole number."},
        ]

    @pytest.mark.parametrize(
        "body", [b"{", b"\xff", b'{"word": NaN}', b'{"word": "\\ud800"}', b"[]"]
    )
    def test_what_is_no_json(self, probed: SiteUnderTest, body: bytes) -> None:
        client = Client(probed, token_for(probed, "olga"))
        assert client("POST", "/probe/pokes", body).status_int in {400, 422}

    def test_a_body_of_unknown_length_is_not_taken_for_none(self, probed: SiteUnderTest) -> None:
        client = Client(probed, "player")
        answer = client("DELETE", "/probe/lean", Transfer_Encoding="chunked")
        assert answer.status_int == 204
        answer = client("POST", "/probe/lean", Transfer_Encoding="chunked")
        assert (answer.status_int, answer.json["code"]) == (400, "json")

    def test_too_much(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        answer = client("POST", "/probe/pokes", b'"' + b"a" * 1_000_000 + b'"')
        assert (answer.status_int, answer.json["code"]) == (413, "too-large")

    def test_another_media_type(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        answer = client("POST", "/probe/pokes", b"word=a", Content_Type="text/plain")
        assert (answer.status_int, answer.json["code"]) == (415, "media-type")

    def test_the_query(self, probed: SiteUnderTest) -> None:
        client = Client(probed)
        assert client("GET", "/probe/pokes?colour=a&colour=b").json["echo"] == "a,b"
        assert client("GET", "/probe/pokes?colour=%E7%BA%A2").json["echo"] == "红"
        for query, parameter in (
            ("limit=0", "limit"),
            ("limit=1&limit=2", "limit"),
            ("limt=1", "limt"),
        ):
            answer = client("GET", f"/probe/pokes?{query}")
            assert answer.status_int == 422
            assert [e["parameter"] for e in answer.json["errors"]] == [parameter]
        assert client("GET", "/probe/pokes?limit=%ff").status_int == 400


class TestWhatGoesOut:
    def test_methods(self, probed: SiteUnderTest) -> None:
        client = Client(probed)
        answer = client("DELETE", "/probe/pokes")
        assert (answer.status_int, answer.json["code"]) == (405, "method")
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        options = client("OPTIONS", "/probe/pokes")
        assert (options.status_int, options.body) == (204, b"")
        assert options.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        head = client("HEAD", "/probe/pokes")
        assert (head.status_int, head.body) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(client("GET", "/probe/pokes").body)
        assert client("GET", "/nowhere").json["code"] == "not-found"

    def test_what_is_unchanged_is_not_sent_again(self, probed: SiteUnderTest) -> None:
        client = Client(probed)
        etag = client("GET", "/probe/pokes").headers["ETag"]
        answer = client("GET", "/probe/pokes", If_None_Match=etag)
        assert (answer.status_int, answer.body) == (304, b"")
        assert client("GET", "/probe/pokes?limit=9", If_None_Match=etag).status_int == 200

    def test_texts_are_in_the_readers_language(self, probed: SiteUnderTest) -> None:
        client = Client(probed)
        for language, title in (
            ("zh-CN,zh;q=0.9,en;q=0.8", "请登录"),
            ("en-GB", "Please sign in"),
            ("fr", "Please sign in"),
        ):
            assert client("GET", "/me", Accept_Language=language).json["title"] == title
        # Scripts of our pages are answered in the language of the page, which is no header's.
        answer = client("GET", "/me", Accept_Language="zh-CN", Sec_Fetch_Site="same-origin")
        assert answer.json["title"] == "Please sign in"


@pytest.mark.both_storages
class TestIdempotency:
    def test_the_second_write_gets_the_first_answer(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        key = {"Idempotency_Key": "a-1"}
        first = client("POST", "/probe/pokes", {"word": "a"}, **key)
        again = client("POST", "/probe/pokes", {"word": "a"}, **key)
        assert (again.status_int, again.body) == (201, first.body)
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert client("POST", "/probe/pokes", {"word": "a"}).json["count"] == 2

    def test_a_key_stands_for_one_request(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        key = {"Idempotency_Key": "a-1"}
        client("POST", "/probe/pokes", {"word": "a"}, **key)
        answer = client("POST", "/probe/pokes", {"word": "b"}, **key)
        assert (answer.status_int, answer.json["code"]) == (422, "idempotency-key")
        probed.clock.move(hours=24)
        assert client("POST", "/probe/pokes", {"word": "b"}, **key).json["count"] == 2

    def test_others_have_other_keys(self, probed: SiteUnderTest) -> None:
        key = {"Idempotency_Key": "a-1"}
        first = Client(probed, token_for(probed, "olga"))
        second = Client(probed, token_for(probed, "olga"))
        assert first("POST", "/probe/pokes", {"word": "a"}, **key).json["count"] == 1
        assert second("POST", "/probe/pokes", {"word": "a"}, **key).json["count"] == 2

    def test_what_failed_is_tried_again(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        key = {"Idempotency_Key": "a-1"}
        assert client("POST", "/probe/pokes", {"word": "wrong"}, **key).status_int == 409
        assert client("POST", "/probe/pokes", {"word": "wrong"}, **key).status_int == 409
        assert (
            client("POST", "/probe/pokes", {"word": "a"}, Idempotency_Key="\x7f").status_int == 422
        )

    def test_old_answers_go_away(self, probed: SiteUnderTest) -> None:
        client = Client(probed, token_for(probed, "olga"))
        for number in range(40):
            client("POST", "/probe/pokes", {"word": "a"}, Idempotency_Key=f"old-{number}")
        probed.clock.move(hours=24)
        for number in range(40):
            client("POST", "/probe/pokes", {"word": "a"}, Idempotency_Key=f"new-{number}")
        with probed.occasion() as occasion:
            assert len(occasion.site.api["answers"]) < 60


class TestDeclaring:
    def test_nothing_is_open_by_accident(self) -> None:
        named: dict[str, Any] = {"summary": "x", "tag": "x"}
        for values in (
            {"method": "GET", "path": "/x"},
            {"method": "GET", "path": "/x", "auth": "user", "capability": ""},
            {"method": "GET", "path": "x", "auth": "public"},
            {"method": "FETCH", "path": "/x", "auth": "public"},
            {"method": "GET", "path": "/x/{y}", "auth": "own", "lean": True},
            {"method": "GET", "path": "/x", "auth": "own", "capability": "admin:view"},
        ):
            with pytest.raises(TypeError):
                endpoint(**values, **named)  # type: ignore[arg-type]

    def test_functions_must_fit(self) -> None:
        class In(Body):
            a: int

        class Out(Answer):
            a: int

        def make(path: str = "/x", method: str = "GET") -> Any:
            return endpoint(method, path, summary="x", tag="x", auth="public")

        def strange(call: Call, colour: str) -> Out: ...  # type: ignore[empty-body]
        def untyped(call: Call, body: In): ...  # type: ignore[no-untyped-def]
        def good(call: Call, body: In) -> Out: ...  # type: ignore[empty-body]
        def other(call: Call) -> Out: ...  # type: ignore[empty-body]

        def heavy(call: Call) -> Together[Out]: ...  # type: ignore[empty-body]

        for function in (strange, untyped, heavy):
            with pytest.raises(ConfigurationError):
                Endpoint(make()(function), "p")
        first = Endpoint(make()(good), "p")
        same_name: ApiRoute = make("/y")(good)
        with pytest.raises(ConfigurationError, match="called good"):
            Table([first, Endpoint(same_name, "q")])
        with pytest.raises(ConfigurationError, match="GET /api/v1/x"):
            Table([first, Endpoint(make()(other), "q")])

    def test_placeholders_are_each_endpoints_own(self) -> None:
        class Out(Answer):
            a: int

        def read(call: Call, one: int) -> Out: ...  # type: ignore[empty-body]
        def write(call: Call, two: int) -> Out: ...  # type: ignore[empty-body]

        def make(method: str, path: str) -> Any:
            return endpoint(method, path, summary="x", tag="x", auth="public")

        table = Table(
            [
                Endpoint(make("GET", "/x/{one}")(read), "p"),
                Endpoint(make("PUT", "/x/{two}")(write), "p"),
            ]
        )
        methods, values = table.find("/x/7")
        assert set(methods) == {"GET", "PUT"}
        assert values == ("7",)
        assert table.find("/x/7/8") == ({}, ())
