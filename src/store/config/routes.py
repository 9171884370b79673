"""All rules of addresses: mirrors, and what may be asked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.frozen import Frozen

if TYPE_CHECKING:
    # Most have no rules: what one is made of is loaded with the first.
    from store.config.rules import Block, Mirror

RULES: Final = ("mirror", "allow", "block")
"""The keys of a settings file that hold rules."""


class Routes(Frozen):
    """The rules of all files together.

    Attributes:
        mirrors: The rules in the order they are tried.
        allow: The patterns of each file that has any; an address must match one of each.
        block: What is not asked.
    """

    mirrors: tuple[Mirror, ...] = ()
    allow: tuple[tuple[str, ...], ...] = ()
    block: tuple[Block, ...] = ()

    @property
    def guarded(self) -> bool:
        """Whether there are addresses that are not asked."""
        return bool(self.allow or self.block or any(one.only for one in self.mirrors))

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self.mirrors or self.allow or self.block)

    def joined(self, farther: Routes) -> Routes:
        """Return the rules of two files together: none lifts what the other forbids.

        Args:
            farther: Those whose mirrors are asked later.
        """
        return Routes(
            mirrors=self.mirrors + farther.mirrors,
            allow=self.allow + farther.allow,
            block=self.block + farther.block,
        )


NO_ROUTES: Final = Routes()
"""No rules: every address is asked, and at no mirror."""
