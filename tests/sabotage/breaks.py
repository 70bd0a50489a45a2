"""Breaks of one line each, and the test that must then fail."""

from typing import NamedTuple


class Break(NamedTuple):
    """`line`, which stands once in `file`, becomes `instead`."""

    name: str
    file: str
    line: str
    instead: str
    test: str


DIRECTED = "tests/sim/test_directed.py::"
WENT_BACK = "tests/sim/test_went_back.py::"

BREAKS = (
    Break(
        "acknowledge before the log has it",
        "chat/core/sealed.py",
        "if verdict is Verdict.LOGGED:",
        "if session.queue(wire.Ack(tag, frame.n)) or verdict is Verdict.LOGGED:",
        "tests/sim/test_crash_points.py",
    ),
    Break(
        "skip the replay check",
        "chat/core/channel.py",
        "        if not self.window.fresh(header.counter):",
        "        if False:",
        DIRECTED + "test_a_captured_datagram_from_elsewhere_moves_nobody",
    ),
    Break(
        "use a nonce twice",
        "chat/core/channel.py",
        "        sealed = protect.seal(self._send_key, self._counter, header, plaintext)",
        "        sealed = protect.seal(self._send_key, self._counter // 2, header, plaintext)",
        "tests/sim/test_crash_points.py",
    ),
    Break(
        "drop the log's de-duplication",
        "chat/log/memory.py",
        "            if n == last + 1:",
        "            if n > 0:",
        "tests/log/test_conformance.py",
    ),
    Break(
        "move a session before its path is proven",
        "chat/core/sealed.py",
        "            token = session.validation.challenge(path, self._random(8))",
        "            token = self._move(session, path, now) or self._random(8)",
        DIRECTED + "test_a_captured_datagram_from_elsewhere_moves_nobody",
    ),
    Break(
        "say no heads",
        "chat/core/room.py",
        "        self._gap = 0\n        self._next_head(now)",
        "        self._gap = len(limits.HEADS)",
        DIRECTED + "test_a_lost_last_push_is_found_by_the_next_head",
    ),
    Break(
        "keep what was buffered of another chain",
        "chat/core/inbox.py",
        "        self._buffer.clear()",
        "        self._buffer.copy()",
        WENT_BACK + "test_what_was_buffered_of_the_lost_log_does_not_join_the_new_one",
    ),
    Break(
        "let a late FIRST displace a newer session",
        "chat/core/sealed.py",
        "            if hello.attempt <= session.attempt:",
        "            if hello.attempt < 0:",
        DIRECTED + "test_a_late_first_does_not_displace_a_newer_session",
    ),
    Break(
        "forget which FIRSTs were taken",
        "chat/core/opening.py",
        "        self._accepted[header.random] = sid",
        "        self._accepted[sid] = sid",
        DIRECTED + "test_a_spent_first_begins_nothing",
    ),
    Break(
        "believe any RETRY",
        "chat/core/opening.py",
        "        return self.answered and retry.random == self._random",
        "        return True",
        "tests/core/test_opening.py",
    ),
    Break(
        "believe any RESET",
        "chat/core/connection.py",
        "        if self._channel is not None and protect.same(header.token, self._reset_token):",
        "        if self._channel is not None:",
        DIRECTED + "test_a_forged_reset_ends_nothing",
    ),
    Break(
        "give up an instance before all rooms have told what they have of it",
        "chat/core/guest.py",
        "        if self._renewing and all(each.joined for each in self._rooms.all()):",
        "        if self._renewing:",
        WENT_BACK + "test_what_another_room_kept_is_not_said_again_there",
    ),
    Break(
        "keep a topic out of the registry",
        "chat/core/room.py",
        "        if draft.kind == Kind.TOPIC and self.parties is None:",
        "        if False:",
        DIRECTED + "test_a_topic_outlives_the_server",
    ),
    Break(
        "do not check what was shown against the new chain",
        "chat/core/inbox.py",
        "                if self._ring.get(seq) == self._digest:",
        "                if True:",
        WENT_BACK + "test_a_log_that_went_back_is_noticed_by_everybody_who_held_what_it_lost",
    ),
    Break(
        "leave a moved member's old endpoint in the fan-out",
        "chat/core/room.py",
        "            self._turn.emit(Unsubscribe(Group(self.name, member.form), before))",
        "            pass",
        DIRECTED + "test_a_client_behind_a_nat_that_moves_keeps_its_session",
    ),
    Break(
        "answer strangers at any length",
        "chat/core/plain.py",
        "        if len(answer) <= allowance(path, len(datagram)):",
        "        if len(answer * 9) > 0 and (answer := answer * 9):",
        "tests/core/test_plain.py",
    ),
    Break(
        "do not wait for the disk",
        "chat/log/sqlite_file.py",
        "'FULL' if power else 'NORMAL'",
        "'NORMAL'",
        "tests/e2e/test_durability.py",
    ),
    Break(
        "number a room's drafts anew after leaving it",
        "chat/core/outbox.py",
        "            self._number_from(last_n)",
        "            self._number_from(0)",
        DIRECTED + "test_a_room_left_and_joined_again_goes_on_counting",
    ),
)
