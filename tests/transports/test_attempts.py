"""What was tried is noted for whoever wants to know, in their thread alone."""

from __future__ import annotations

import threading

from store.transports.attempts import Attempt, note, noting, subject

ONE = Attempt("http://host/a", None, 10, 0.5)


def test_attempts_are_collected_while_the_block_runs() -> None:
    """In their order; before and after, nobody listens."""
    note(ONE)
    with noting("uid") as attempts:
        note(ONE)
        note(ONE._replace(reason="broken"))
    note(ONE)

    assert [one.reason for one in attempts] == [None, "broken"]


def test_the_innermost_collects() -> None:
    """A driver that asks another store keeps that one's attempts apart."""
    with noting("uid") as outer:
        with noting("uid") as inner:
            note(ONE)
        note(ONE._replace(received=1))

    assert [one.received for one in inner] == [10]
    assert [one.received for one in outer] == [1]


def test_another_thread_collects_for_itself() -> None:
    """Many are fetched at once."""
    with noting("uid") as attempts:
        thread = threading.Thread(target=note, args=(ONE,))
        thread.start()
        thread.join()

    assert attempts == []


def test_an_attempt_begins_at_nothing_over_one_connection() -> None:
    """Unless it says otherwise."""
    assert (ONE.resumed, ONE.connections) == (0, 1)


def test_the_thread_knows_what_it_fetches() -> None:
    """The innermost; so that events say so, whichever driver tells them."""
    told = [subject()]
    with noting("outer"):
        with noting("inner"):
            told.append(subject())
        told.append(subject())

    assert [*told, subject()] == ["", "inner", "outer", ""]
