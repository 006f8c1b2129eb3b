"""Names that secrets stand behind: of settings, and of commands that log players in."""

# Chat is full of "the secret: ..." and "token: ...": alone and before a plain word they are no more than words.
_TALK = r"(?!\s?:\s{1,4}[^\W\d_]{1,20}(?:[\s'’,.!?]|$))"


def _any_of(*words: str) -> str:
    """Return one pattern of patterns that begin with a small letter, which is looked for first, for that is fast.

    They match in upper case too, so that what stands before them is looked at when they are read.
    """
    letters = "".join(sorted({word[0] for word in words}))
    return f"[{letters}{letters.upper()}](?i:" + "|".join(f"(?<={word[0]}){word[1:]}" for word in words) + ")"


# Whose passes are passwords: a BoarPass, a compass and a bypass are none.
_WHOSE = (
    "root", "admin", "user", "db", "database", "server", "rcon", "sql", "ftp", "mail", "smtp", "master", "super",
    "owner", "host", "game", "join", "login", "auth", "bot", "web", "http", "proxy", "redis", "steam", "client",
    "private", "spectator", "telnet", "query", "account", "player", "session", "op", "mod",
)  # fmt: skip
_HIS = "|".join(f"(?<={who}{gap}pass)" for who in _WHOSE for gap in ("", " "))
_HIS_PASS = f"pass(?![a-z])(?:(?<=[_-]pass)|{_HIS})"
_KEYS = tuple(f"{whose}[_-]?key" for whose in ("api", "access", "private", "auth", "licen[cs]e", "rcon", "secret"))
_PW = r"pw(?![a-z])(?:(?<=[_.-]pw)|(?<=rconpw))"

SECRET_KEY = f"(?:{'|'.join(_KEYS)})"
"""A key that is a secret, in small letters."""

SETTING = _any_of(
    r"pass(?:word|wd|phrase|code)",
    _HIS_PASS,
    r"pass(?==)(?<!\wpass)",
    r"pwd(?<![a-z]pwd)",
    _PW,
    r"pw(?<![a-z]pw)(?=\s?[:=])",
    *(
        word + _TALK
        for word in (r"passwort", r"passe(?<=mot de passe)", r"kennwort", r"contrase(?:ñ|n)a", r"senha", r"пароль")
    ),
    *_KEYS,
    *(key.replace("[_-]?", " ") + _TALK for key in _KEYS),
    r"secret(?<=[\w-]secret)",
    rf"secret(?<!\wsecret){_TALK}",
    r"token(?<=[_-]token)",
    r"token(?<=[a-z]token)(?<!publickeytoken)(?![a-z])",  # .NET names its libraries by a public one
    rf"token(?<![a-z]token){_TALK}",
    "authtoken",
    "authorization",
    "setsteamaccount",
    "gslt",
)
"""The end of a setting's name, behind which its secret stands after a `:` or `=`."""

NAME = (
    _any_of(
        r"passw(?:or)?d(?:(?<=[\w.-]password)|(?<=[\w.-]passwd))",
        r"pass(?:(?<=[_.]pass)|(?-i:(?<=[a-z]Pass)))",
        _PW,
        r"pw(?-i:(?<=[a-z]Pw))",
        *_KEYS,
        r"secret(?:(?<=[_.]secret)|(?-i:(?<=[a-z]Secret)))",
        r"token(?:(?<=[_.]token)|(?-i:(?<=[a-z]Token)))",
        "setsteamaccount",
    )
    + r"(?![\w-])"
)
"""The end of a setting's name that is no word of a language, so that a blank is enough between it and its secret."""

SIGNS = (
    "pass",
    "secret",
    "token",
    "key",
    "pw",
    "authorization",
    "account",
    "gslt",
    "kennwort",
    "contrase",
    "senha",
    "пароль",
)
"""One of these stands in each of those names."""

LOG_IN = (
    r"(?:log(?:in|ar)?|l|entrar|(?:un)?reg(?:ister|istrar|istro)?|change_?pass(?:word)?|changepw|cp|set_?pass(?:word)?"
    r"|pass(?:word|wd)|2fa(?:auth|confirm|code)?|totp)"
)
"""A command that passwords are typed behind."""

_PLUGIN = r"authme|[a-z]login|open-?login|libre-?login|login-?security|easy-?auth|xauth"
_OF_IT = (
    r"\s{1,4}(?:user\s{1,4})?(?:(?:un)?reg(?:ister)?|force_?login|change-?pass(?:word)?|pass(?:word|-change)?"
    r"|set-?pass(?:word)?|cp|code|confirm|verify|update|login|l|add|setglobalpassword|recover)"
)

OF_LOG_IN_PLUGIN = f"(?:(?:{_PLUGIN}){_OF_IT})"
"""A plug-in's command with one of its own, for the same."""

OF_ANY_LOG_IN = f"(?:(?:{_PLUGIN}|login|auth|account|email|mail|2fa|totp|user){_OF_IT})"
"""The same, of what is a word of a sentence as well: only a slash tells."""
