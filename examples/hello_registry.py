"""Downloads a real file once, keeps it in a registry, and opens it from there.

Run it twice: the second time nothing is downloaded. An address may be given as an argument. What cannot
be downloaded is told in a line, and the exit status is that of the error (8 without a network).
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile

import store.registry as cm
from store.errors import StoreError
from store.registry.freshness import provenance
from store.transports.base import TransferOptions
from store.transports.receiving import receive

URL = "https://www.rfc-editor.org/rfc/rfc2119.txt"


def main(url: str = URL, directory: str = "./my_cache") -> None:
    """Bring the file here unless it is here, and show its first line that is not empty."""
    with cm.Cache(path=directory) as cache:
        item = cache.best_or_new(url, attrs={"kind": "example"})
        if item.status is cm.Status.WRITE:
            with tempfile.TemporaryDirectory() as scratch, item.writing() as file:
                received = receive(url, scratch, options=TransferOptions())
                file.write(received.path.read_bytes())
            item.update(
                attrs=provenance(
                    url,
                    etag=received.etag,
                    last_modified=received.last_modified,
                    fetched_at=dt.datetime.now(dt.UTC),
                )
            )
            print("downloaded:", item.path)
        else:
            print("kept:", item.path)
        with item.open(encoding="utf-8") as opened:
            print(next(line.strip() for line in opened.result if line.strip()))
        print(item, item.size, item.digest, item.attrs.get("fetched_at"))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except StoreError as error:
        print(f"hello_registry: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
