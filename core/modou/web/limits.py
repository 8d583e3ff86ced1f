"""How much one request may carry.

Forms and JSON may be `FORM_LIMIT` bytes, uploads (multipart) of people who are signed in
`modou.upload_limit`, a piece of an upload (see `modou.web.uploads`) as much as the upload may
still take. Asked before anything is parsed; the server's own limit
(`max_request_body_size` in the .ini) lies above.
"""

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from modou.errors import TooLarge
from modou.i18n import _
from modou.web.problems import modou_error
from modou.web.uploads import is_piece

#: Bytes; some 200,000 Chinese characters in a form.
FORM_LIMIT = 2_000_000


def tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Refuse what is too large with one sentence."""
    upload_limit: int = registry.modou_config["upload_limit"]

    def tween(request: Request) -> Response:
        size = request.content_length or 0
        if size > FORM_LIMIT and not is_piece(request):
            upload = (
                request.content_type == "multipart/form-data" and request.occasion.actor is not None
            )
            limit = upload_limit if upload else FORM_LIMIT
            if size > limit:
                return modou_error(
                    TooLarge(
                        _(
                            "What you sent is larger than ${limit} MB. Nothing was kept.",
                            mapping={"limit": limit // 1_000_000},
                        )
                    ),
                    request,
                )
        return handler(request)

    return tween


def includeme(config: Configurator) -> None:
    config.add_tween("modou.web.limits.tween_factory", under="pyramid_tm.tm_tween_factory")
