"""What /set and /ignore do."""

from chat.core.names import BadNameError, check_name, same_name
from chat.core.text import VERIFIED

from .desk import Desk
from .effects import Remember
from .settings import SettingError, setting, show


class Preferences:
    """Each returns whether the line is done with."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def set(self, name: str, value: str) -> bool:
        """Shows all settings or one, or changes one, now and for the next time."""
        desk = self._desk
        try:
            if not value:
                desk.current.output(show(desk.settings, name), desk.wall())
                return True
            row = setting(name)
            desk.change(desk.settings.with_value(row.name, value))
        except SettingError as error:
            desk.refuse(str(error))
            return False
        changed = getattr(desk.settings, row.name)
        desk.effects.append(Remember(row.name, changed))
        desk.tell(f"{row.name} is {row.kind.shown(changed)} now")
        return True

    def ignore(self, wanted: str) -> bool:
        """Whose messages are not shown: who is meant, or who was, or all of them."""
        ignored = self._desk.settings.ignore
        if not wanted:
            who = ", ".join(ignored) or "nobody"
            self._desk.tell(f"{who} is ignored; /ignore NAME begins that, and ends it")
            return True
        try:
            name = check_name(wanted.removeprefix("@").removesuffix(VERIFIED))
        except BadNameError as error:
            self._desk.refuse(str(error))
            return False
        if same_name(name) == same_name(self._desk.uplink.guest.name):
            self._desk.refuse("that is you")
            return False
        known = same_name(name) in map(same_name, ignored)
        if self.set("ignore", f"{'-' if known else '+'}{name}"):
            self._desk.tell(f"{name} is {'shown again' if known else 'ignored'}")
        return True
