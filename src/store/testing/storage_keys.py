"""What the suite of object stores says of keys and listings."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

from typing import Final

from store.errors import StoreError
from store.testing.deviations import Suite
from store.testing.storage_objects import content
from store.transports.objects.base import ObjectClient

ODD: Final = (
    "a",
    "a/",
    "A",
    "a ",
    " a",
    "a//b",
    "/a",
    "../a",
    "./a",
    "a%20b",
    "a+b",
    "a?b#c&d=e",
    "a\\b",
    "a<b>'\"",
    "ä",
    "a\u0308",
    "\U0001f600",
    ".a",
    "a.",
    "...",
    "x" * 200,
)
"""Keys that differ by what one may lose, and those that would lead elsewhere as paths."""


class KeyTests(Suite, suite=True):
    """Which keys there are, and that each is itself."""

    def test_a_listing_is_in_order(self, client: ObjectClient) -> None:
        """With size and tag, without metadata; all of a bucket where no prefix is given."""
        etags = {key: client.put(key, key.encode()).etag for key in ("b", "a/2", "a/10", "a-", "B")}

        listed = list(client.list())

        assert [meta.key for meta in listed] == sorted(etags)
        assert {meta.key: meta.etag for meta in listed} == etags
        assert [meta.size for meta in listed] == [len(meta.key) for meta in listed]
        assert {meta.metadata for meta in listed} == {None}

    def test_a_prefix_is_a_text(self, client: ObjectClient) -> None:
        """Not a path: ``data`` is the beginning of ``data2/x`` too, and ``data/`` is not."""
        for key in ("data/a", "data/b/c", "data2/x", "dat", "other"):
            client.put(key, b"")

        def listed(prefix: str) -> list[str]:
            """Return the keys below a prefix."""
            return [meta.key for meta in client.list(prefix)]

        assert listed("data/") == ["data/a", "data/b/c"]
        assert listed("data") == ["data/a", "data/b/c", "data2/x"]
        assert listed("dat") == ["dat", "data/a", "data/b/c", "data2/x"]
        assert listed("data/b/c") == ["data/b/c"]
        assert listed("data/b/c/") == listed("nothing/") == []

    def test_a_listing_goes_on_behind_a_key(self, client: ObjectClient) -> None:
        """The key itself need not be there."""
        for key in ("data/a", "data/b", "data/c", "data/d"):
            client.put(key, b"")

        assert [meta.key for meta in client.list("data/", after="data/b")] == ["data/c", "data/d"]
        assert [meta.key for meta in client.list("data/", after="data/bb")] == ["data/c", "data/d"]
        assert [meta.key for meta in client.list("data/", after="data/d")] == []

    def test_an_empty_bucket_lists_nothing(self, client: ObjectClient) -> None:
        """And is no error."""
        assert list(client.list()) == []

    def test_a_key_is_itself_or_refused(self, client: ObjectClient) -> None:
        """No two are taken for one, and none is changed; what cannot be kept is an error of ours."""
        taken = {}
        for key in ODD:
            try:
                client.put(key, key.encode(), metadata={"note": "odd"})
            except StoreError:
                continue
            taken[key] = key.encode()

        assert len(taken) > len(ODD) / 2
        assert {key: content(client, key) for key in taken} == taken
        assert [meta.key for meta in client.list()] == sorted(taken)

    def test_an_odd_key_is_deleted_and_copied(self, client: ObjectClient) -> None:
        """It, and no other."""
        for key in ("a+b c%20", "a b c%20", "a+b c "):
            client.put(key, key.encode())

        client.copy("a+b c%20", "ä & ö")
        client.delete(["a+b c%20"])

        assert [meta.key for meta in client.list()] == ["a b c%20", "a+b c ", "ä & ö"]
        assert content(client, "ä & ö") == b"a+b c%20"
