"""Encrypts what must not lie in the database readable, by authenticated encryption that can change keys."""

import zlib
from collections.abc import Sequence
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import ExitCode, StartupError
from bot.i18n import _

# Console lines shrink to a tenth even so; more effort would only cost time.
_QUICKLY = 1


class Vault:
    """Encrypts with the newest secret key and decrypts with any of them."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        """Take the Fernet keys, newest first.

        Raises:
            StartupError: there is none, or one of them is not a Fernet key.
        """
        if not secret_keys:
            raise StartupError(
                _("There is no secret key to encrypt panel keys with; set SECRET_KEYS."), exit_code=ExitCode.SECRET_KEYS
            )
        fernets = [_fernet(number, key) for number, key in enumerate(secret_keys, start=1)]
        self._fernets = fernets
        self._digests = [blake2b(key.encode()).digest() for key in secret_keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    def encrypt(self, plain: str) -> str:
        """Return the text encrypted with the newest key."""
        return self._newest.encrypt(plain.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return the plain text.

        Raises:
            StartupError: none of the keys fits; the store makes sure of that when it opens.
        """
        try:
            return self._all.decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            raise other_keys() from error

    def renew(self, encrypted: str) -> str | None:
        """Return the text encrypted anew, or None where the newest key encrypted it already.

        Raises:
            StartupError: none of the keys fits.
        """
        return None if self._is_newest(encrypted.encode()) else self.encrypt(self.decrypt(encrypted))

    def digest(self, encrypted: str | None) -> bytes:
        """Return 64 bytes that come of the secret key that encrypted this, or (None) of the newest one.

        Raises:
            StartupError: none of the keys fits.
        """
        if encrypted is None:
            return self._digests[0]
        self.decrypt(encrypted)
        fits = (_fits(fernet, encrypted.encode()) for fernet in self._fernets)
        return next(digest for digest, fit in zip(self._digests, fits, strict=True) if fit)

    def seal(self, plain: bytes) -> bytes:
        """Return bytes packed and encrypted with the newest key."""
        return self._newest.encrypt(zlib.compress(plain, _QUICKLY))

    def unseal(self, sealed: bytes) -> bytes | None:
        """Return the plain bytes; None where none of the keys fits: for what can be done without."""
        try:
            return zlib.decompress(self._all.decrypt(sealed))
        except (InvalidToken, zlib.error):
            return None

    def reseal(self, sealed: bytes) -> bytes:
        """Return sealed bytes encrypted anew; as they are where that need not be, or no key fits."""
        plain = None if self._is_newest(sealed) else self.unseal(sealed)
        return sealed if plain is None else self.seal(plain)

    def _is_newest(self, encrypted: bytes) -> bool:
        return _fits(self._newest, encrypted)


def _fits(fernet: Fernet, encrypted: bytes) -> bool:
    try:
        fernet.decrypt(encrypted)
    except InvalidToken:
        return False
    return True


def other_keys() -> StartupError:
    """Return the error for stored things that none of the secret keys opens."""
    return StartupError(
        _(
            "What is stored, panel keys or lines that wait, was encrypted with other secret keys: put the former ones"
            " back (in SECRET_KEYS, or as the key file beside the database), behind the new ones if there are any."
        ),
        exit_code=ExitCode.SECRET_KEYS,
    )


def _fernet(number: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # The cause is left out on purpose: its traceback would carry the key.
        raise StartupError(
            _(
                "Secret key number {number} is not a Fernet key (44 characters of URL-safe base64): correct SECRET_KEYS"
                " or the key file beside the database."
            ).format(number=number),
            exit_code=ExitCode.SECRET_KEYS,
        ) from None
