r"""Regular expressions whose time grows with the text and nothing else.

Python's own go back and try again, so that some, like (a+)+b, take longer than the universe on
forty letters; here one person types the pattern and others the texts. These never go back. They
know

    .  [a-z]  \d \w \s  ^  $  (…)  |  *  +  ?  {2,5}

and find the longest match of those that begin first. Each letter of a pattern is a place, and what
may follow which is known from the beginning (Glushkov 1961); the set of places that a text leads to
is worked out once for each set and next letter (Thompson 1968).
"""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

BEGIN, END = "\x02", "\x03"
"""Around each text, for ^ and $. Clean texts have neither in them."""

_PLACES = 500
"""In a pattern."""

_BUILT = 5_000
"""Parts of a pattern, each as often as it is repeated."""

_NESTED = 20
"""Groups in each other."""

_KNOWN = 5_000
"""Steps that are remembered."""

_WORK = 50_000
"""Steps that are made to find places in one text."""

_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[]", re.DOTALL)
_COUNT = re.compile(r"\{(\d{1,3})(,?)(\d{0,3})\}")
_ESCAPES = "dDwWsSnt"


class PatternError(ValueError):
    """What is wrong with a pattern."""


class _Part(NamedTuple):
    """Of a pattern. Sets of places are numbers, of which each bit is a place."""

    first: int
    last: int
    empty: bool
    """It may be nothing."""


Node = Callable[[], _Part]
"""Builds a part, with places of its own each time."""


class _Builder:
    """Gives places out."""

    def __init__(self) -> None:
        self.takes: list[Callable[[str], object]] = []
        """Whether a place's letter is this one."""
        self.follow: list[int] = []
        self._built = 0

    def place(self, takes: Callable[[str], object]) -> _Part:
        if len(self.takes) == _PLACES:
            raise PatternError("it is too long")
        self.takes.append(takes)
        self.follow.append(0)
        place = 1 << len(self.takes) - 1
        return _Part(place, place, False)

    def sequence(self, nodes: list[Node]) -> _Part:
        whole = _Part(0, 0, True)
        for node in nodes:
            whole = self._then(whole, self._build(node))
        return whole

    def choice(self, nodes: list[Node]) -> _Part:
        parts = [self._build(node) for node in nodes]
        first = last = 0
        for part in parts:
            first, last = first | part.first, last | part.last
        return _Part(first, last, any(part.empty for part in parts))

    def repeated(self, node: Node, least: int, most: int | None) -> _Part:
        whole = self.sequence([node] * least)
        for _ in range((most or least) - least):
            whole = self._then(whole, self._build(node)._replace(empty=True))
        if most is None:
            part = self._build(node)
            self._link(part.last, part.first)
            whole = self._then(whole, part._replace(empty=True))
        return whole

    def _build(self, node: Node) -> _Part:
        self._built += 1
        if self._built > _BUILT:
            raise PatternError("it is too long")
        return node()

    def _then(self, before: _Part, after: _Part) -> _Part:
        self._link(before.last, after.first)
        return _Part(
            before.first | (after.first if before.empty else 0),
            after.last | (before.last if after.empty else 0),
            before.empty and after.empty,
        )

    def _link(self, last: int, first: int) -> None:
        for place in _bits(last):
            self.follow[place] |= first


class _Parser:
    def __init__(self, pattern: str, flags: int, builder: _Builder) -> None:
        self._rest = pattern
        self._flags = flags
        self._builder = builder
        self._depth = 0

    def whole(self) -> Node:
        node = self._choice()
        if self._rest:
            raise PatternError("there is a ) without its (")
        return node

    def _choice(self) -> Node:
        nodes = [self._sequence()]
        while self._next("|"):
            nodes.append(self._sequence())
        return nodes[0] if len(nodes) == 1 else lambda: self._builder.choice(nodes)

    def _sequence(self) -> Node:
        nodes: list[Node] = []
        while self._rest and self._rest[0] not in "|)":
            nodes.append(self._repeated())
        return lambda: self._builder.sequence(nodes)

    def _repeated(self) -> Node:
        node = self._one()
        counts = self._counts()
        if counts is None:
            return node
        self._next("?")  # The shortest is where the longest is.
        if self._rest[:1] in ("*", "+", "?") and self._rest:
            raise PatternError(f"there is nothing to repeat before {self._rest[0]}")
        least, most = counts
        return lambda: self._builder.repeated(node, least, most)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._next(sign):
                return counts
        found = _COUNT.match(self._rest)
        if found is None:
            return None
        self._rest = self._rest[found.end() :]
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise PatternError(f"{found[0]} is at least more than at most")
        return least, most

    def _one(self) -> Node:
        if self._next("("):
            return self._group()
        for sign, edge in (("^", BEGIN), ("$", END)):
            if self._next(sign):
                return lambda: self._builder.place(edge.__eq__)
        if self._rest[0] in "*+?":
            raise PatternError(f"there is nothing to repeat before {self._rest[0]}")
        found = _ATOM.match(self._rest)
        if found is None:
            raise PatternError(
                "there is a [ without its ]" if self._rest[0] == "[" else "it ends in \\"
            )
        self._rest = self._rest[found.end() :]
        takes = _letter(found[0], self._flags)
        return lambda: self._builder.place(takes)

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > _NESTED:
            raise PatternError("it has too many groups in each other")
        if self._next("?") and not self._next(":"):
            raise PatternError(f"(?{self._rest[:1]} is not known here")
        node = self._choice()
        if not self._next(")"):
            raise PatternError("there is a ( without its )")
        self._depth -= 1
        return node

    def _next(self, sign: str) -> bool:
        found = self._rest.startswith(sign)
        if found:
            self._rest = self._rest[1:]
        return found


class _Run:
    """Steps from one set of places to the next. `anywhere`: a match may begin at each letter."""

    def __init__(
        self,
        takes: list[Callable[[str], object]],
        first: int,
        follow: list[int],
        *,
        anywhere: bool,
    ) -> None:
        self.start = 1 << len(takes)
        self._takes = takes
        self._follow = [*follow, first]
        self._always = self.start if anywhere else 0
        self._known: dict[tuple[int, str], int] = {}
        self._letters: dict[str, int] = {}

    def step(self, places: int, letter: str) -> int:
        after = self._known.get((places, letter))
        if after is None:
            reach = 0
            for place in _bits(places):
                reach |= self._follow[place]
            after = reach & self._taking(letter) | self._always
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[places, letter] = after
        return after

    def _taking(self, letter: str) -> int:
        found = self._letters.get(letter)
        if found is None:
            if len(self._letters) >= _KNOWN:
                self._letters.clear()
            found = sum(1 << at for at, takes in enumerate(self._takes) if takes(letter))
            self._letters[letter] = found
        return found


class Automaton:
    def __init__(self, pattern: str, *, any_case: bool) -> None:
        """Raises PatternError."""
        builder = _Builder()
        part = _Parser(pattern, re.IGNORECASE if any_case else 0, builder).whole()()
        self._first, self._last = part.first, part.last
        takes, follow = builder.takes, builder.follow
        before = [0] * len(follow)
        for place, after in enumerate(follow):
            for each in _bits(after):
                before[each] |= 1 << place
        self._forward = _Run(takes, part.first, follow, anywhere=True)
        self._from_here = _Run(takes, part.first, follow, anywhere=False)
        self._backward = _Run(takes, part.last, before, anywhere=True)

    def found(self, text: str) -> bool:
        """Whether it is anywhere in this text; nothing is nowhere."""
        step, last = self._forward.step, self._last
        places = self._forward.start
        for letter in f"{BEGIN}{text}{END}":
            places = step(places, letter)
            if places & last:
                return True
        return False

    def spans(self, text: str, most: int) -> list[tuple[int, int]]:
        """The first places where it is, apart, in order."""
        text = f"{BEGIN}{text}{END}"
        spans: list[tuple[int, int]] = []
        at, work = 0, _WORK
        for begin in self._begins(text):
            if begin < at:
                continue
            end, steps = self._longest(text, begin, work)
            work -= steps
            if work <= 0 or len(spans) == most:
                break
            at = end
            span = max(begin, 1) - 1, min(end, len(text) - 1) - 1
            if span[0] < span[1]:
                spans.append(span)
        return spans

    def _begins(self, text: str) -> list[int]:
        """Where a match begins, by reading from the end."""
        run = self._backward
        places, begins = run.start, []
        for at in range(len(text) - 1, -1, -1):
            places = run.step(places, text[at])
            if places & self._first:
                begins.append(at)
        return begins[::-1]

    def _longest(self, text: str, begin: int, work: int) -> tuple[int, int]:
        """Where the longest match that begins here ends, and how many steps it took to find out."""
        run = self._from_here
        places, end, at = run.start, begin, begin
        while places and at < len(text) and at - begin < work:
            places = run.step(places, text[at])
            at += 1
            if places & self._last:
                end = at
        return end, at - begin


def _letter(atom: str, flags: int) -> Callable[[str], object]:
    """Whether a letter is what the atom means: one letter has nothing to go back to."""
    if atom[0] == "\\" and atom[1].isalnum() and atom[1] not in _ESCAPES:
        raise PatternError(f"{atom} is not known here")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            match = re.compile(atom, flags | re.DOTALL).fullmatch
    except re.error as error:
        raise PatternError(error.msg) from error
    return lambda letter: letter not in (BEGIN, END) and match(letter)


def _bits(places: int) -> Iterator[int]:
    while places:
        lowest = places & -places
        yield lowest.bit_length() - 1
        places ^= lowest
