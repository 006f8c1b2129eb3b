"""What Discord accepts as an application command, checked when the bot registers it."""

from __future__ import annotations

import re
from typing import Any

from .errors import FormErrors, text_length
from .jsons import part, parts, values

Json = dict[str, Any]

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
CHOOSABLE = (STRING, INTEGER, NUMBER)
LOCALES = frozenset(
    [
        "ar",
        "id",
        "da",
        "de",
        "en-GB",
        "en-US",
        "es-ES",
        "es-419",
        "fr",
        "he",
        "hr",
        "it",
        "lt",
        "hu",
        "nl",
        "no",
        "pl",
        "pt-BR",
        "ro",
        "fi",
        "sv-SE",
        "vi",
        "tr",
        "cs",
        "el",
        "bg",
        "ru",
        "uk",
        "hi",
        "th",
        "zh-CN",
        "ja",
        "zh-TW",
        "ko",
    ]
)
NAME = re.compile(r"^[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}$")
"""Close to the documented ``^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$``; Python's re has no scripts."""


def check_command(command: Json, path: str, errors: FormErrors) -> None:
    """Complains about one command."""
    kind = command.get("type", CHAT_INPUT)
    if kind not in (CHAT_INPUT, USER, MESSAGE):
        errors.add(f"{path}type", "Value must be one of {1, 2, 3}.", "BASE_TYPE_CHOICES")
        return
    if kind == CHAT_INPUT:
        _check_name(command, path, errors)
        errors.length(f"{path}description", command.get("description"), 1, 100)
        _check_locales(command, path, errors)
        _check_options(command.get("options") or [], f"{path}options", errors, depth=0)
    else:
        errors.length(f"{path}name", command.get("name"), 1, 32)
        if command.get("description"):
            errors.add(
                f"{path}description",
                "Context menu commands cannot have description",
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
            )
    if _size(command) > 8000:
        errors.add(f"{path}options", "Command exceeds maximum size (8000)", "APPLICATION_COMMAND_TOO_LARGE")
    for context in values(command, "contexts"):
        if context not in (0, 1, 2):
            errors.add(f"{path}contexts", "Value must be one of {0, 1, 2}.", "BASE_TYPE_CHOICES")
    bits = command.get("default_member_permissions")
    if bits is not None and not str(bits).isdigit():
        errors.add(f"{path}default_member_permissions", "Value is not a bit set.", "NUMBER_TYPE_COERCE")


def _check_name(thing: Json, path: str, errors: FormErrors) -> None:
    name = thing.get("name")
    if not isinstance(name, str) or not NAME.match(name):
        errors.add(f"{path}name", "String value did not match validation regex.", "STRING_TYPE_REGEX")
    elif name != name.lower():
        errors.add(f"{path}name", "Command name must be lower case.", "APPLICATION_COMMAND_INVALID_NAME")


def _check_locales(thing: Json, path: str, errors: FormErrors) -> None:
    for field in ("name_localizations", "description_localizations"):
        translations = part(thing, field)
        for locale, text in translations.items():
            if locale not in LOCALES:
                errors.add(f"{path}{field}", f"Value {locale!r} is not a locale.", "BASE_TYPE_CHOICES")
            if field == "description_localizations":
                errors.length(f"{path}{field}.{locale}", text, 1, 100)
            elif not NAME.match(str(text)) or text != str(text).lower():
                errors.add(
                    f"{path}{field}.{locale}", "String value did not match validation regex.", "STRING_TYPE_REGEX"
                )


def _check_options(options: list[Json], path: str, errors: FormErrors, *, depth: int) -> None:
    if len(options) > 25:
        errors.add(path, "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    names = [option.get("name") for option in options]
    if len(set(names)) != len(names):
        errors.add(path, "Option names must be unique", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID")
    nested = [option.get("type") in (SUBCOMMAND, GROUP) for option in options]
    if any(nested) and not all(nested):
        errors.add(
            path,
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        )
    optional_seen = False
    for index, option in enumerate(options):
        where = f"{path}.{index}."
        kind = option.get("type")
        _check_name(option, where, errors)
        errors.length(f"{where}description", option.get("description"), 1, 100)
        _check_locales(option, where, errors)
        if kind not in range(1, 12) or (kind == GROUP and depth > 0) or (kind == SUBCOMMAND and depth > 1):
            errors.add(
                f"{where}type", "This option type is not allowed here.", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"
            )
        elif kind in (SUBCOMMAND, GROUP):
            if kind == GROUP and not option.get("options"):
                errors.add(f"{where}options", "This field is required", "BASE_TYPE_REQUIRED")
            _check_options(
                option.get("options") or [], f"{where}options", errors, depth=depth + 1 if kind == GROUP else 2
            )
        else:
            if option.get("required") and optional_seen:
                errors.add(
                    where[:-1],
                    "Required options must be placed before non-required options",
                    "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                )
            optional_seen = optional_seen or not option.get("required")
            _check_value_option(option, where, errors)


def _check_value_option(option: Json, where: str, errors: FormErrors) -> None:
    kind = option["type"]
    choices: list[Json] = option.get("choices") or []
    if choices and kind not in CHOOSABLE:
        errors.add(f"{where}choices", "Only string, integer and number options have choices.", "BASE_TYPE_BAD_TYPE")
    if len(choices) > 25:
        errors.add(f"{where}choices", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for index, choice in enumerate(choices):
        errors.length(f"{where}choices.{index}.name", choice.get("name"), 1, 100)
        if kind == STRING:
            errors.length(f"{where}choices.{index}.value", choice.get("value"), 1, 100)
    if option.get("autocomplete") and (choices or kind not in CHOOSABLE):
        errors.add(f"{where}autocomplete", "Autocomplete excludes choices.", "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID")
    for name in ("min_length", "max_length"):
        limit = option.get(name)
        if limit is not None and not 0 <= limit <= 6000:
            errors.add(f"{where}{name}", "int value should be between 0 and 6000.", "NUMBER_TYPE_MAX")


def _size(thing: Json) -> int:
    """Characters of names, descriptions and choice values; of translations the longest counts."""
    total = 0
    for field in ("name", "description"):
        texts = [str(thing.get(field) or ""), *map(str, part(thing, f"{field}_localizations").values())]
        total += max(map(text_length, texts))
    for choice in parts(thing, "choices"):
        total += text_length(str(choice.get("name") or "")) + text_length(str(choice.get("value") or ""))
    return total + sum(_size(option) for option in parts(thing, "options"))
