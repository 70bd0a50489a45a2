"""Invites: links that work so often, and so long. The log has their digests only."""

from collections.abc import Callable
from hashlib import sha256

from . import durations, limits
from .authority import Authority
from .motions import Motion
from .pen import Pen, listed
from .policy import Policy
from .refusal import RefusedError
from .registry import Registry
from .roles import Act, Role
from .targets import Target
from .text import clean

_SIZE = 16
"""Bytes of one: as hard to guess as a key."""

_ID = 8
"""Characters of a digest that people call an invite by."""


class Invites:
    """Of one house."""

    def __init__(
        self,
        registry: Registry,
        authority: Authority,
        pen: Pen,
        random: Callable[[int], bytes],
    ) -> None:
        self._registry = registry
        self._authority = authority
        self._pen = pen
        self._random = random

    def make(self, motion: Motion, policy: Policy, now: float, wall: int) -> None:
        """The answer is what is to be handed on. Raises RefusedError, as the next."""
        secret = self._random(_SIZE).hex()
        digest = invite_id(secret)
        target = Target(digest[:_ID], b"", (digest,), Role.MEMBER)
        self._pen.check_room_for(Act.INVITE, policy, target)
        uses = max(1, min(motion.ask.number or 1, limits.INVITE_USES))
        life = min(motion.ask.seconds or limits.INVITE_LIFE, limits.INVITE_MOST)
        lets = "one" if uses == 1 else f"{uses:,}"
        said = f"made invite {target.name}: it lets {lets} in within {durations.words(life)}"
        until = self._registry.time.read(now) + life * 1000
        self._pen.rule(
            motion, said, now, wall, target=target, value=str(uses), until=until, answer=secret
        )

    def revoke(self, motion: Motion, policy: Policy, now: float, wall: int) -> None:
        wanted = motion.ask.whom.lower()
        found = [it for it in policy.invites.values() if wanted and it.whom == wanted]
        if not found:
            raise RefusedError(
                f"there is no invite {clean(motion.ask.whom)}; look at the list of invites"
            )
        target = Target(found[0].whom, b"", found[0].subjects, Role.MEMBER)
        self._pen.rule(motion, f"revoked invite {target.name}", now, wall, target=target)

    def rows(self, motion: Motion, policy: Policy, now: float) -> str:
        """Those that can still be used."""
        held = [it for it in policy.invites.values() if self._authority.holds(it, now)]
        rows = [
            f"{it.whom}, by {it.by}, lets {it.value} in{self._authority.words(it, now)}"
            for it in held
        ]
        return listed(rows, motion.actor.asker.most) or "there are no invites"


def invite_id(secret: str) -> str:
    """What is kept of an invite: nobody who reads it can come in by it."""
    return sha256(secret.encode()).hexdigest()
