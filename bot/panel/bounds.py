"""How much of what a panel sends is taken: what the largest honest one needs and no more, for anybody may run one."""

from bot.panel.asked import Operation

MIB = 2**20
PAGE_SIZES = (100, 25, 5)
"""Servers asked for on a page of the list; a smaller one follows where a page proves too long.

100 is the panel's own maximum. Real pages have some 1 KiB a server, and far more where the key's user may see many
variables and allocations.
"""
MOST_SERVERS = 5_000
MOST_PAGES = 400
"""On panels that put fewer on a page than asked for, such as 0.7 with its fixed 15."""

_LONGEST_BODY = {
    Operation.LIST: MIB,
    Operation.SERVER: MIB // 2,  # an owner sees up to some thousand allocations
    Operation.RESOURCES: 16 * 2**10,
    Operation.TICKET: 16 * 2**10,
}
_LONGEST_OTHER = 64 * 2**10  # of an error too: what it is stands first, and a debug mode's stack trace after it
LONGEST_HEADER = 24 * 2**10
_HEADERS = 32 * 2**10  # with the certificates of the TLS handshake


def longest_body(operation: Operation, status: int) -> int:
    """Return how many bytes of an answer's body are read, after decompression."""
    return _LONGEST_BODY.get(operation, _LONGEST_OTHER) if 200 <= status < 300 else _LONGEST_OTHER


def longest_transmission(operation: Operation) -> int:
    """Return how many bytes a panel may send for one request, with headers and framing."""
    body = max(longest_body(operation, 200), _LONGEST_OTHER)
    return _HEADERS + body + body // 8
