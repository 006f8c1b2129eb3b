"""The rows of the messages on their way: columns from values, and back."""

import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, cast

from bot.store.tables import RelayMessageRow
from bot.store.values import Outgoing
from bot.vitals import DeliveredTail


def row(message: Outgoing) -> dict[str, object]:
    """Return the columns of a message."""
    ends = {
        relay_id: [b64encode(tail.marks).decode(), tail.at.isoformat() if tail.at else None, tail.offline]
        for relay_id, tail in message.tails.items()
    }
    return {
        "channel_id": message.channel_id,
        "nonce": message.nonce,
        "content": message.content,
        "filename": message.filename,
        "attachment": message.attachment,
        "made_at": message.made_at,
        "tails": json.dumps(ends),
        "through": message.through,
        "parts": message.parts,
    }


def message(row: RelayMessageRow) -> Outgoing:
    """Return the message of a row."""
    return Outgoing(
        channel_id=row.channel_id,
        nonce=row.nonce,
        content=row.content,
        filename=row.filename,
        attachment=row.attachment,
        made_at=row.made_at,
        tails=tails(row.tails),
        through=row.through,
        parts=row.parts,
    )


def tails(text: str) -> dict[int, DeliveredTail]:
    """Return the tails that a row holds, by relay id."""
    stored = cast("dict[str, Any]", json.loads(text))
    return {
        int(relay_id): DeliveredTail(b64decode(marks), datetime.fromisoformat(at) if at else None, bool(offline))
        for relay_id, (marks, at, offline) in stored.items()
    }
