"""Opens http and https addresses, on requests, which no other room imports."""

from store.transports.http.errors import HTTPRequestError
from store.transports.http.transport import HttpTransport

__all__ = ["HTTPRequestError", "HttpTransport"]
