"""What is on a screen of the class, scene by scene."""

from collections.abc import Callable

from chat.core.types import Kind
from chat.tui.model import Model

from .stage import ME, OTHERS, ROOM, Stage

QUAKE = "quake"
QUIZ = "quiz"


def first_start(stage: Stage) -> None:
    """Nobody else is there yet."""
    stage.at(13, "18:00")
    stage.enter()
    stage.run(5)


def busy_room(stage: Stage) -> None:
    """Something of all that a screen shows when the network is well, but for bob's."""
    _thursday(stage)
    _friday(stage)
    stage.run(4)
    stage.typing("carol")
    stage.write("bob? 17 of us can read this")
    stage.model.press("enter")


def scrolled_back(stage: Stage) -> None:
    """A page up; what is said meanwhile is counted, and moves nothing."""
    _thursday(stage)
    _friday(stage)
    stage.press("pageup")
    stage.mend("bob")
    stage.say("bob", "plugged in again. what did I miss?")
    stage.say("mei", "nothing: you have fetched it by now")
    stage.run(6)


def search(stage: Stage) -> None:
    _thursday(stage)
    _friday(stage)
    stage.run(4)
    stage.press("c-s")
    stage.write("port")
    stage.press("up")


def paste_confirmation(stage: Stage) -> None:
    _thursday(stage)
    _friday(stage)
    stage.model.paste(
        "sock = socket(AF_INET, SOCK_DGRAM)\n"
        'sock.bind(("0.0.0.0", 9998))\n'
        "while True:\n"
        "    data, who = sock.recvfrom(2048)\n"
        "    sock.sendto(data, who)"
    )
    stage.press("enter")


def loss(stage: Stage) -> None:
    """A third of all datagrams, both ways, by our own command."""
    _thursday(stage)
    _friday(stage)
    stage.mend("bob")
    stage.impair("loss=30%")
    stage.enter_line("I am losing a third of everything now")
    for number in range(1, 9):
        stage.say("eve", f"echo {number} of 8")
        stage.run(3.6)
    stage.say("femi", f"{ME}: and you miss nothing?")
    stage.run(2)
    stage.write("not a word")
    stage.model.press("enter")


def offline(stage: Stage) -> None:
    """Nothing comes any more; what is said is kept."""
    _thursday(stage)
    _friday(stage)
    stage.cut(ME)
    stage.enter_line("is it me, or is it the switch?")
    stage.run(9)
    stage.enter_line("it is the switch")
    stage.run(8)


def catch_up(stage: Stage) -> None:
    """Connected again over a slow path, with much to read."""
    offline(stage)
    stage.flood([f"echo {number}" for number in range(1, 601)], "eve", "omar", "yuki")
    stage.move_away(0.08)
    stage.mend(ME)
    room = stage.viewer.guest.rooms[ROOM]
    stage.until(lambda: room.joined)
    stage.until(lambda: room.inbox.head - room.inbox.shown < 350)


def direct_message(stage: Stage) -> None:
    _thursday(stage)
    _friday(stage)
    stage.press("escape", "3")
    stage.enter_line("that explains the ARP storm. thanks!")
    stage.run(3)
    room = stage.whisper("mei", "not a word to the tutor, there is a bet running 🤫")
    stage.run(3)
    stage.typing("mei", room)


def moderated(stage: Stage) -> None:
    """A room of femi's, in which not everybody behaves; nor do we."""
    _thursday(stage)
    stage.at(13, "20:10")
    for name in ("femi", "dan", "eve", "mei", "tariq"):
        stage.join(name, QUIZ)
    stage.enter_line(f"/join {QUIZ}")
    stage.say("femi", "one question, one answer each. no netstat", QUIZ)
    stage.moderate("femi", QUIZ, "op", whom="dan", text="moderator")
    stage.say("eve", "the answer to 3 is 0x270F", QUIZ)
    told = stage.say("eve", "cheap laptops at http://198.51.100.7/", QUIZ)
    stage.at(13, "20:12")
    stage.moderate("dan", QUIZ, "delete", number=told, text="spam")
    stage.moderate("dan", QUIZ, "ban", whom="eve", seconds=7200, text="spam")
    stage.say("mei", "who was that?", QUIZ)
    stage.moderate("femi", QUIZ, "slow", seconds=10)
    stage.moderate("femi", QUIZ, "lock")
    stage.at(13, "20:14")
    stage.enter_line("IT IS 9999")
    stage.run(2)
    stage.moderate("dan", QUIZ, "mute", whom=ME, seconds=90, text="not so loud")
    stage.say("tariq", "mine is 3879", QUIZ)
    stage.run(6)
    stage.write("but it is!")


def _thursday(stage: Stage) -> None:
    """What was said before we came."""
    stage.come(*OTHERS)
    stage.at(12, "21:52")
    stage.say("lena", "UDP lab: echo, dictionary, remote command, chat", kind=Kind.TOPIC)
    stage.say("mei", "last one out switches the switch off, please")
    stage.say("tariq", "done. all the little lights are asleep")
    stage.at(13, "18:55")
    stage.enter()
    for name in ("hugo", "kofi"):
        stage.join(name, QUAKE)
    stage.enter_line(f"/join {QUAKE}")
    stage.press("escape", "1")


def _friday(stage: Stage) -> None:
    """Byte order, and whose port it is."""
    stage.at(13, "18:57")
    stage.say("bob", "evening! which port is the echo server on?")
    stage.say("mei", "9999. the dictionary is on 9998")
    stage.at(13, "18:58")
    stage.say("tariq", "mine arrives as 3879. I typed 9999. help")
    stage.at(13, "18:59")
    order = stage.say("mei", "byte order: 9999 is 0x270F, and 3879 is 0x0F27")
    stage.react("👍", order, "bob", "carol", "nora", "yuki")
    stage.enter_line('struct.pack("!H", port) does it once and for all')
    stage.at(13, "19:00")
    since = stage.say("tariq", "I have been looking for that since Tuesday")
    stage.react("😂", since, "bob", "lena", "omar")
    stage.model.focused(False)
    stage.at(13, "19:02")
    stage.say("carol", f'{ME}: bind() says "Address already in use"')
    answer = stage.say("jonas", "netstat shows whose it is")
    stage.say("jonas", "netstat -lunp shows whose it is", kind=Kind.EDIT, refers=answer)
    stage.at(13, "19:03")
    twice = stage.say("carol", "mine. I started it twice")
    stage.react("🎉", twice, "grace", "ines")
    stage.whisper("mei", "found it: your old laptop is 10.0.0.7, too")
    for name, text in (("kofi", "next map?"), ("hugo", f"{ME}: you are red"), ("kofi", "go")):
        stage.say(name, text, QUAKE)
    stage.model.focused(True)
    stage.at(13, "19:04")
    stage.enter_line("carol: it happens to everybody once. or twice")
    stage.run(4)
    stage.at(13, "19:05")
    stage.say("bob", "pulls his cable, for science", kind=Kind.ACTION)
    stage.cut("bob")
    stage.enter_line("UDP loses datagrams. the room loses nothing")
    stage.run(4)


Scene = Callable[[Stage], None]

SCENES: dict[str, Scene] = {
    "first-start": first_start,
    "busy-room": busy_room,
    "scrolled-back": scrolled_back,
    "search": search,
    "paste-confirmation": paste_confirmation,
    "loss": loss,
    "offline": offline,
    "catch-up": catch_up,
    "direct-message": direct_message,
    "moderated": moderated,
}


def play(name: str, columns: int, rows: int) -> Model:
    stage = Stage((columns, rows))
    SCENES[name](stage)
    return stage.model
