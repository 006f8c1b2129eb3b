"""The steps that bring an older database up to the tables of this program."""
