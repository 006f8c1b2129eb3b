"""The panel's client API over HTTP: knows JSON and status codes, nothing of Discord or the database."""
