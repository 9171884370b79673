"""The fake CDCS has the habits of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from store.testing.curators import FakeCurator

WHO = ("admin", "admin")


@pytest.fixture
def curator() -> Iterator[FakeCurator]:
    """A server."""
    with FakeCurator() as made:
        yield made


def posted(curator: FakeCurator, path: str, **fields: Any) -> requests.Response:
    """Post a form."""
    return requests.post(f"{curator.url}/{path}", data=fields, auth=WHO, timeout=5)


def document(curator: FakeCurator) -> str:
    """Add a record of a template, and return its content as it is kept."""
    content = "<release><pid/><title>a-v1</title></release>"
    fields = {"title": "a", "template": 1, "content": content}
    kept: str = posted(curator, "rest/data/", **fields).json()["content"]
    return kept


def test_identifiers_go_silent_with_a_second_path(curator: FakeCurator) -> None:
    """Nobody can say which of the two is meant."""
    posted(curator, "rest/template/global/", title="t", filename="t.xsd", content="<a/>")
    for minted in (False, True, False):
        assert ("/pid/rest/local/" in document(curator)) is minted
        path = f"{curator.url}/pid/rest/settings/path/"
        requests.post(path, json={"template": 1, "path": "release.pid"}, auth=WHO, timeout=5)


def test_answers_come_in_pages_of_ten(curator: FakeCurator) -> None:
    """A title may stand more than once; a dollar is refused."""
    posted(curator, "rest/template/global/", title="t", filename="t.xsd", content="<a/>")
    for _ in range(11):
        document(curator)

    first = posted(curator, "rest/data/query/", query="{}").json()
    second = posted(curator, "rest/data/query/?page=2", query="{}").json()
    refused = posted(curator, "rest/data/query/", query=json.dumps({"a": "/b$/"}))

    assert (first["count"], len(first["results"]), len(second["results"])) == (11, 10, 1)
    assert first["next"] is not None
    assert second["next"] is None
    assert refused.status_code == 500


def test_what_is_unknown_is_not_found(curator: FakeCurator) -> None:
    """And who is unknown is told so; an empty file is refused."""
    missing = ("rest/data/9/", "rest/blob/download/9/", "nowhere")

    found = [requests.get(f"{curator.url}/{one}", auth=WHO, timeout=5) for one in missing]
    nobody = requests.get(f"{curator.url}/rest/workspace/", timeout=5)
    empty = requests.post(
        f"{curator.url}/rest/blob/", files={"blob": ("a", b"")}, auth=WHO, timeout=5
    )

    assert [one.status_code for one in found] == [404] * 3
    assert nobody.status_code == 401
    assert "empty" in empty.text
    changed = requests.patch(f"{curator.url}/rest/data/9/", data={}, auth=WHO, timeout=5)
    assert changed.status_code == 404


def test_only_staff_create_templates() -> None:
    """Others are forbidden to."""
    with FakeCurator(users={"ada": "lovelace"}) as curator:
        answer = requests.post(
            f"{curator.url}/rest/template/global/", auth=("ada", "lovelace"), timeout=5
        )

    assert answer.status_code == 403
