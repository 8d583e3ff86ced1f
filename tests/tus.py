"""A browser that sends files in pieces, as tus 1.0 has it."""

import base64
from typing import Any

from webtest import TestApp, TestResponse

from modou.services import uploads
from modou.web.security import SESSION_COOKIE, CSRFPolicy
from tests.conftest import SiteUnderTest

PIECE = "application/offset+octet-stream"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Sender:
    """A person's browser that speaks tus."""

    def __init__(self, site: SiteUnderTest, username: str) -> None:
        self.site = site
        self.username = username
        self.browser = site.browser(username)
        with site.occasion(username) as occasion:
            found: uploads.Uploads = site.registry.uploads
            self.uploads = found
            self.tickets = {
                name: found.ticket(occasion, name) for name in occasion.assembled.upload_purposes
            }
        cookie = self.browser.cookies[SESSION_COOKIE].strip('"')
        self.headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": csrf(cookie)}

    def ask(
        self, method: str, path: str, body: bytes = b"", status: Any = None, **headers: str
    ) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        app: TestApp = self.browser
        return app.request(
            path,
            method=method,
            headers={**self.headers, **named},
            body=body,
            status=status or "*",
        )

    def begin(
        self, length: int, name: str = "讲义.pdf", purpose: str = "file", **headers: str
    ) -> TestResponse:
        ticket = self.tickets.get(purpose, purpose)
        about = f"filename {b64(name)},ticket {b64(ticket)}"
        given = {"Upload_Length": str(length), "Upload_Metadata": about, **headers}
        return self.ask("POST", "/uploads", **given)

    def piece(self, path: str, offset: int, body: bytes, **headers: str) -> TestResponse:
        given = {"Upload_Offset": str(offset), "Content_Type": PIECE, **headers}
        return self.ask("PATCH", path, body, **given)

    def send(self, content: bytes, name: str = "讲义.pdf", purpose: str = "file") -> TestResponse:
        """The answer to the only piece; its request's path is that of the upload."""
        path = self.begin(len(content), name, purpose).headers["Location"]
        return self.piece(path, 0, content)

    def key(self, content: bytes, name: str = "讲义.pdf", purpose: str = "file") -> str:
        answer = self.send(content, name, purpose)
        assert answer.status_int == 204, answer.text
        return str(answer.request.path).rpartition("/")[2]


def csrf(cookie: str) -> str:
    class Request:
        cookies = {SESSION_COOKIE: cookie}

    return CSRFPolicy().get_csrf_token(Request())  # type: ignore[arg-type]
