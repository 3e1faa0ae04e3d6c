"""The password of the queue's server in a file, so that it may change while everything runs."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["PasswordFile", "redis_address"]


class PasswordFile:
    """What redis' clients ask for user and password at every new connection: the file is read each time.

    Args:
        path: Of the file; blanks and line ends around the password do not count.
        user: Whose password it is; empty for the default user.
    """

    def __init__(self, path: str, *, user: str = "") -> None:
        self._path = Path(path)
        self._user = user
        self._last: str | None = None

    def get_credentials(self) -> tuple[str, ...]:
        """User and password; what the file held last where it cannot be read at the moment.

        Raises:
            OSError: When it could not be read before either.
            ValueError: Likewise, when it holds no text.
        """
        try:
            self._last = self._path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            if self._last is None:
                raise
        return (self._user, self._last) if self._user else (self._last,)


def redis_address(redis_url: str, password_file: str = "") -> dict[str, Any]:
    """The arguments of `Redis.from_url` that say where the server is and who connects.

    Args:
        redis_url: With a user and a password, or without.
        password_file: Wins over the password in the URL.
    """
    if not password_file:
        return {"url": redis_url}
    parts = urlsplit(redis_url)
    plain = redis_url.replace(f"//{parts.netloc}", f"//{parts.netloc.rpartition('@')[2]}", 1)
    return {"url": plain, "credential_provider": PasswordFile(password_file, user=unquote(parts.username or ""))}
