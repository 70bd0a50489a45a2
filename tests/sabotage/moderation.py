"""Breaks of what moderators are promised."""

from .breaks import Break

CONSEQUENCES = "tests/core/test_consequences.py::"
ADMISSION = "tests/core/test_admission.py::"
MODERATION = "tests/core/test_moderation.py::"
SPEECH = "tests/core/test_speech.py::"

BREAKS = (
    # Out is out
    Break(
        "kick somebody and keep the room's key",
        "chat/core/consequences.py",
        "            if found or (ruling.act == Act.BAN and ruling.room == room.name):",
        "            if ruling.act == Act.BAN and ruling.room == room.name:",
        CONSEQUENCES + "test_who_is_kicked_is_out_at_once_and_opens_nothing_that_is_pushed_then",
    ),
    Break(
        "ban somebody who has just left and keep the room's key",
        "chat/core/consequences.py",
        "            if found or (ruling.act == Act.BAN and ruling.room == room.name):",
        "            if found:",
        CONSEQUENCES + "test_who_left_and_is_banned_then_opens_nothing_that_is_pushed_then",
    ),
    Break(
        "lock a room and keep its key",
        "chat/core/consequences.py",
        "            case Act.LOCK if room is not None:",
        "            case Act.LOCK if room is not None and False:",
        ADMISSION + "test_a_lock_changes_the_key",
    ),
    Break(
        "push under a new key before everybody has it",
        "chat/core/room.py",
        "        if self.keys.replacing or not (",
        "        if not (",
        CONSEQUENCES + "test_nothing_is_pushed_until_everybody_was_handed_the_new_key",
    ),
    Break(
        "leave who is put out in the fan-out",
        "chat/core/room.py",
        "        if self.parties is None and self._congestion.pushed_to(member):\n"
        "            self._turn.emit(Unsubscribe(Group(self.name, member.form), member.path))",
        "        if False:\n            pass",
        "tests/core/test_room.py::test_a_member_is_subscribed_once_and_taken_out_once",
    ),
    Break(
        "say only once that somebody is put out",
        "chat/core/house.py",
        "        session.remind()",
        "        pass",
        CONSEQUENCES + "test_it_is_told_so_with_each_pong_until_it_says_that_it_knows",
    ),
    Break(
        "let a join from before a kick bring back who was kicked",
        "chat/core/session.py",
        "            self._asked[room.name] += 1",
        "            pass",
        CONSEQUENCES + "test_a_join_that_the_log_was_asked_for_before_a_kick_brings_nobody_back",
    ),
    # Bans
    Break(
        "judge a ban by the name alone",
        "chat/core/authority.py",
        "        return meant.names(member) or (",
        "        return ruling.whom == member.name or (",
        CONSEQUENCES + "test_a_ban_holds_under_another_name_from_elsewhere_and_in_another_process",
    ),
    Break(
        "ban one address of a customer's many",
        "chat/core/subjects.py",
        '            size = "64" if address.version == 6 and not address.is_loopback else ""',
        '            size = ""',
        "tests/core/test_subjects.py::test_of_one_ipv6_address_all_that_a_customer_has_is_meant",
    ),
    Break(
        "ban somebody with one of its own addresses only",
        "chat/core/subjects.py",
        "    return str(ip_network((address, 64 if len(address) > 4 else 32), strict=False))",
        "    return str(ip_network(address))",
        "tests/core/test_subjects.py::test_somebody_is_its_key_its_instance_and_its_neighbourhood",
    ),
    Break(
        "take an IPv4 address in IPv6's clothes for another one",
        "chat/core/types.py",
        "    return (mapped or address).packed",
        "    return address.packed",
        "tests/core/test_subjects.py::test_an_ipv4_address_is_one_in_ipv6s_clothes_too",
    ),
    Break(
        "do not look where somebody comes from who moves",
        "chat/core/consequences.py",
        "        ban = self._authority.ban(member, room.name, now)",
        "        ban = None",
        CONSEQUENCES
        + "test_who_moves_to_where_is_banned_is_put_out_and_so_is_who_shows_a_banned_key",
    ),
    Break(
        "let in who was banned while its invite was being used",
        "chat/core/house.py",
        "            self.government.entrance.check_enters(member, room.name, now)",
        "            pass",
        ADMISSION + "test_an_invite_does_not_let_in_who_was_banned_meanwhile",
    ),
    # What ends
    Break(
        "do not write that a ban is over",
        "chat/core/consequences.py",
        "                self._registry.rule(over, now)",
        "                pass",
        CONSEQUENCES + "test_the_end_of_a_mute_is_written_and_told",
    ),
    Break(
        "do not write what was over before the server began",
        "chat/core/consequences.py",
        'to say so."""\n        self._end(now)',
        'to say so."""\n        self._watch(now)',
        CONSEQUENCES + "test_what_ends_while_no_server_is_there_is_written_when_there_is_one_again",
    ),
    Break(
        "end a ban that was made anew",
        "chat/core/registry.py",
        "        return self.policy(ruling.room).held.get(fact.name) != ruling.until",
        "        return False",
        CONSEQUENCES + "test_a_ban_that_is_made_anew_just_when_it_ends_goes_on",
    ),
    Break(
        "believe the machine's clock whatever it says",
        "chat/core/logtime.py",
        "        self._base = wall if not last or 0 <= away <= LEAP * 1000 else last",
        "        self._base = wall",
        CONSEQUENCES + "test_a_ban_lasts_as_long_as_it_was_to_whatever_the_clock_says",
    ),
    Break(
        "count from what the machine's clock says",
        "chat/core/moderation.py",
        "            until = self._registry.time.read(now) + min(",
        "            until = wall + min(",
        CONSEQUENCES + "test_nor_does_it_matter_what_the_clock_said_when_it_began",
    ),
    Break(
        "forget that something ended",
        "chat/core/ledger.py",
        "        self._ended[fact] = origin(entry)",
        "        pass",
        "tests/core/test_ledger.py",
    ),
    Break(
        "bring back an ended ban by a copy of it",
        "chat/core/ledger.py",
        "        return origin(entry) >= end",
        "        return True",
        "tests/core/test_ledger.py",
    ),
    Break(
        "end the server for an entry of a newer one",
        "chat/core/policy.py",
        "    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):",
        "    except RecursionError:",
        CONSEQUENCES + "test_a_ruling_that_is_damaged_or_from_a_newer_version_is_never_fatal",
    ),
    # Doors
    Break(
        "do not count how often an invite was used",
        "chat/core/entrance.py",
        "        left = int(invite.value) - using - 1",
        "        left = int(invite.value)",
        ADMISSION + "test_so_many_in_all_whatever_happens_to_the_process",
    ),
    Break(
        "do not count who is using an invite just now",
        "chat/core/entrance.py",
        "        left = int(invite.value) - using - 1",
        "        left = int(invite.value) - 1",
        ADMISSION + "test_an_invite_lets_in_as_many_as_it_is_good_for_even_at_once",
    ),
    Break(
        "use an invite that was revoked meanwhile",
        "chat/core/registry.py",
        "            return not entry.refers and not self._ledger.goes_on(fact, entry)",
        "            return False",
        ADMISSION + "test_an_invite_that_is_revoked_while_somebody_uses_it_is_good_for_nobody_else",
    ),
    Break(
        "keep invites as they are",
        "chat/core/invites.py",
        "    return sha256(secret.encode()).hexdigest()",
        "    return secret",
        ADMISSION + "test_the_log_has_no_invite_that_somebody_could_use",
    ),
    Break(
        "answer at once where there is no such room",
        "chat/core/entrance.py",
        "        is_open = not (policy.locked or policy.verifier) and (known or not knock.secret)",
        "        if not known and knock.secret:\n"
        "            raise RefusedError(NO_ENTRY, Why.ENTRY)\n"
        "        is_open = not (policy.locked or policy.verifier)",
        "tests/core/test_entrance.py::test_the_same_work_is_done_whatever_was_wrong",
    ),
    Break(
        "let everybody try as many passwords as it likes",
        "chat/core/entrance.py",
        "        allowed = self._guesses.begin(member.path, room, now)",
        "        allowed = True",
        ADMISSION + "test_guessing_ends_after_a_few",
    ),
    Break(
        "check all passwords at once",
        "chat/server/checker.py",
        "        while self._waiting and len(self._working) < CHECKS_AT_ONCE:",
        "        self._threads._max_workers = CHECKS\n        while self._waiting:",
        "tests/server/test_checker.py",
    ),
    # Words
    Break(
        "take what a muted member says",
        "chat/core/speech.py",
        "        if self._mute(member, room, now) is not None:",
        "        if False:",
        SPEECH + "test_a_muted_member_says_nothing_and_what_it_said_is_taken_once_when_it_may",
    ),
    Break(
        "judge in slow mode only what comes in order",
        "chat/core/speech.py",
        "        if draft.n != room.next_n(member):",
        "        if False:",
        SPEECH + "test_drafts_out_of_order_do_not_get_around_slow_mode",
    ),
    # Roles
    Break(
        "let a room lose its last owner",
        "chat/core/roles.py",
        "    if act is Act.DEOP and last_owner and who < Role.OPERATOR:",
        "    if False:",
        MODERATION + "test_the_last_owner_stays_but_for_the_operator",
    ),
    Break(
        "let a room's last owner become a moderator",
        "chat/core/moderation.py",
        "        if last and motion.actor.role < Role.OPERATOR:",
        "        if False:",
        MODERATION + "test_the_last_owner_stays_but_for_the_operator",
    ),
    Break(
        "let two owners depose each other at once",
        "chat/core/moderation.py",
        "        if held is Role.OWNER and self._pen.changes_roles(motion.room):",
        "        if False:",
        MODERATION + "test_two_owners_who_depose_each_other_at_once_leave_one",
    ),
    Break(
        "take everybody for a member who is acted on",
        "chat/core/targets.py",
        "        role = self._authority.role_of_key(key, room)",
        "        role = Role.MEMBER",
        MODERATION + "test_nobody_acts_on_who_has_more_to_say",
    ),
    Break(
        "give a role to a name without a key",
        "chat/core/moderation.py",
        "        if not target.key:",
        "        if False:",
        MODERATION + "test_who_has_no_key_can_have_no_role",
    ),
    # Answers
    Break(
        "say that it is done before the log has it",
        "chat/core/pen.py",
        "            self._waiting[n] = _Waiting(actor.asker, ruling, answer)",
        "            actor.asker.done(answer)",
        MODERATION + "test_what_the_log_refuses_was_not_done",
    ),
    Break(
        "do a moderator's request as often as it comes",
        "chat/core/sealed.py",
        "        if session.knows(ask.r):",
        "        if False:",
        MODERATION + "test_an_invite_that_is_asked_for_again_is_the_same_one",
    ),
    Break(
        "do again what was done when the server died",
        "chat/core/moderation.py",
        "        if self._registry.has_done(asked):",
        "        if False:",
        MODERATION
        + "test_what_was_done_when_the_server_died_is_not_done_again_for_who_was_not_told",
    ),
    Break(
        "ask for an act before one is in the room again",
        "chat/core/asking.py",
        "        waited_for = {join.room for join in self.asked(asks.Join)}",
        "        waited_for = set[str]()",
        "tests/core/test_asking.py::test_what_moderates_a_room_waits_until_we_are_in_it",
    ),
)
