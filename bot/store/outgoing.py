"""The rows of the messages on their way: columns from values, and back. What they say is encrypted."""

import json
import logging
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, cast

from bot.store.tables import RelayMessageRow
from bot.store.values import Outgoing
from bot.store.vault import Vault
from bot.vitals import DeliveredTail

_log = logging.getLogger(__name__)


def row(message: Outgoing, vault: Vault) -> dict[str, object]:
    """Return the columns of a message."""
    ends = {
        relay_id: [b64encode(tail.marks).decode(), tail.at.isoformat() if tail.at else None, tail.offline]
        for relay_id, tail in message.tails.items()
    }
    attachment = message.attachment
    return {
        "channel_id": message.channel_id,
        "nonce": message.nonce,
        "content": vault.seal(message.content.encode()).decode(),
        "filename": message.filename,
        "attachment": None if attachment is None else vault.seal(attachment),
        "made_at": message.made_at,
        "tails": json.dumps(ends),
        "through": message.through,
        "parts": message.parts,
        "after": message.after,
    }


def message(row: RelayMessageRow, vault: Vault) -> Outgoing | None:
    """Return the message of a row; None, with a word in the log, where no secret key fits."""
    content = vault.unseal(row.content.encode())
    attachment = None if row.attachment is None else vault.unseal(row.attachment)
    if content is None or (row.attachment is not None and attachment is None):
        _log.warning("what was on its way to channel %s cannot be read with any secret key: it is lost", row.channel_id)
        return None
    return Outgoing(
        channel_id=row.channel_id,
        nonce=row.nonce,
        content=content.decode(),
        filename=row.filename,
        attachment=attachment,
        made_at=row.made_at,
        tails=tails(row.tails),
        through=row.through,
        parts=row.parts,
        after=row.after,
    )


def tails(text: str) -> dict[int, DeliveredTail]:
    """Return the tails that a row holds, by relay id."""
    stored = cast("dict[str, Any]", json.loads(text))
    return {
        int(relay_id): DeliveredTail(b64decode(marks), datetime.fromisoformat(at) if at else None, bool(offline))
        for relay_id, (marks, at, offline) in stored.items()
    }
