"""Opens http and https addresses; the only room to import requests."""

from store.transports.http.errors import HTTPRequestError
from store.transports.http.transport import HttpTransport

__all__ = ["HTTPRequestError", "HttpTransport"]
