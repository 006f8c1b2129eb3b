"""Offers Discord the descriptions of our commands in every language that has a catalogue."""

import functools

import discord
from discord import app_commands

from bot.discord_replies import clip
from bot.i18n import catalogue

_DESCRIPTION_LIMIT = 100
_NAMES = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)
"""Never translated: they are the words that documentation, helpers and sentences refer to."""

_catalogue = functools.cache(catalogue)


class CatalogueTranslator(app_commands.Translator):
    """Looks descriptions and choices up in the gettext catalogues."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the text in that language, None where it reads the same in English."""
        if context.location in _NAMES:
            return None
        translated = _catalogue(locale.value.replace("-", "_")).gettext(string.message)
        return clip(translated, _DESCRIPTION_LIMIT) if translated != string.message else None
