"""Wingcord: everything except the slash commands, which live in `cogs`."""
