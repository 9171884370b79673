"""Rules of addresses decide where is asked."""

from __future__ import annotations

import pytest

from store.config.routes import Routes
from store.config.rules import Block, Mirror
from store.errors import RefusedError
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.opening import transport_for
from store.transports.routing import refusal, refuse, ways

FIRST = Mirror("https://host/**", "https://first/host/**")
SECOND = Mirror("https://*/**", "https://second/*/**")


def asked(*addresses: str, routes: Routes, pinned: bool = True) -> list[str]:
    """Return which addresses are asked, in order."""
    return [way.address for way in ways(addresses, routes, pinned=pinned)]


def test_mirrors_come_first_in_the_order_of_the_rules() -> None:
    """The address itself is asked when all of them have failed."""
    routes = Routes(mirrors=(SECOND, FIRST))

    assert asked("https://host/a/b", routes=routes) == [
        "https://second/host/a/b",
        "https://first/host/a/b",
        "https://host/a/b",
    ]


def test_several_addresses_have_their_mirrors_asked_before_them() -> None:
    """Each is asked once, whoever leads to it; the file keeps the name that the driver knows."""
    routes = Routes(mirrors=(FIRST,))

    found = ways(["https://host/a", "https://first/host/a", "./b"], routes)

    assert [way.address for way in found] == ["https://first/host/a", "https://host/a", "./b"]
    assert found[0].original == "https://host/a"


def test_no_secret_of_an_address_goes_to_its_mirror() -> None:
    """User, password and query were given to another origin."""
    routes = Routes(mirrors=(FIRST,))

    mirrored, original = asked("https://user:pass@host/a?token=x", routes=routes)

    assert mirrored == "https://first/host/a"
    assert original == "https://user:pass@host/a?token=x"


def test_without_a_digest_only_believed_mirrors_count() -> None:
    """Nothing would tell what another server gives; a query may name the resource."""
    believed = FIRST._replace(unpinned=True)
    routes = Routes(mirrors=(SECOND, believed))

    assert asked("https://host/a", routes=routes, pinned=False) == [
        "https://first/host/a",
        "https://host/a",
    ]
    assert asked("https://host/a?b", routes=routes, pinned=False) == ["https://host/a?b"]


def test_what_is_refused_is_left_out_where_something_else_is_there() -> None:
    """A blocked origin with a mirror costs no attempt, and alone it tells why it is refused."""
    routes = Routes(mirrors=(FIRST,), block=(Block("https://host/**"),))

    assert asked("https://host/a", routes=routes) == ["https://first/host/a"]
    assert asked("https://host/a", routes=routes, pinned=False) == ["https://host/a"]


def test_a_mirror_may_stand_for_its_origin_alone() -> None:
    """``only`` keeps the address itself from being asked, whoever asks."""
    routes = Routes(mirrors=(FIRST._replace(only=True),))

    assert asked("https://host/a", routes=routes) == ["https://first/host/a"]
    with pytest.raises(RefusedError, match="pin a digest") as raised:
        refuse("https://host/a", routes)
    assert raised.value.limit == "only"


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("https://host/web/2020/https://other/a", None),
        ("https://host/web/2020/https:/other/a", "allow"),
        ("https://host//web/2020/https://other/a", "allow"),
        ("https://host//x/a", "allow"),
        ("https://host/x/a", None),
    ],
)
def test_slashes_in_a_row_allow_nothing_more(address: str, limit: str | None) -> None:
    """Servers that take them for one, and those that do not, both show only what is allowed."""
    routes = Routes(allow=(("https://host/web/*/https://**", "https://host/*/a"),))

    found = refusal(address, routes)

    assert (found and found[0]) == limit


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("https://host/a", None),
        ("https://host/private/a", "block"),
        ("https://host/x/../private/a", "block"),
        ("https://host/%70rivate/a", "block"),
        ("https://HOST:443/private/a?x", "block"),
        ("https://host//private/a", "block"),
        ("https://host/private//a", "block"),
        ("https://host//a//b", None),
        ("https://other/a", "allow"),
        ("http://host/a", "allow"),
        ("https://host:port/a", "allow"),
        ("file:///etc/hosts", None),
        ("./a", None),
        ("/srv/a", None),
    ],
)
def test_one_place_is_refused_however_it_is_spelled(address: str, limit: str | None) -> None:
    """Files of this machine are not concerned."""
    routes = Routes(
        allow=(("https://host/**",), ("https://**/**",)), block=(Block("https://host/private/**"),)
    )

    found = refusal(address, routes)

    assert (found and found[0]) == limit


def test_the_message_of_a_block_is_told() -> None:
    """Whoever is refused reads what to do instead, and no secret."""
    routes = Routes(block=(Block("https://host/**", "use the mirror of the house"),))

    with pytest.raises(RefusedError) as raised:
        refuse("https://host/a?token=s3cret", routes)

    assert str(raised.value) == (
        "https://host/a is blocked by the settings: use the mirror of the house"
    )
    assert raised.value.exit_status == 5
    assert raised.value.url == "https://host/a"


def test_a_redirect_is_told_from_where_it_came() -> None:
    """A person who never named the place learns who did."""
    with pytest.raises(RefusedError, match=r"^https://a/x leads to https://b/y, which is blocked"):
        refuse("https://b/y", Routes(block=(Block("https://b/**"),)), redirected="https://a/x")


def test_every_transport_keeps_to_the_rules(server: Server, options: TransferOptions) -> None:
    """Whoever opens an address is refused before a connection is made."""
    blocked = options._replace(routes=Routes(block=(Block(f"{server.url}/**", "no"),)))

    with pytest.raises(RefusedError, match="blocked by the settings: no"):
        transport_for(server.serve("/a"), blocked)

    transport_for("./a", blocked)
    assert server.connections == 0


@pytest.mark.parametrize("hops", [1, 2])
def test_a_redirect_to_a_blocked_place_is_refused(
    server: Server, other: Server, options: TransferOptions, hops: int
) -> None:
    """However many steps lead there, the place itself is never asked."""
    goal = other.serve("/goal", b"data")
    for hop in range(hops):
        goal = server.redirect(f"/{hop}", goal)
    blocked = options._replace(routes=Routes(block=(Block(f"{other.url}/**", "no"),)))

    with pytest.raises(RefusedError, match=f"{server.url}/0 leads to {other.url}/goal") as raised:
        transport_for(goal, blocked).open_stream(goal)

    assert raised.value.limit == "block"
    assert other.connections == 0
