"""What is said of a connection where nothing shows it all the time: once that there is no answer,
and once that there is one."""

from chat.core import events

from .desk import Desk
from .health import LONG, NO_ANSWER, Phase, silence


class Outage:
    """Pure. Each call returns what there is to say, or nothing."""

    def __init__(self) -> None:
        self._told = False

    def after(self, event: object, *, told: bool) -> str:
        """`told`: of this event something was said already."""
        match event:
            case events.Unreachable() | events.Rejected():
                self._told |= told
            case events.Connected(again=again):
                before, self._told = self._told, False
                if before and again and not told:
                    return "connected again"
        return ""

    def look(self, desk: Desk) -> str:
        """About once a second."""
        health, now = desk.health, desk.now()
        connected = health.phase is Phase.CONNECTED
        since = health.since
        if connected:
            silent, overdue = silence(desk.uplink.guest, now)
            since = now - silent if silent is not None and overdue else now
        if now - since < LONG:
            over, self._told = self._told and connected, self._told and not connected
            return "the server answers again" if over else ""
        if self._told or health.phase is Phase.REFUSED:
            return ""
        self._told = True
        reason = NO_ANSWER if connected else health.reason or NO_ANSWER
        what = "no answer from the server" if reason == NO_ANSWER else f"{reason},"
        return f"{what} for {now - since:.0f} s; trying again"
