"""How long things may take: one frozen set of seconds, so that tests can scale time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PanelTiming:
    """Seconds, all of them."""

    total: float = 30.0
    """For a whole request. A panel may need 20 s when a node is slow; below 25 s that would look like failure."""
    connect: float = 10.0
    """For the name look-up, the connection and TLS together."""
    patience: float = 5.0
    """How long a request may wait or be repeated before somebody who typed a command is told why not."""
    whole_list: float = 60.0
    """For all pages of a server list together: whoever waits for it in a form is told something in good time."""
    retry_first: float = 0.2
    """Before the first repetition; doubles."""
    default_retry_after: float = 30.0
    """After a 429 that does not say when to come back: half of the panels' window."""
    key_retry_first: float = 60.0
    """From a refusal of the key to the next request that nobody waits for, of all servers together; doubles."""
    key_retry_most: float = 1800.0
    resources_fresh: float = 5.0
    """Resource usage is not asked again for this long; the panel itself answers from a 20-second cache."""
    resources_scarce: float = 20.0
    """The same where few requests are left in the panel's window."""


READS_AT_ONCE = 4
"""Concurrent reads per key: the panel's workers are shared with its human users."""
ACTIONS_AT_ONCE = 4
"""Concurrent actions per key, counted apart so that slow reads cannot hold up a power signal."""
