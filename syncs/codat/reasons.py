"""Why an exchange broke, in our words: what the libraries say may quote headers, and so the key."""

import http.client
import socket
import ssl
import zlib
from collections.abc import Iterator

from urllib3.exceptions import HTTPError, InvalidHeader, ProxyError

from syncs.codat.wire import TooLarge, TooLate

WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (TooLarge, "the answer is too large"),
    (TooLate, "our time for it was up"),
    (ProxyError, "the proxy did not let us through"),
    (socket.gaierror, "its name could not be found"),
    (ConnectionRefusedError, "the connection was refused"),
    (ssl.SSLCertVerificationError, "its certificate could not be verified"),
    (ssl.SSLError, "the encrypted connection failed"),
    (TimeoutError, "it took too long"),
    (ConnectionError, "the connection was cut"),
    (http.client.IncompleteRead, "the connection was cut"),
    (http.client.HTTPException, "the answer is not HTTP"),
    (InvalidHeader, "the answer is not HTTP"),
    (zlib.error, "the answer could not be unpacked"),
    (OSError, "the network failed"),
    (HTTPError, "the connection failed"),
)


def reason_of(error: BaseException) -> str:
    causes = list(_causes(error))
    for kind, words in WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return f"something unexpected happened here ({type(error).__name__})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
