"""The types that endpoints are written with."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from modou.i18n import _

T = TypeVar("T")

KEY_PATTERN = r"^[0-3][0-9a-hjkmnp-tv-z]{12}$"
#: An id as it stands in addresses: what `modou.store.containers.encode_id` gives.
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
#: A moment: RFC 3339, UTC.
Moment = datetime


def moment(seconds: int) -> datetime | None:
    """Seconds UTC as a moment; None for 0, which means "none" in the models."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class Body(BaseModel):
    """What is sent to an endpoint. Unknown members are refused: they would be misspelt ones."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Query(BaseModel):
    """What an endpoint's address may say behind the question mark."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """What an endpoint answers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ListQuery(Query):
    """Of endpoints that answer a `Listing`."""

    limit: int = Field(50, ge=1, le=200, description=_("At most so many items"))
    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=600,
        description=_("`next` of the page before; for the first page leave it out"),
    )


class Listing(Answer, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(
        description=_("The cursor of the next page; null when this is the last")
    )
