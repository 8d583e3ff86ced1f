"""Parts of a stored file: whatever range is asked for, the answer is what the bytes say (RFC 9110,
14). nginx in front answers the same: test_deploy.py."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modou.services import files
from modou.web.views.files import signer
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

LARGE = 200_001


@pytest.fixture
def stored(site: SiteUnderTest) -> dict[int, str]:
    """Size -> address of a file of so many bytes."""
    found = {}
    with site.occasion() as occasion:
        sign = files.Signer(files.secret("", occasion.keys), 7200)
        for size in (1, 10, LARGE):
            kept = files.store(occasion, content(size), "a.bin", "public")
            parts = sign.parts(kept, occasion.now)
            found[size] = "/files/{expires}/{signature}/{file}/{filename}".format(**parts)
    return found


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def expected(header: str, size: int) -> tuple[int, int] | int:
    """First and last offset, or the status of an answer without a range."""
    first, dash, last = header.removeprefix("bytes=").partition("-")
    if "," in header or not dash:
        return 200
    if not first:
        if not last:
            return 200
        return (max(0, size - int(last)), size - 1) if int(last) else 416
    start = int(first)
    if last and int(last) < start:
        return 200
    if start >= size:
        return 416
    return start, min(int(last), size - 1) if last else size - 1


number = st.one_of(st.integers(0, 12), st.integers(0, LARGE + 10), st.just(10**15)).map(str)
nothing = st.just("")
ranges = st.one_of(
    st.tuples(number, st.just("-"), st.one_of(number, nothing)).map("".join),
    st.tuples(nothing, st.just("-"), number).map("".join),
    st.lists(st.tuples(number, st.just("-"), number).map("".join), min_size=2, max_size=4).map(
        ",".join
    ),
).map("bytes={}".format)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(size=st.sampled_from([1, 10, LARGE]), asked=ranges, method=st.sampled_from(["GET", "HEAD"]))
@example(size=10, asked="bytes=-0", method="GET")
@example(size=10, asked="bytes=9-", method="GET")
@example(size=10, asked="bytes=10-", method="GET")
@example(size=10, asked="bytes=5-4", method="GET")
@example(size=LARGE, asked="bytes=-200001", method="GET")
@example(size=LARGE, asked="bytes=0-0,-1", method="GET")
def test_a_range_is_what_the_bytes_say(
    site: SiteUnderTest, stored: dict[int, str], size: int, asked: str, method: str
) -> None:
    whole = content(size)
    app: Any = site.browser()
    answer = app.request(stored[size], method=method, headers={"Range": asked}, status="*")
    outcome = expected(asked, size)
    if isinstance(outcome, int):
        assert answer.status_int == outcome
        if outcome == 416:
            assert answer.headers["Content-Range"] == f"bytes */{size}"
        else:
            assert answer.body == (whole if method == "GET" else b"")
        return
    start, stop = outcome[0], outcome[1] + 1
    assert answer.status_int == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.body == (whole[start:stop] if method == "GET" else b"")


class TestConditions:
    def test_only_of_the_same_version(self, site: SiteUnderTest, stored: dict[int, str]) -> None:
        app, url = site.browser(), stored[10]
        whole = app.get(url)
        etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
        assert whole.headers["Accept-Ranges"] == "bytes"
        for same in (etag, modified):
            part = app.get(url, headers={"Range": "bytes=2-3", "If-Range": same}, status=206)
            assert part.body == content(10)[2:4]
            assert part.headers["ETag"] == etag
        for other in ('"x"', f"W/{etag}", "Mon, 01 Jan 2001 00:00:00 GMT"):
            part = app.get(url, headers={"Range": "bytes=2-3", "If-Range": other}, status=200)
            assert part.body == content(10)

    def test_what_a_browser_has_is_not_sent_again(
        self, site: SiteUnderTest, stored: dict[int, str]
    ) -> None:
        app, url = site.browser(), stored[10]
        whole = app.get(url)
        for name, value in (
            ("If-None-Match", whole.headers["ETag"]),
            ("If-None-Match", f'"y", {whole.headers["ETag"]}'),
            ("If-Modified-Since", whole.headers["Last-Modified"]),
        ):
            assert app.get(url, headers={name: value}, status=304).body == b""
        assert app.head(url).headers["Content-Length"] == "10"

    def test_two_versions_have_two_etags(self, site: SiteUnderTest, stored: dict[int, str]) -> None:
        app = site.browser()
        assert len({app.head(url).headers["ETag"] for url in stored.values()}) == 3


class TestManyAddresses:
    def test_they_are_those_of_the_route(self, site: SiteUnderTest) -> None:
        names = ["seg-1.ts", "讲义 (1)&+~!.pdf", "a'b$c,d;e=f@g:h*.m4s", "100%.vtt"]
        with site.occasion() as occasion:
            kept = [files.store(occasion, b"x", name, "course:1") for name in names]
            sign = files.Signer(files.secret("", occasion.keys), 7200)
            named = [(one.key, one.filename) for one in kept]
            many = sign.sign_many(named, occasion.now)
            parts = [sign.parts(one, occasion.now) for one in kept]
        app = site.browser()
        request = app.get("/").request
        assert request is not None
        for address, one in zip(many, parts, strict=True):
            assert address.split("/")[2:5] == [one["expires"], one["signature"], one["file"]]
            assert app.get(address).body == b"x"

    def test_the_signer_of_pages_is_the_same(self, site: SiteUnderTest) -> None:
        class Request:
            registry = site.registry

        with site.occasion() as occasion:
            ours = files.Signer(files.secret("", occasion.keys), 7200)
        assert signer(Request()) == ours  # type: ignore[arg-type]
