"""How a Discord client shows a form (modal) and what it lets a person send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .components import LABEL, SELECT, SELECTS, TEXT_DISPLAY, TEXT_INPUT
from .errors import ClientRefused, text_length

Json = dict[str, Any]


@dataclass(frozen=True)
class FormInput:
    """One field of a form. `kind` is "text" or "select"; lengths are in characters; `value` is what it starts with."""

    custom_id: str
    label: str
    kind: str
    required: bool
    min_length: int
    max_length: int
    value: str | None
    placeholder: str | None
    paragraph: bool
    options: tuple[Json, ...] = ()


def _items(modal: Json) -> Iterator[tuple[str, Json]]:
    """Each input of a modal with its label."""
    for part in modal["components"]:
        if part["type"] == LABEL:
            yield str(part["label"]), part["component"]
        elif part["type"] != TEXT_DISPLAY:
            for item in part["components"]:
                yield str(item.get("label") or ""), item


def form_inputs(modal: Json) -> tuple[FormInput, ...]:
    """The fields of a form in their order."""
    return tuple(
        FormInput(
            custom_id=item["custom_id"],
            label=label,
            kind="text" if item["type"] == TEXT_INPUT else "select",
            required=item.get("required", True) is not False,
            min_length=item.get("min_length") or 0,
            max_length=item.get("max_length") or 4000,
            value=item.get("value"),
            placeholder=item.get("placeholder"),
            paragraph=item.get("style") == 2,
            options=tuple(item.get("options") or ()),
        )
        for label, item in _items(modal)
    )


def fill_form(modal: Json, values: dict[str, Any]) -> list[Json]:
    """The components of a MODAL_SUBMIT; `values` by custom id or label.

    ClientRefused for an unknown field, a missing required one, or a text that is too short or too long.
    """
    left = dict(values)
    submitted: list[Json] = []
    for part in modal["components"]:
        if part["type"] == TEXT_DISPLAY:
            submitted.append({"type": TEXT_DISPLAY, "id": part["id"]})
        elif part["type"] == LABEL:
            item = _submitted(part["component"], part["label"], left)
            submitted.append({"type": LABEL, "id": part["id"], "component": item})
        else:
            items = [_submitted(item, str(item.get("label") or ""), left) for item in part["components"]]
            submitted.append({"type": 1, "id": part["id"], "components": items})
    if left:
        raise ClientRefused(f"the form has no field {', '.join(left)}")
    return submitted


def _submitted(item: Json, label: str, left: dict[str, Any]) -> Json:
    given = left.pop(item["custom_id"], None)
    if given is None:
        given = left.pop(label, None)
    body: Json = {"type": item["type"], "id": item["id"], "custom_id": item["custom_id"]}
    required = item.get("required", True) is not False
    if item["type"] == TEXT_INPUT:
        text = str(item.get("value") or "") if given is None else str(given)
        size = text_length(text)
        if required and not text:
            raise ClientRefused(f"field {label!r} must be filled in")
        if text and not (item.get("min_length") or 0) <= size <= (item.get("max_length") or 4000):
            raise ClientRefused(f"field {label!r}: {size} characters are too few or too many")
        if "\n" in text and item.get("style") == 1:
            raise ClientRefused(f"field {label!r} has one line only")
        return body | {"value": text}
    if item["type"] not in SELECTS:
        raise ClientRefused(f"field {label!r}: this stand-in cannot fill in components of type {item['type']}")
    chosen = [given] if isinstance(given, str) else list(given or [])
    return body | {"values": chosen_values(item, chosen)}


def chosen_values(menu: Json, chosen: list[Any]) -> list[str]:
    """Option values for what was chosen by value or label (or things with an id); ClientRefused if not possible."""
    values: list[str] = []
    for wanted in chosen:
        if menu["type"] != SELECT:
            values.append(str(wanted.id))
            continue
        option = next((item for item in menu["options"] if wanted in (item["value"], item["label"])), None)
        if option is None:
            raise ClientRefused(f"{wanted!r} is not among the options")
        values.append(str(option["value"]))
    least, most = menu.get("min_values", 1), menu.get("max_values", 1)
    if not least <= len(values) <= most:
        raise ClientRefused(f"choose {least} to {most} of the options, not {len(values)}")
    return values
