"""Keeps channels fed with console lines, in order and once, as fast as Discord allows."""
