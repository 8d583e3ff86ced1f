"""One request to an endpoint: what its function gets first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyramid.request import Request

from modou.models.api_tokens import ApiToken
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion, Origin

if TYPE_CHECKING:
    from modou.web.api.declaring import Endpoint

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """What a lean endpoint returns to have something changed: a work for a transaction that is
    shared with what others want at this moment, see `SiteAccess.together`.

    Returned instead of done, so that whoever serves the endpoint decides how to wait for it: a
    thread of the ordinary server stands still, the front (`modou.web.front`) goes on with others.
    ::

        def save_answer(call: Call, body: AnswerBody) -> Together[SavedShape]:
            student, attempt = read_token(call.bearer)
            return Together(lambda occasion: save(occasion, attempt, body.text), actor=student)

    :param work: may be called several times, has no effects outside of the database, returns plain
        values; what it raises is answered as if the endpoint had raised it
    :param actor: id of the user who acts; 0: the system, which may do everything
    :param then: makes the endpoint's answer of what `work` returned, once that is durable; quick,
        since others wait meanwhile. None: it is the answer
    """

    work: Callable[[Occasion], Any]
    actor: int = 0
    then: Callable[[Any], T] | None = None

    def answer(self, found: Any) -> T:
        """The endpoint's answer, when `work` has returned `found`."""
        answer: T = found if self.then is None else self.then(found)
        return answer


class Call:
    """A request to an endpoint.

    :ivar bearer: the bearer token that the endpoint itself must know ("own" endpoints), else ""
    :ivar token: the API token by which the asker is known; None: by a session, or not at all
    :ivar status: of the good answer, for those who sometimes answer another of their statuses
    :ivar headers: of the good answer; append (name, value)
    """

    __slots__ = ("_request", "bearer", "endpoint", "environ", "headers", "registry", "status",
                 "token")  # fmt: skip

    def __init__(
        self,
        environ: dict[str, Any],
        registry: Any,
        endpoint: "Endpoint",
        request: Request | None = None,
    ) -> None:
        self.environ = environ
        self.registry = registry
        self.endpoint = endpoint
        self.bearer = ""
        self.token: ApiToken | None = None
        self.status = endpoint.status
        self.headers: list[tuple[str, str]] = []
        self._request = request

    @property
    def request(self) -> Request:
        """The request, with the occasion as its pages have it; lean endpoints have none.

        :raises RuntimeError: the endpoint is lean
        """
        if self._request is None:
            raise RuntimeError(f"{self.endpoint.route.name} is lean: it has no request")
        return self._request

    @property
    def occasion(self) -> Occasion:
        """Who asks, in the request's transaction: the first argument of verbs.

        :raises RuntimeError: the endpoint is lean
        """
        occasion: Occasion = self.request.occasion
        return occasion

    @property
    def access(self) -> SiteAccess:
        """The way to the site's database outside of the request's transaction."""
        access: SiteAccess = self.registry.access
        return access

    @property
    def origin(self) -> Origin:
        """Where the request came from."""
        environ = self.environ
        return Origin(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_USER_AGENT", ""))
