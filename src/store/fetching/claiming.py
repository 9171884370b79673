"""What one thread of the short way asks for, and makes of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from store.addresses import public
from store.cache.claims import Claim, Claims
from store.cache.content import Content
from store.errors import ResourceNotFoundError
from store.fetching.pinned import Pinned
from store.fetching.traffic import Back, Small, Traffic
from store.integrity.digest import new_hasher
from store.transports.attempts import Attempt
from store.transports.bulk import Answer, Asked, Came
from store.transports.whole import WholeStream

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.sharing.base import SharedTier


_PATIENCE: Final = 16
"""After how many answers from a server, none of which was plain, all else is asked for in the usual way."""


class Asking:
    """What one thread asks for, and what it makes of the answers.

    Args:
        group: What is wanted, each with its place in the input.
        content: The cache's files.
        traffic: Takes what comes.
    """

    def __init__(
        self,
        group: Sequence[tuple[int, Pinned]],
        content: Content,
        traffic: Traffic,
    ) -> None:
        self._left = dict(group)
        self._making = Claims(content.layout)
        self._traffic = traffic
        self._claims: dict[int, Claim] = {}
        self._lacking: dict[int, tuple[SharedTier, ...]] = {}
        self._plain, self._odd = False, 0

    @property
    def goes_on(self) -> bool:
        """Whether anything is still wanted."""
        return self._traffic.goes_on

    def left(self) -> Iterator[tuple[int, Pinned]]:
        """Go through what nothing has come of yet, as long as it is wanted."""
        for number, pinned in list(self._left.items()):
            if not self._traffic.goes_on:
                return
            if number in self._left:
                yield number, pinned

    def lacks(self, number: int, tier: SharedTier) -> None:
        """Note that a shared tier lacks one: it is given it, once it has come from elsewhere."""
        self._lacking[number] = (*self._lacking.get(number, ()), tier)

    def shared(self, number: int, tier: SharedTier, answer: Came) -> None:
        """Take what a shared tier gave, if it is right; else it is fetched in the usual way.

        It is claimed only now: what a tier lacks costs no claim.
        """
        pinned = self._left.pop(number)
        claim = self._claimed(pinned) if _digest(pinned, answer.data) == pinned.digest.hex else None
        if claim is None:
            self._traffic.bring(Back(number))
            return
        address = public(tier.address_of(pinned.digest.hex))
        attempt = Attempt(address, None, len(answer.data), answer.seconds)
        lacking = self._lacking.pop(number, ())
        self._traffic.bring(
            Small(number, pinned, claim, answer.data, attempt, tier.address, lacking)
        )

    def hand_back(self, number: int) -> None:
        """Let one be fetched in the usual way."""
        del self._left[number]
        self._traffic.bring(Back(number))

    def wanted(self) -> Iterator[Asked]:
        """Go through what can be claimed; what is being fetched elsewhere is fetched in the usual way."""
        for number, pinned in list(self._left.items()):
            if not self._traffic.goes_on:
                return
            claim = self._claimed(pinned)
            if claim is None:
                del self._left[number]
                self._traffic.bring(Back(number))
            else:
                self._claims[number] = claim
                yield Asked(number, pinned.address)

    def tell(self, asked: Asked, answer: Answer) -> bool:
        """Take an answer; return whether to go on: not with a server that answers in no plain way at all."""
        self._plain = self._plain or answer is not None
        self._odd += not self._plain
        pinned = self._left.pop(asked.number)
        claim = self._claims.pop(asked.number)
        arrival = self._arrival(asked.number, pinned, claim, answer)
        if isinstance(arrival, Back):
            claim.release(vain=True)
        self._traffic.bring(arrival)
        return self._traffic.goes_on and self._odd < _PATIENCE

    def end(self) -> None:
        """Hand back what was not asked for, or not answered."""
        for claim in self._claims.values():
            claim.release(vain=True)
        self._claims.clear()
        for number in self._left:
            self._traffic.bring(Back(number))
        self._left.clear()

    def _claimed(self, pinned: Pinned) -> Claim | None:
        try:
            return self._making.claim(pinned.uid, pinned.digest, pinned.name)
        except OSError:
            return None  # whoever fetches in the usual way says what is wrong

    def _arrival(self, number: int, pinned: Pinned, claim: Claim, answer: Answer) -> Small | Back:
        if isinstance(answer, Came):
            size, found = len(answer.data), _digest(pinned, answer.data)
            if found == pinned.digest.hex:
                attempt = Attempt(pinned.address, None, size, answer.seconds)
                lacking = self._lacking.pop(number, ())
                return Small(number, pinned, claim, answer.data, attempt, lacking=lacking)
            return Back(number, WholeStream(pinned.address, answer.data, answer.fields))
        if isinstance(answer, ResourceNotFoundError):
            attempt = Attempt(public(pinned.address), str(answer), 0, 0.0)
            answer.attempts = (attempt,)
            return Back(number, attempt=attempt, error=answer)
        return Back(number, answer)


def _digest(pinned: Pinned, data: memoryview) -> str:
    """Return the digest of what came, by the algorithm of the pin."""
    hasher = new_hasher(pinned.digest.algorithm)
    hasher.update(data)
    return hasher.hexdigest()
