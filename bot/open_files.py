"""How many files and sockets the process may have open: as many as the system lets it."""

from contextlib import suppress

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None

ENOUGH = 65_536


def allow_many() -> int | None:
    """Raise the limit as far as an ordinary user may; return it, None where there is none.

    The usual 1,024 is for programs that call `select`. A guild with many slow panels and consoles would use it up, and
    what opens a socket or the database for others would fail with it.
    """
    if resource is None:
        return None
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if most == resource.RLIM_INFINITY else min(most, ENOUGH)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(ValueError, OSError):  # some systems have a limit below the one they tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
