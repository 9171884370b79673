"""The look of ``store doctor`` at the shared tiers."""

from __future__ import annotations

import os
from collections.abc import Iterator

from store.cli.checks import BAD, OK, WARN, Check
from store.cli.frame import Frame


def tier_checks(frame: Frame, *, network: bool) -> Iterator[Check]:
    """Look at each shared tier, and yield what was found; nothing is written to it.

    Args:
        frame: The settings.
        network: Whether those on the network are asked, too.
    """
    from store.errors import ConfigurationError, CredentialsError
    from store.sharing.looking import reach
    from store.sharing.opening import is_networked
    from store.transports.base import TransferOptions
    from store.transports.objects.failures import are_unknown

    try:
        settings = frame.settings
    except ConfigurationError:  # told already
        return
    if not settings.shared:
        return
    options = TransferOptions.from_settings(settings)
    for tier in settings.shared:
        found = reach(tier, options, network=network)
        manner = "read and written" if tier.write else "read only"
        if isinstance(found.error, CredentialsError) and not are_unknown(found.error):
            # So answers a bucket, too, whose keys may get objects, and not list them.
            yield Check(WARN, "shared tier", f"{found.address}: {found.error}")
        elif found.error is not None:
            yield Check(BAD, "shared tier", f"{found.address}: {found.error}")
        elif not found.asked:
            yield Check(OK, "shared tier", f"{found.address}, {manner}; asked with --network")
        elif tier.write and not is_networked(tier) and not os.access(tier.address, os.W_OK):
            hint = "it cannot be written to: give yourself the right to, or set write = false"
            yield Check(WARN, "shared tier", f"{found.address}: {hint}")
        else:
            yield Check(OK, "shared tier", f"{found.address}, {manner}")
