"""Checks buttons, selects, modals and autocomplete choices the way Discord does."""

from __future__ import annotations

from typing import Any, cast

from .errors import FormErrors, text_length
from .jsons import parts
from .messages import walk

Json = dict[str, Any]

ROW, BUTTON, SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 2, 3, 4, 10, 18
SELECTS = (3, 5, 6, 7, 8)
"""String, user, role, mentionable and channel selects."""
MODAL_ITEMS = (TEXT_INPUT, *SELECTS, 19, 21, 22, 23)
"""What may stand in a label of a modal: inputs, selects, file upload, radio group, check boxes."""
V2_TOP = (ROW, 9, TEXT_DISPLAY, 12, 13, 14, 17)
LINK_STYLE, PREMIUM_STYLE = 5, 6


def check_components(components: Any, errors: FormErrors, *, v2: bool) -> None:
    """Complains about the components of a message; `v2` is whether it is a Components V2 message."""
    if not isinstance(components, list):
        errors.add("components", "Only iterables may be used in a ListType", "LIST_TYPE_CONVERT")
        return
    tree = cast("list[Json]", components)
    if v2:
        _check_v2(tree, errors)
    elif len(tree) > 5:
        errors.add("components", "Must be 5 or fewer in length.", "BASE_TYPE_BAD_LENGTH")
    for index, component in enumerate(tree):
        kind = component.get("type")
        if kind not in V2_TOP if v2 else kind != ROW:
            errors.add(f"components.{index}.type", "Value of field is not allowed here.", "UNION_TYPE_CHOICES")
    for index, row in enumerate(part for part in walk(tree) if part.get("type") == ROW):
        _check_row(row, f"components.{index}", errors)
    _check_unique(tree, errors)


def _check_v2(tree: list[Json], errors: FormErrors) -> None:
    parts = list(walk(tree))
    if len(parts) > 40:
        errors.add("components", "Must be 40 or fewer in total.", "COMPONENT_MAX_TOTAL")
    letters = sum(text_length(str(part.get("content") or "")) for part in parts if part.get("type") == TEXT_DISPLAY)
    if letters > 4000:
        errors.add("components", "The total text must be 4000 or fewer in length.", "COMPONENT_TEXT_TOO_LONG")


def _check_row(row: Json, path: str, errors: FormErrors) -> None:
    items: list[Json] = row.get("components") or []
    if not 1 <= len(items) <= 5:
        errors.add(f"{path}.components", "Must be between 1 and 5 in length.")
    if any(item.get("type") in SELECTS for item in items) and len(items) > 1:
        errors.add(f"{path}.components", "A select menu fills its whole row.", "COMPONENT_LAYOUT_WIDTH_EXCEEDED")
    for index, item in enumerate(items):
        where = f"{path}.components.{index}"
        if item.get("type") == BUTTON:
            check_button(item, where, errors)
        elif item.get("type") in SELECTS:
            check_select(item, where, errors)
        else:
            errors.add(f"{where}.type", "Value of field is not allowed here.", "UNION_TYPE_CHOICES")


def check_button(button: Json, path: str, errors: FormErrors) -> None:
    """Complains about a button: label up to 80, custom id 1 to 100 (or a URL for links)."""
    style = button.get("style")
    if style not in range(1, 7):
        errors.add(f"{path}.style", "Value must be one of {1, 2, 3, 4, 5, 6}.", "BASE_TYPE_CHOICES")
    if button.get("label") is not None:
        errors.length(f"{path}.label", button["label"], 0, 80)
    if not button.get("label") and not button.get("emoji") and style != PREMIUM_STYLE:
        errors.add(path, "A button must have a label or an emoji.", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED")
    if style == LINK_STYLE:
        errors.length(f"{path}.url", button.get("url"), 1, 512)
    elif style != PREMIUM_STYLE:
        errors.length(f"{path}.custom_id", button.get("custom_id"), 1, 100)


def check_select(select: Json, path: str, errors: FormErrors) -> None:
    """Complains about a select: 1 to 25 options, labels, values and descriptions up to 100."""
    errors.length(f"{path}.custom_id", select.get("custom_id"), 1, 100)
    if select.get("placeholder") is not None:
        errors.length(f"{path}.placeholder", select["placeholder"], 0, 150)
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not 0 <= least <= 25 or not 1 <= most <= 25 or least > most:
        errors.add(f"{path}.max_values", "Must be between min_values and 25.", "NUMBER_TYPE_MAX")
    if select.get("type") != SELECT:
        return
    options: list[Json] = select.get("options") or []
    if not 1 <= len(options) <= 25:
        errors.add(f"{path}.options", "Must be between 1 and 25 in length.")
    for index, option in enumerate(options):
        errors.length(f"{path}.options.{index}.label", option.get("label"), 1, 100)
        errors.length(f"{path}.options.{index}.value", option.get("value"), 1, 100)
        if option.get("description") is not None:
            errors.length(f"{path}.options.{index}.description", option["description"], 0, 100)
    values = [option.get("value") for option in options]
    if len(set(values)) != len(values):
        errors.add(
            f"{path}.options", "The specified option value is already used", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
        )
    if options and most > len(options):
        errors.add(f"{path}.max_values", "Must not exceed the number of options.", "NUMBER_TYPE_MAX")


def _check_unique(tree: list[Json], errors: FormErrors) -> None:
    ids = [part["custom_id"] for part in walk(tree) if part.get("custom_id")]
    if len(set(ids)) != len(ids):
        errors.add("components", "Component custom id cannot be duplicated", "COMPONENT_CUSTOM_ID_DUPLICATED")


def check_modal(modal: Json, errors: FormErrors) -> None:
    """Complains about a modal: title 1 to 45, custom id 1 to 100, 1 to 5 components, inputs up to 4,000."""
    errors.length("data.title", modal.get("title"), 1, 45)
    errors.length("data.custom_id", modal.get("custom_id"), 1, 100)
    components: list[Json] = modal.get("components") or []
    if not 1 <= len(components) <= 5:
        errors.add("data.components", "Must be between 1 and 5 in length.")
    for index, component in enumerate(components):
        _check_modal_part(component, f"data.components.{index}", errors)
    _check_unique(components, errors)


def _check_modal_part(component: Json, path: str, errors: FormErrors) -> None:
    kind = component.get("type")
    if kind == ROW:
        items: list[Json] = component.get("components") or []
        if len(items) != 1 or items[0].get("type") not in (TEXT_INPUT, SELECT):
            errors.add(f"{path}.components", "Must be 1 in length.")
            return
        if items[0].get("type") == TEXT_INPUT:
            errors.length(f"{path}.components.0.label", items[0].get("label"), 1, 45)
        _check_modal_item(items[0], f"{path}.components.0", errors)
    elif kind == LABEL:
        errors.length(f"{path}.label", component.get("label"), 1, 45)
        if component.get("description") is not None:
            errors.length(f"{path}.description", component["description"], 0, 100)
        _check_modal_item(component.get("component") or {}, f"{path}.component", errors)
    elif kind != TEXT_DISPLAY:
        errors.add(f"{path}.type", "Value of field is not allowed here.", "UNION_TYPE_CHOICES")


def _check_modal_item(item: Json, path: str, errors: FormErrors) -> None:
    kind = item.get("type")
    if kind not in MODAL_ITEMS:
        errors.add(f"{path}.type", "Value of field is not allowed here.", "UNION_TYPE_CHOICES")
    elif kind in SELECTS:
        check_select(item, path, errors)
    elif kind == TEXT_INPUT:
        errors.length(f"{path}.custom_id", item.get("custom_id"), 1, 100)
        if item.get("style") not in (1, 2):
            errors.add(f"{path}.style", "Value must be one of {1, 2}.", "BASE_TYPE_CHOICES")
        if item.get("placeholder") is not None:
            errors.length(f"{path}.placeholder", item["placeholder"], 0, 100)
        if item.get("value") is not None:
            errors.length(f"{path}.value", item["value"], 0, 4000)
        for name, least in (("min_length", 0), ("max_length", 1)):
            limit = item.get(name)
            if limit is not None and not least <= limit <= 4000:
                errors.add(f"{path}.{name}", f"int value should be between {least} and 4000.", "NUMBER_TYPE_MAX")


def check_choices(data: Json, errors: FormErrors) -> None:
    """Complains about autocomplete answers: 25 at most, names 1 to 100, text values up to 100."""
    items = parts(data, "choices")
    if len(items) > 25 or not isinstance(data.get("choices"), list):
        errors.add("data.choices", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for index, choice in enumerate(items):
        errors.length(f"data.choices.{index}.name", choice.get("name"), 1, 100)
        if isinstance(choice.get("value"), str):
            errors.length(f"data.choices.{index}.value", choice["value"], 1, 100)
        elif not isinstance(choice.get("value"), int | float):
            errors.add(f"data.choices.{index}.value", "This field is required", "BASE_TYPE_REQUIRED")
