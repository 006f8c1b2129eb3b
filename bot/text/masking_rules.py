r"""What is masked, as data: each rule with a line beside it in which it finds something. Read this first.

To add a rule: add a row with an example. The tests see to it that the row finds its example, that it is needed for it,
and that ordinary lines of many games stay as they are. Patterns are bounded in every repetition, so that time stays
linear in a line's length; what may be longer than its bound goes on in `bot.text.secrets`.
"""

from typing import NamedTuple

from bot.api_keys import PREFIX
from bot.text.setting_names import LOG_IN, NAME, OF_ANY_LOG_IN, OF_LOG_IN_PLUGIN, SECRET_KEY, SETTING, SIGNS


class Rule(NamedTuple):
    """One kind of secret."""

    kind: str
    """The word of the mark: key, token, secret, mail or ip."""
    example: str
    """A line with a secret that this rule finds; what it finds stands between two `§`, which are not in the line."""
    signs: tuple[str, ...]
    """In lower case: a line without any of them holds none of these secrets."""
    pattern: str
    """Has the group `it`: what is masked."""
    random: bool = False
    """Whether only what looks like no plain word counts (see `bot.text.secrets`), as words may stand there as well."""
    looks: str = ""
    """In place of signs: a pattern, cheaper than the other, that a line with such a secret has a match of."""
    goes_on: str = ""
    """Characters of which more may follow where the pattern's bound was reached."""


_VALUE_END = r"\s,;&\"'<>()\[\]{}‹›"
_BARE = rf"[^{_VALUE_END}]{{1,512}}"
_VALUE = rf"(?:\"[^\"]{{1,512}}\"|'[^']{{1,512}}'|(?:(?:bearer|basic|bot|token|digest)\s{{1,4}})?{_BARE})"
# Nothing but this may follow the one value of a command; a value that is too long to see its end counts as well.
_AT_END = rf"(?:(?=[\"'`)\]]{{0,3}}\s{{0,8}}(?:$|;|(?<=\s)[-+]{{1,2}}[a-z]|(?<=\s)//))|(?<=[^{_VALUE_END}]{{512}}))"
# What stands behind a command's name in a sentence about it, or in its usage.
_NO_ARGUMENT = r"(?![<\[{(][\w .|:-]{1,40}[>\]})]|(?:is|are|was|will|or|and|before|command|with)\s|HTTP/)"
_SLASH = r"/(?<![\w./]/)(?<!GET /)(?<!POST /)(?<!HEAD /)(?<!PUT /)"

SECRETS = (
    # --- keys and tokens of services, wherever they stand
    Rule(
        "key",
        "key §ptlc_AbCdEfGhIjKlMnOp0123§ is used",
        ("ptl", "papp_", "pacc_", "peli_", "plcn_"),
        rf"(?<![^\W_])(?P<it>{PREFIX}[A-Za-z0-9]{{8,}})",
    ),
    Rule(
        "key",
        "set sv_licenseKey §cfxk_1AbCdEfGhIjKlMnOpQrSt_2uVwXy§ ok",
        ("cfxk_",),
        r"(?P<it>cfxk_[A-Za-z0-9]{8,}(?:_[A-Za-z0-9]{1,64})?)",
    ),
    Rule(
        "token",
        "jwt §eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl§ end",
        ("eyj",),
        r"(?<![\w-])(?P<it>eyJ(?:[\w-]{512,}|[\w-]{5,}\.[\w-]{5,})(?:\.[\w-]*)?(?:\.[\w-]*){0,2})",
    ),
    Rule(
        "token",
        "logs in with §MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz01234§",
        (),
        r"(?<![\w-])(?P<it>[\w-]{24,28}\.[\w-]{6}\.[\w-]{27,64})(?![\w-])",
        looks=r"\.[\w-]{6}\.[\w-]{27}",
    ),
    Rule(
        "token",
        "https://§ghp_abcdefghijklmnopqrstuvwxyz0123§@github.com/x/y.git",
        ("gh", "glpat", "sk-", "sk_", "rk_", "xox", "whsec_", "npm_", "pypi-", "hf_", "dop_v1_", "tskey-", "shpat_"),
        r"(?<![\w-])(?P<it>(?:gh[opsur]|github_pat|glpat|[sr]k|xox[abepr]|whsec|npm|pypi|hf|dop_v1|tskey|shpat)[_-]"
        r"[\w-]{20,})",
    ),
    Rule(
        "token",
        "key id §AKIAIOSFODNN7EXAMPLE§ used",
        ("akia", "asia"),
        r"(?<!\w)(?P<it>A(?:KIA|SIA)[A-Z0-9]{16})(?!\w)",
    ),
    Rule(
        "token",
        "maps §AIzaSyA1234567890abcdefghijklmnopqrstuv§ ok",
        ("aiza",),
        r"(?<![\w-])(?P<it>AIza[\w-]{35})(?![\w-])",
    ),
    Rule(
        "token",
        "GET api.telegram.org/bot§123456789:AAExampleMadeUpForThisCase_0123456-§/getMe",
        (":aa",),
        r"(?<!\d)(?P<it>\d{6,12}:AA[\w-]{30,64})",
    ),
    Rule(
        "token",
        "https://discord.com/api/webhooks/12345/§AbCdEfGhIjKlMnOpQrSt§",
        ("webhooks/",),
        r"(?i:webhooks/[\w-]{1,40}/)(?P<it>[\w-]{16,})",
    ),
    Rule(
        "token",
        "POST https://hooks.slack.com/services/§T00000000/B00000000/XyzXyzXyzXyzXyzXyz§ failed",
        ("hooks.slack.com/",),
        r"(?i:hooks\.slack\.com/[a-z]{1,20}/)(?P<it>[\w/-]{16,})",
    ),
    Rule(
        "token",
        "sent bearer §abcdef0123456789§",
        ("bearer",),
        r"(?i:(?<![a-z])bearer\s{1,4})(?P<it>[\w.~+/=-]{12,})",
    ),
    # --- settings with their values
    Rule(
        "secret",
        "rcon.password=§hunter2§ ok",
        SIGNS,
        rf"{SETTING}(?i:(?:[_-][a-z]{{1,20}})?[\"']?\s{{0,4}}(?:is)?[=:]\s{{0,4}}(?P<it>{_VALUE}))",
        goes_on=rf"[^{_VALUE_END}]",
    ),
    Rule(
        "secret",
        "java +rcon.password §hunter§ +map x",
        SIGNS,
        rf"(?i:(?<![\w-])[-+]{{1,2}}[\w.-]{{0,40}}{SETTING}\s{{1,4}}(?P<it>{_VALUE}))",
        goes_on=rf"[^{_VALUE_END}]",
    ),
    Rule(
        "secret",
        'sv_password §"two words"§ // for those who join',
        SIGNS,
        rf"{SETTING}(?:[\"']?\s{{1,4}}(?P<it>\"[^\"]{{1,512}}\"))",
    ),
    Rule(
        "secret",
        "> rcon_pw §hunter§",  # a console is a terminal: it echoes what is typed
        SIGNS,
        rf"(?i:(?:^|[>\]$#:\"'`/|]|\bset[asur]?\s)\s{{0,2}}[\w.-]{{1,40}}?{NAME}\s{{1,4}}(?P<it>{_BARE}){_AT_END})",
        goes_on=rf"[^{_VALUE_END}]",
    ),
    Rule(
        "secret",
        "now sv_setsteamaccount §0123456789ABCDEF§",
        SIGNS,
        rf"{NAME}\s{{1,4}}(?P<it>{_BARE})(?i:{_AT_END})",
        random=True,
        goes_on=rf"[^{_VALUE_END}]",
    ),
    Rule(
        "secret",
        ": password §hunter§",
        ("passw",),
        rf"(?i:^\W{{0,8}}passw(?:or)?d\s{{1,4}}(?P<it>{_BARE}){_AT_END})",
        goes_on=rf"[^{_VALUE_END}]",
    ),
    Rule(
        "secret",
        "/tebex secret §0123456789abcdef01234567§",
        ("secret", "token", "license", "licence", "key"),
        rf"(?i:(?<!\w)(?:secret|token|licen[cs]e|authtoken|{SECRET_KEY})\s{{1,4}}[\"'`]?(?P<it>[\w-]{{20,512}}))",
        random=True,
        goes_on=r"[\w-]",
    ),
    # --- passwords that are told
    Rule(
        "secret",
        "Your new password is §hunter2§, keep it",
        ("password", "passphrase", "passcode"),
        r"(?i:(?<![a-z])pass(?:word|phrase|code)\s{1,4}(?:for\s{1,4}\S{1,64}\s{1,4})?"
        r"(?:(?:has|have) been\s)?(?:is|was|to|set to|changed to|reset to):?\s{1,4}"
        r"(?P<it>\"[^\"]{1,256}\"|'[^']{1,256}'|[^\s,;]{1,256}))",
        random=True,
        goes_on=r"[^\s,;]",
    ),
    Rule(
        "secret",
        "A temporary password is generated for root@localhost: §Xy7k!Qz12§",
        ("password",),
        r"(?i:password\s[^:]{0,60}generated[^:]{0,80}:\s{1,4}(?P<it>[^\s,;]{1,256}))",
        random=True,
        goes_on=r"[^\s,;]",
    ),
    Rule(
        "secret",
        "Generated admin password §Xy7kQz12pLmN§",
        ("password",),
        r"(?i:(?:generated|temporary|random|initial|default|new)\s(?:[\w@.-]{1,40}\s){0,3}password\s{1,4}(?P<it>[^\s,;]{1,256}))",
        random=True,
        goes_on=r"[^\s,;]",
    ),
    Rule(
        "secret",
        "Cookie: §session=abc123def456; theme=dark§",
        ("cookie:",),
        r"(?i:cookie:\s{0,4}(?P<it>[\w.-]{1,64}=\S.{0,255}))",
        goes_on=".",
    ),
    # --- what is typed
    Rule(
        "secret",
        "Bob issued server command: /authme:login §hunter2§",
        ("/",),
        rf"{_SLASH}(?i:(?:[\w-]{{1,30}}:)?(?:{LOG_IN}|{OF_ANY_LOG_IN})\s{{1,4}}{_NO_ARGUMENT}(?P<it>\S.{{0,255}}))",
        goes_on=".",
    ),
    Rule(
        "secret",
        "> authme register §Alice hunter2§",
        ("auth", "login"),
        rf"(?i:^\W{{0,8}}{OF_LOG_IN_PLUGIN}\s{{1,4}}{_NO_ARGUMENT}(?P<it>\S.{{0,255}}))",
        goes_on=".",
    ),
    Rule(
        "secret",
        "./steamcmd.sh +login mysteam §hunter2§ +app_update 1",
        ("+login", "steam>"),
        r"(?i:(?:\+|steam>\s{0,2})login\s{1,4}[^\s+-]\S{0,64}\s{1,4}(?P<it>[^\s+-]\S{0,256}(?:\s{1,4}[^\s+-]\S{0,64})?))",
    ),
    Rule(
        "secret",
        "mysql -u root -p§hunter2§",
        ("mysql", "mariadb"),
        r"(?i:(?<!\w)(?:mysql|mariadb)[\w.-]{0,20}\s(?:[^\s|;]{1,64}\s){0,8}?-p)(?P<it>[^\s|;]{1,256})",
        goes_on=r"[^\s|;]",
    ),
    # --- URLs
    Rule(
        "token",
        "https://s3.example/b?X-Amz-Signature=§0123abcd§&x=1",
        ("?", "&", ";"),
        r"[?&;](?i:(?:[\w.-]{0,40}[_-])?(?:key|sig|signature|credential|auth|jwt|ticket|session|sid|code)=)"
        r"(?P<it>[^\s&;#\"'<>]{6,512})",
        goes_on=r"[^\s&;#\"'<>]",
    ),
    Rule("secret", "mysql://root:§hunter2§@db/x", ("://",), r"(?<=://)[^\s/@:]{0,64}:(?P<it>[^\s/]{1,256})(?=@)"),
    # --- persons
    Rule(
        "mail",
        "mail to §Jane.Doe+x@example.co.uk§!",
        ("@",),
        # `name@4.1.97.Final` is a version, `git@host:path` a place.
        r"(?<![\w.+%-])(?!(?:git|hg|svn)@)(?P<it>[\w.+%-]{1,64}@(?!\d{1,5}\.\d)(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24})(?![\w-])",
    ),
    Rule(
        "ip",
        "lookup of §1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2§.ip6.arpa",
        (".ip6.arpa",),
        r"(?i:(?<![\w.])(?P<it>(?:[0-9a-f]\.){15,31}[0-9a-f])(?=\.ip6\.arpa))",
    ),
)  # fmt: skip
