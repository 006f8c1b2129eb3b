"""The demo: the real bot as a child process between the two stand-ins, and a web page to use and to disturb it all.

``program`` is the life of it all; ``scene`` the make-believe guild and game servers; ``bot_child`` keeps the bot
running; ``web`` serves the page; ``live`` tells open pages what changed; ``actions`` does what people do on the page;
``tour`` sees how far the guided tour has come; ``tally`` compares what servers print with what channels show;
``troubles`` and ``chatter`` make things happen; ``kept`` and ``tidy`` remember and forget.

The page and the program talk over one websocket, ``/live``, in JSON objects:

- the page's wishes: ``{"do": ..., "n": 7, ...}``, answered by ``{"t": "done", "n": 7, ...}`` with ``refused`` (a
  sentence: a client would not let one do that) or ``failed`` (the bot did not answer in 3 s) or what was asked for
- ``me`` (who), ``open`` (channel), ``watch`` (server), ``older`` (before), ``dismiss`` (message)
- ``slash`` (command, options by name; ids for members, roles, channels), ``suggest`` (and option, typed) gives choices
- ``click`` (message, id), ``choose`` (and values), ``submit`` (reply, values); these and ``slash`` may open a form
- ``say`` (text), ``trouble`` (what, server) gives what was told
- the program's news: ``{"t": "news", ...}``, at most one in 0.1 s, with those parts that have changed
- whole parts: ``world``, ``commands``, ``channel`` (the last messages), ``servers`` (with ``tally``), ``console``,
  ``tour``, ``bot``; all of them come when the page opens
- changes: ``messages`` (new or changed) and ``gone`` of the open channel, ``unread`` channels, ``requests`` (new ones),
  ``printed`` (lines of the watched server, and how many were ``skipped`` because they were too many)
"""
