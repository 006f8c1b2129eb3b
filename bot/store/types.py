"""Column types that the databases lack: times that keep their zone, texts that all can hold, lists of short words."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from bot.errors import BadInput
from bot.i18n import _

# PostgreSQL's text holds no NUL, and no encoding halves of characters. SQLite would take the NUL, and end there.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


class UnfitText(DontWrapMixin, BadInput):
    """A text holds characters that a database cannot; told as it is, and not as an error of the database."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite drops time zones, so the zone is put back when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone must not be stored")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class PlainText(TypeDecorator[str]):
    """A text that every database can hold: the same is refused on all of them, before it is sent.

    Raises `UnfitText` for the rest, which is what people typed: names from panels are made fit where they come in.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _fit(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A short list of texts, stored as a JSON array."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps([_fit(word) for word in value], ensure_ascii=False)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(cast("list[str]", json.loads(value)))


def _fit(text: str) -> str:
    if _UNFIT.search(text):
        raise UnfitText(
            _("That holds a character that is none (NUL, or half of one), so it cannot be kept: type it anew.")
        )
    return text
