"""What is known of a resource before it is here."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import attrs
import pytest

from store.backends.base import DigestedResource, ResourceInfo, digests_of, uid_of
from store.backends.resources import filename_of, size_of
from store.errors import DigestError
from store.integrity.digest import Digest

CONTENT = b"a content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = hashlib.sha512(CONTENT).hexdigest()


@attrs.frozen
class Named(DigestedResource):
    """A resource with a field of its own."""

    path: Path = attrs.field(kw_only=True)


@attrs.frozen
class Choosy(DigestedResource):
    """A resource that verifies in a way of its own."""

    def verify(self, resource_path: str) -> bool:
        """Accept only one name."""
        return resource_path.endswith("right")


class Old(ResourceInfo):
    """A resource written for e3-core, with a method where there is a property now."""

    def uid(self) -> str:  # type: ignore[override]
        """Return the identity."""
        return "old"

    def verify(self, resource_path: str) -> bool:
        """Accept anything."""
        del resource_path
        return True


def test_several_digests_are_one_uid_in_whichever_order_they_come() -> None:
    """The strongest digest comes first in the uid, however they were given."""
    one = DigestedResource([f"sha256:{SHA256}", f"sha512:{SHA512}"])
    other = DigestedResource({"sha512": SHA512.upper(), "sha256": SHA256})

    assert one.uid == other.uid == f"sha512:{SHA512}+sha256:{SHA256}"


def test_all_digests_must_match(tmp_path: Path) -> None:
    """One right digest does not make up for a wrong one."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)

    right = DigestedResource([f"sha256:{SHA256}", f"sha512:{SHA512}"])
    half = DigestedResource([f"sha256:{SHA256}", f"sha512:{'0' * 128}"])

    assert right.verify(str(path))
    assert not half.verify(str(path))


def test_a_size_that_differs_does_not_verify(tmp_path: Path) -> None:
    """An announced size is part of what is verified."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)

    resource = DigestedResource(f"sha256:{SHA256}", size=len(CONTENT) + 1)

    assert not resource.verify(str(path))


@pytest.mark.parametrize("kind", ["missing", "directory", "nul"])
def test_what_is_no_readable_file_does_not_verify(kind: str, tmp_path: Path) -> None:
    """Verify says no where there is nothing to read; it raises nothing."""
    path = {"missing": tmp_path / "none", "directory": tmp_path, "nul": tmp_path / "a\0b"}[kind]

    assert DigestedResource(f"sha256:{SHA256}").verify(str(path)) is False


def test_a_resource_without_digests_is_refused() -> None:
    """What is known by its digests needs one."""
    with pytest.raises(DigestError, match="at least one"):
        DigestedResource(())


def test_a_weak_digest_alone_is_refused() -> None:
    """SHA-1 does not make an identity."""
    with pytest.raises(DigestError, match="too weak"):
        DigestedResource("sha1:" + "0" * 40)


def test_a_subclass_adds_fields_and_keeps_its_digests() -> None:
    """The digests of a subclass are its identity as well."""
    resource = Named(Digest("sha256", SHA256), path=Path("x"), filename="x", size=9)

    assert digests_of(resource) == (Digest("sha256", SHA256),)
    assert (filename_of(resource), size_of(resource)) == ("x", 9)
    assert pickle.loads(pickle.dumps(resource)) == resource


def test_a_resource_that_verifies_by_itself_is_not_known_by_its_digests() -> None:
    """Digests decide only where nobody redefined verify."""
    assert digests_of(Choosy(f"sha256:{SHA256}")) == ()


def test_a_uid_may_be_a_method_as_old_drivers_wrote_it() -> None:
    """Both spellings give the uid, and such a resource has neither name nor size."""
    old = Old()

    assert uid_of(old) == "old"
    assert (digests_of(old), filename_of(old), size_of(old)) == ((), None, None)


def test_addresses_are_not_shown() -> None:
    """A secret in an address stays out of the repr."""
    resource = DigestedResource(f"sha256:{SHA256}", urls=["https://u:secret@host/x"])

    assert "secret" not in repr(resource)
