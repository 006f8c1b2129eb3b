"""How long the console session waits for what; every figure in seconds, so that tests can scale time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsoleTiming:
    """Real-life figures by default. The limits of Wings they respect stand in `router/websocket/limiter.go`."""

    # Opening
    open_timeout: float = 10.0
    """For the connection and the handshake, per address."""
    close_timeout: float = 0.5
    """For the closing handshake; afterwards the connection is cut."""

    # Authentication
    auth_timeout: float = 10.0
    """For the answer to `auth`; Wings drops throttled messages silently."""
    auth_spacing: float = 5.0
    """Between two `auth` on one connection: Wings refills one each 5 s."""
    boot_second: float = 1.1
    """After a handshake, before a ticket is fetched in place of a denied one: tickets carry whole seconds, and Wings
    compares them with the very moment it started or revoked them, so one of the same second is denied as well."""
    ticket_settled: float = 3.0
    """A denied ticket that was fetched so long after the handshake speaks for clocks that differ."""
    refusal_grace: float = 2.0
    """During a renewal, for how long a refusal may still be followed by `auth success`: it may be an older one."""
    renew_debounce: float = 5.0
    """After an accepted renewal, how long `jwt error` is taken for an echo of the old token."""

    # Tickets
    ticket_reserve: float = 60.0
    """A cached ticket is used again while more than this remains. A ticket younger than this counts as fresh."""
    renew_before: float = 90.0
    """Renewal on our own clock, this long before the ticket ends; earlier than Wings' own warning."""
    renew_jitter: float = 20.0
    """Up to this much earlier still, so that many servers do not renew at once."""
    renew_retry: float = 15.0
    """Between two tries of a renewal that failed."""
    ticket_window: float = 60.0
    ticket_fetches: int = 5
    """At most so many tickets per window and server: the panel's limit, shared with the owner's browser."""
    rate_limited_wait: float = 60.0
    """After a 429 no ticket is asked for at least this long."""

    # Reconnecting
    backoff_soon: float = 0.25
    """The first try after a connection that was healthy: a busy console prints more than a history in two seconds."""
    backoff_first: float = 1.0
    backoff_cap: float = 20.0
    """With a ticket at hand a try costs one connection, and people watch the channel of a node that comes back."""
    healthy_after: float = 1.0
    """A connection must have lasted this long and been live for the next loss to start again at `backoff_soon`."""
    recheck: float = 60.0
    """While parked, the panel is asked about this often."""
    linger: float = 20.0
    """How long a session outlives its last listener, so that commands in a row use one socket."""

    # Keeping alive
    ping_interval: float = 20.0
    """A node that was silent for so long is asked for a sign of life."""
    ping_timeout: float = 20.0
    """How long it may take to give one."""
    resync: float = 60.0
    """Between two `send stats`: Wings may drop any event for a slow reader, `status` included."""
    status_trust: float = 3.0
    """After a `status` event, how long a different state in `stats` is taken for an older one overtaken."""

    # History
    status_wait: float = 0.5
    """For the first `status`, which tells whether there is a history to ask for."""
    history_wait: float = 1.0
    """For the first line of the history."""
    history_quiet: float = 0.25
    """A pause this long ends the history: it has no end marker. Before known lines have come it has not begun."""
    history_enough: float = 0.5
    """After this long the history ends as soon as its full number of lines has come, pause or not."""
    history_bound: float = 3.0
    """The history ends after this long in any case: a busy server never pauses."""
    throttle_look: float = 0.5
    """Between two looks whether a console whose lines Wings dropped has calmed down."""
    throttle_patience: float = 10.0
    """So long it may take to calm down before listeners are told that lines are missing."""
    throttle_rest: float = 10.0
    """Between two questions for the end of what was dropped."""
    restart_margin: float = 5.0
    """Two start times, computed from `uptime`, that differ by more are two runs of the server."""
