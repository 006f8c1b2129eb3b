"""Reads parts of JSON objects with a definite type; what is missing, null or of another type counts as empty."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]


def part(body: Json, name: str) -> Json:
    """The object under `name`, else an empty one."""
    value = body.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def parts(body: Json, name: str) -> list[Json]:
    """The list of objects under `name`, else an empty one."""
    value = body.get(name)
    return cast("list[Json]", value) if isinstance(value, list) else []


def values(body: Json, name: str) -> list[Any]:
    """The list of plain values under `name`, else an empty one."""
    value = body.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else []
