"""The one way in for every text that people see: gettext, with English as the source language."""

import gettext as _gettext
from pathlib import Path

DOMAIN = "wingcord"
LOCALES = Path(__file__).with_name("locales")


def catalogue(language: str) -> _gettext.NullTranslations:
    """Return the catalogue of a language such as `de` or `zh_CN`; English texts unchanged where there is none."""
    return _gettext.translation(DOMAIN, LOCALES, languages=[language], fallback=True)


_english = catalogue("en")


def _(text: str) -> str:
    """Return the text as the reader should see it. Fill placeholders afterwards: `_("{name} is up").format(name=…)`."""
    return _english.gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a counted text that fits `count`; the caller fills in the placeholders."""
    return _english.ngettext(singular, plural, count)
