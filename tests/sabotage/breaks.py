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
CONGESTED = "tests/sim/test_congestion.py::"
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
        "write a backup over what is there",
        "chat/log/sqlite_backup.py",
        "        os.link(draft, file)",
        "        os.replace(draft, file)",
        "tests/log/test_sqlite_backup.py",
    ),
    Break(
        "let every user of the machine be the operator",
        "chat/ops/listener.py",
        "        path.chmod(0o600)",
        "        path.chmod(0o666)",
        "tests/ops/test_listener.py",
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
        "chat/core/heads.py",
        "        self._gap = 0\n        self._next(now)",
        "        self._gap = _BEATING",
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
        "        return retry.random == self._random",
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
        "chat/core/memberships.py",
        "        if self._renewing and all(room.joined for room in self.all()):",
        "        if self._renewing:",
        WENT_BACK + "test_what_another_room_kept_is_not_said_again_there",
    ),
    Break(
        "believe that one is put out of a room, however old the word is",
        "chat/core/memberships.py",
        "        later = room.joined and stay < (room.tag, room.ordinal)",
        "        later = False",
        "tests/core/test_guest.py::test_who_comes_again_is_not_put_out_by_an_old_word",
    ),
    Break(
        "let who is put out while it reconnects come back by that",
        "chat/core/session.py",
        "        if removed is None or known == removed.stay:",
        "        if True:",
        "tests/core/test_consequences.py"
        "::test_who_is_kicked_while_it_reconnects_is_not_let_back_in_by_that",
    ),
    Break(
        "let anybody take back anybody's words",
        "chat/core/amend.py",
        "    return amendment.kind == Kind.DELETE and not amendment.endpoint",
        "    return amendment.kind == Kind.DELETE",
        "tests/core/test_amend.py",
    ),
    Break(
        "say again what may not be said, as if it had been lost",
        "chat/core/speaker.py",
        "            self.outbox.hold()",
        "            pass",
        "tests/core/test_speaker.py::test_what_was_on_its_way_and_withheld_is_not_taken_for_lost",
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
    Break(
        "take a push that only a member has sealed",
        "chat/core/channel.py",
        "    if plaintext is None or not public:",
        "    if True:",
        "tests/core/test_introduction.py::"
        "test_what_another_member_has_sealed_is_not_shown_and_the_next_of_the_server_is",
    ),
    Break(
        "move the window before the signature holds",
        "chat/core/channel.py",
        "        plaintext = opened(self.source, header.counter, datagram)\n",
        "        plaintext = opened(self.source, header.counter, datagram)\n"
        "        self.take(header.counter)\n",
        "tests/core/test_signatures.py::"
        "test_what_a_member_seals_is_refused_and_the_servers_own_still_opens",
    ),
    Break(
        "sign a push without its room's key",
        "chat/core/signatures.py",
        "    return signer.sign(_PUSH + key + datagram)",
        "    return signer.sign(_PUSH + datagram)",
        "tests/core/test_secure_hub.py::test_pushes_are_signed_and_open_at_every_member",
    ),
    Break(
        "take a ticket of any age",
        "chat/core/tickets.py",
        "        if abs(wall - issued) > TICKET_LIFE * 1000:",
        "        if False:",
        "tests/core/test_secure_hub.py::test_a_ticket_is_of_no_use_when_it_is_too_old",
    ),
    Break(
        "take a ticket from the future",
        "chat/core/tickets.py",
        "        if abs(wall - issued) > TICKET_LIFE * 1000:",
        "        if wall - issued > TICKET_LIFE * 1000:",
        "tests/core/test_tickets.py",
    ),
    Break(
        "leave a session's id out of its keys",
        "chat/core/protect.py",
        'b"chat session" + sid, size)',
        'b"chat session", size)',
        "tests/sim/test_watch.py::test_a_first_that_is_taken_twice_uses_no_nonce_twice",
    ),
    Break(
        "take a handshake's session from another path",
        "chat/core/opening.py",
        "        shaken = self._shaken.get(path)",
        "        shaken = next(iter(self._shaken.values()), None)",
        "tests/core/test_secure_hub.py::"
        "test_a_first_without_a_handshake_or_from_another_path_gets_a_retry_and_nothing_else",
    ),
    Break(
        "wait for a handshake's session for ever",
        "chat/core/opening.py",
        "            secret = shaken.secret if shaken.until > now else None",
        "            secret = shaken.secret",
        "tests/core/test_opening_secrets.py",
    ),
    Break(
        "take a name's proof unread",
        "chat/core/sealed.py",
        "        if not verified(claim.key, claim.proof, message):",
        "        if not claim.proof:",
        "tests/core/test_secure_names.py::"
        "test_a_proof_cannot_be_carried_from_one_session_to_another",
    ),
    Break(
        "let a name's proof be good at every server",
        "chat/core/signatures.py",
        "    return _NAME + binding + server + name.encode()",
        "    return _NAME + binding + name.encode()",
        "tests/core/test_signatures.py::test_a_claim_is_of_one_session_one_server_and_one_name",
    ),
    Break(
        "let another key have a registered name",
        "chat/core/names.py",
        "        if deed is not None and deed.key != key:\n            return True",
        "        if False:\n            return True",
        "tests/core/test_secure_names.py::test_a_registered_name_survives_its_server",
    ),
    Break(
        "let plain text through from a sealed endpoint",
        "chat/core/hub.py",
        "        elif path in self._sealed.by_path:",
        "        elif False:",
        "tests/core/test_secure_hub.py::test_plain_text_from_a_sealed_endpoint_gets_nothing",
    ),
    Break(
        "use a room's new key without handing it out",
        "chat/core/roomkeys.py",
        "        self._next = self._successor()\n        self._waiting = deque(members)\n",
        "        self._next = self._successor()\n        self._switch()\n        return\n",
        "tests/core/test_roomkeys.py::"
        "test_the_next_one_is_handed_out_first_and_used_after_its_lead",
    ),
    Break(
        "open what comes under an old room key for ever",
        "chat/core/keyring.py",
        "        for old in [each for each, until in self._expires.items() if until <= now]:",
        "        for old in list[int]():",
        "tests/core/test_keyring.py",
    ),
    Break(
        "trust a server whatever its pin",
        "chat/secure/trust.py",
        "        if link.pin and link.pin.lower() != pin:",
        "        if False:",
        "tests/test_handshake.py::test_a_wrong_pin_is_the_end",
    ),
    Break(
        "go on with a server that is not the right one",
        "chat/core/connection.py",
        "        self._opening = self._opening_at = self._shaking = None\n"
        "        self._emit(Tell(events.Rejected(reason, True)))",
        "        self._emit(Tell(events.Rejected(reason, True)))",
        "tests/core/test_introduction.py::"
        "test_from_a_server_that_is_not_the_right_one_nothing_more_is_wanted",
    ),
    Break(
        "keep a ticket that was not taken",
        "chat/core/connection.py",
        "            self.me.forget()",
        "            pass",
        "tests/core/test_introduction.py::test_a_ticket_that_is_not_taken_is_not_kept",
    ),
    Break(
        "open sessions under the published secret, too",
        "chat/core/opening.py",
        "            return self._published\n",
        "            return self._published or protect.PUBLISHED_SECRET\n",
        "tests/core/test_secure_hub.py::test_an_insecure_open_is_told_to_retry_and_leaves_nothing",
    ),
    Break(
        "answer what came inside of DTLS outside of it",
        "chat/server/door.py",
        "        if path.socket < SECURED:\n            self._send(path, datagram)",
        "        if True:\n            self._send(path._replace(socket=0), datagram)",
        "tests/server/test_door.py::test_answers_go_back_inside",
    ),
    Break(
        "push for ever to who says nothing",
        "chat/core/pushset.py",
        "        if made - receiver.covered < limits.PUSH_UNCOVERED:",
        "        if True:",
        CONGESTED + "test_the_others_notice_nothing_of_a_fifth_that_are_not_there",
    ),
    Break(
        "never ask past the end, though nothing is pushed",
        "chat/core/membership.py",
        "        return self.inbox.missing(beyond=self.polling.on)",
        "        return self.inbox.missing()",
        CONGESTED
        + "test_who_loses_half_fetches_everything_and_is_pushed_to_again_when_that_is_over",
    ),
    Break(
        "push on into a link that is full",
        "chat/core/congestion.py",
        "        if pushes > (fair",
        "        if False and pushes > (fair",
        "tests/core/test_congestion.py::test_where_many_lose_the_room_is_slower_and_nobody_leaves",
    ),
    Break(
        "let the slowest receiver set the pace",
        "chat/core/pace.py",
        "        return rates[max(receivers // 10, receivers >= 3) :]",
        "        return rates",
        "tests/core/test_congestion.py::test_one_of_three_cannot_make_a_room_slow",
    ),
    Break(
        "tell a room of each change in who types",
        "chat/core/typists.py",
        "        if now < due:",
        "        if now < due - TYPING_TICK:",
        "tests/core/test_room_now.py::test_a_hostile_typer_causes_one_push_a_second_and_no_more",
    ),
    Break(
        "send all pages at once",
        "chat/core/outlet.py",
        "        for _ in range(limits.PAGES_A_TURN):",
        "        for _ in range(1 << 30):",
        "tests/core/test_outlet.py::test_a_push_goes_before_the_pages_of_all_who_fetch",
    ),
    Break(
        "let anybody take back what another one said",
        "chat/core/amend.py",
        "            return by_its_author(amendment, target)",
        "            return True",
        "tests/core/test_amend.py::test_nobody_amends_what_another_one_said",
    ),
    Break(
        "take an author's instance for its key",
        "chat/core/amend.py",
        "    if target.key:\n        return amendment.key == target.key\n",
        "",
        "tests/core/test_amend.py::test_a_message_under_a_key_is_its_keys",
    ),
    Break(
        "log reactions of any length",
        "chat/core/house.py",
        "        if amends(draft.kind) and flaw",
        "        if False and flaw",
        "tests/core/test_house.py::test_what_no_client_of_ours_says_is_malformed",
    ),
    Break(
        "take as read what comes after a gap",
        "chat/core/membership.py",
        "            and self.inbox.is_at(push.header.first - 1, push.before)\n",
        "",
        "tests/core/test_readpush.py::test_who_misses_something_or_is_elsewhere_reads_for_itself",
    ),
    Break(
        "take as read what comes after a push that did not",
        "chat/core/readpush.py",
        "            header.counter == before.counter + 1\n            and ",
        "            ",
        "tests/bots/test_pushes.py::test_what_does_not_follow_is_compared_with_the_log_again",
    ),
    Break(
        "take as read what is of another key",
        "chat/core/keyring.py",
        "        return opener.source == source and opener.window.fresh(header.counter)",
        "        return opener.window.fresh(header.counter)",
        "tests/core/test_readpush.py::test_an_author_and_who_has_another_key_read_for_themselves",
    ),
    Break(
        "forget what never came to a bot",
        "chat/bots/receiver.py",
        "            self.missing.update(range(self.top + 1, seq))\n",
        "",
        "tests/bots/test_receiver.py::test_as_a_naive_reader_sees_it",
    ),
    Break(
        "forget when a message was to be sent",
        "chat/bots/schedule.py",
        "        yield Event(at, What.SAY, bot, number, random.randint(*kind.size))",
        "        yield Event(0.0, What.SAY, bot, number, random.randint(*kind.size))",
        "tests/bots/test_scenario.py::test_messages_come_evenly_at_a_steady_rate",
    ),
    Break(
        "measure from when a message was sent, however late that was",
        "chat/bots/crowd.py",
        "min(event.at, now))",
        "now)",
        "tests/bots/test_crowd.py"
        "::test_latency_runs_from_the_intended_time_or_when_it_was_said_before[late]",
    ),
    Break(
        "blame the server for the time in which the bots stood still",
        "chat/bots/heard.py",
        " and ledger.start + known.stamp.at >= resumed",
        "",
        "tests/bots/test_stopped.py::test_the_time_that_bots_stood_still_is_no_latency[1]",
    ),
    Break(
        "lose the reports to a second Ctrl-C",
        "chat/bots/interrupts.py",
        "            signal.signal(number, self._came)",
        "            signal.signal(number, signal.default_int_handler)",
        "tests/bots/test_interrupts.py"
        "::test_ctrl_c_again_and_again_leaves_reports_and_an_exit_code[1 s-1]",
    ),
    Break(
        "let bots answer answers",
        "chat/bots/calls.py",
        "    if entry.kind != Kind.MESSAGE or entry.refers:",
        "    if entry.kind != Kind.MESSAGE:",
        "tests/bots/test_services.py::test_bots_do_not_answer_bots_for_ever",
    ),
    Break(
        "kill a program and not its children",
        "chat/bots/process.py",
        "                os.killpg(process.pid, signal.SIGKILL)",
        "                os.kill(process.pid, signal.SIGKILL)",
        "tests/bots/test_process.py::test_who_is_left_behind_is_not_waited_for_and_killed",
    ),
    Break(
        "let strangers' words be options",
        "chat/bots/allowed.py",
        '["--", *words]',
        "[*words]",
        "tests/bots/test_services.py::test_nothing_that_is_said_escapes",
    ),
    Break(
        "run programs for names without a key",
        "chat/bots/allowed.py",
        "        if not entry.key:",
        "        if False:",
        "tests/bots/test_services.py::test_command_runs_what_is_allowed_for_verified_names",
    ),
    Break(
        "let wrong passwords cost nothing",
        "chat/core/guesses.py",
        "            if ok is not False:",
        "            if True:",
        "tests/core/test_guesses.py",
    ),
    Break(
        "look at what is known before it counts as a guess",
        "chat/core/entrance.py",
        "        vouches = self._known.vouches(room, policy.verifier, knock.secret, party)",
        "        vouches = self._known.has(room, policy.verifier, knock.secret)",
        "tests/core/test_entrance.py",
    ),
    Break(
        "say which of room, password and invite was wrong",
        "chat/core/entrance.py",
        "            self._remember_wrong(knock)\n            raise RefusedError(NO_ENTRY, Why.ENTRY)",
        "            raise RefusedError(NO_ENTRY + knock.room, Why.ENTRY)",
        "tests/core/test_entrance.py",
    ),
    Break(
        "let moderators act on owners",
        "chat/core/roles.py",
        "    elif rule.whom and not (whom < who or (rule.peers and whom == who)):",
        "    elif rule.whom and not (whom < who + 2 or (rule.peers and whom == who)):",
        "tests/core/test_roles.py",
    ),
)
