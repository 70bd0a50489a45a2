"""Every bound on memory, rate and patience, with its precedent."""

SESSION_IDLE = 90.0
"""Seconds of silence after which a session ends: NATs forget UDP after 120 s at best (RFC 4787)."""

KEEPALIVE = (20.0, 25.0)
"""Seconds of silence after which a client pings, drawn anew each time: unreplied NAT bindings last
30 s."""

KEEPALIVE_LEAST = 15.0
"""Seconds of silence after which it does when it hears the room's beat: a server that is awake
answers a thousand members with a third of the CPU that waking for each of them takes. RFC 8085
§3.5 asks for no more than one each 15 s."""

KEEPALIVE_SPREAD = 1.0
KEEPALIVE_RATE = 4000.0
"""A beat is answered within N / KEEPALIVE_RATE seconds, at most KEEPALIVE_SPREAD, by its N
members: far from what fills a receive buffer, and near enough to each other to share wake-ups. By
a report, which needs no answer, or as long after that by a ping of who had nothing to report."""

PROBES = 5
"""Unanswered probes before a client opens anew: with three, at 20 % loss, a third more reopened."""

SILENCE = 3.0
"""Seconds of silence, at least, before it does: on a fast network five probes take less than one,
and a session is its endpoint, which is not to change for every hiccup."""

COOKIE_BUCKET = 15
"""Seconds: a cookie is good for this bucket and the next."""

TICKET_LIFE = 24 * 3600.0
"""Seconds for which a session can be resumed, before or after by the wall clock; TLS 1.3 allows a
week (RFC 8446 §4.6.1)."""

RESUME_SPREAD = 0.5
"""Seconds within which clients resume after a restart, drawn by each: a room of a thousand keeps a
server busy for as long."""

ADMISSION = 10.0
"""Seconds between the end of a handshake and the first sealed datagram."""

ADMISSIONS = 4096
"""Handshakes that have ended and await it."""

SESSIONS = 100_000
TEXT_ENDPOINTS = 4096
ROOMS = 10_000
"""In the registry."""

NAMES = 10_000
"""In the registry: beyond, names are the living's only."""

RULINGS = 40_000
"""In the registry: bans, mutes, roles, invites and settings of all rooms."""

RULINGS_EACH = 256
"""Of one room and sort: so many bans, so many roles."""

SUBJECTS = 8
"""By which one ruling knows somebody: a key, and some of its instances and addresses."""

RULING_WORDS = 300
"""Bytes of a reason."""

SLOWED = 100_000
"""Members of rooms in slow mode of whom it is known when they spoke."""

GONE, GONE_FOR = 4096, 600.0
"""So many who have left a room can be banned by name for so many seconds more: 2 MB."""

SLOW_MOST = 86_400
"""Seconds between two messages."""

INVITE_USES = 1000
INVITE_LIFE = 86_400
"""Seconds, if nothing else is asked for."""

INVITE_MOST = 365 * 86_400

ACTS_KEPT = 16
"""Answers to a moderator's requests that are given again."""

ASKED_KEPT = 1024
"""Requests of moderators that are known to have been done, by whichever server did them."""

LAPSE_AGAIN = 60.0
"""Seconds until the end of a ban is written once more, if the log refused."""

REGISTRY_DRAFTS = ROOMS + NAMES + RULINGS
"""On their way to the registry's log at once."""

LEAP = 180 * 86_400.0
"""Seconds for which a server may have been down; if its clock says more, the clock was changed."""

REGISTRY_SPARE = 1000
"""Entries of the registry's log that no longer count, besides as many as do, until it is cleaned."""

REGISTRY_TRIM = 256
"""Entries that are trimmed at once."""

ROOMS_PER_MEMBER = 32
"""Public ones; and as many direct ones, the newest of which it is reminded of."""

MEMBERS_SMALL = 64
"""Up to this many, members, receipts and who is typing are told to everybody unasked."""

WINDOW = 64
"""Drafts an author may have beyond its newest acknowledged one."""

AHEAD_BYTES = 16 << 20
"""Of drafts, in all, that came before the one that is to go before them."""

DRAFT_COST = 256
"""Bytes that a draft takes besides its text."""

REFUSAL_PAUSE = 1.0
"""Seconds for which a room takes nothing after the log refused something: a full disk does not
become less full by being asked a hundred times a second."""

NOTICE_AGAIN = 30.0
"""Seconds for which the server must not have said a thing, until a user is told it once more."""

ANNOUNCED = 3
ANNOUNCED_AGAIN = 1.0
"""Times that a sealed member is sent what the operator says to everybody, and seconds in between:
at 10 % loss one of a thousand does not get it."""

ANNOUNCED_AT_ONCE = 128
ANNOUNCED_PAUSE = 0.02
"""Members who are told at once, and seconds until the next ones are: each takes a sealed
datagram."""

HELD_LINES = 256
"""Lines of one plain-text endpoint that wait for the log."""

RANGES = 32
"""In one FETCH."""

FETCH_BYTES = 64 * 1200
"""That one FETCH may ask for, whatever its window."""

STATELESS = 2000.0
"""Answers a second, in all, to who has no session: cookies, retries, resets, status."""

NEIGHBOURS = 16_384
"""Neighbours times deeds whose rates are remembered: 2 MB."""

SESSIONS_PER_NEIGHBOUR = 1024
"""Members at once of one IPv4 address or IPv6 /64: a school behind one address."""

NEIGHBOUR = {
    "handshake": (40.0, 800.0),
    "join": (20.0, 400.0),
    "message": (2000.0, 8000.0),
    "fetch": (200.0, 1000.0),
    "name": (0.1, 100.0),
    "room": (0.1, 50.0),
}
"""By deed, what one neighbour may do a second, and how much at once. A class of 400 may come at the
same moment (nginx's examples allow an address 10 requests a second, sshd 10 logins that are not
done); names and rooms are for good, so there are few."""

STRAYS = (10.0, 20.0)
"""Datagrams a second, and at once, that are opened in vain because they come from where their
session is not: opening takes 2 us, dropping them a tenth of it."""

HELLOS = 2000.0
"""ClientHellos a second, in all, that are looked at: each takes 30 us. Who is not heard asks again
four times a second."""

HELLOS_BURST = 200.0
"""At once: 6 ms in which nobody else is heard."""

ROOM_DRAFTS = 20_000.0
"""Drafts a second in one room, of all its members, and twice as many at once."""

DRAFTS = 100_000.0
"""Drafts a second in all rooms, and twice as many at once."""

WORK = (1000.0, 4000.0)
"""What one session may ask of the server a second, and at once, in drafts: about 40 us of CPU
each. Who asks more is not heard, and asks again."""

WORK_DATAGRAM = 0.4
WORK_FRAME = 0.1
WORK_TYPING = 1.0
WORK_FETCH = 20.0
WORK_ASK = 30.0
"""Of a datagram and its first frame, and each further one; of requests and pings. A client in all
rooms it may be in joins each of them when it reconnects."""

GUESSES = (0.1, 10.0)
"""Wrong passwords and invites of one neighbour for one room, a second and at once: ten are a few
people who mistype at the same time; then it is 8,640 a day, so that six random letters last for
decades. NIST SP 800-63B-3 §5.2.2 has a hundred in all, and then locks the account: that would let
anybody close a room."""

GUESSES_ALL = (1.0, 100.0)
"""The same for all rooms, so that nobody tries a thousand names, nor pushes its own wrong ones out
of what is remembered."""

MEMBERS_KNOWN = 16_384
"""Members whose password was right, by room, who come back without counting as a guess: 4 MB. And
as many whose newest one was wrong."""

CHECKS_AT_ONCE = 2
"""Passwords that are checked at the same time, each with 19 MiB and 25 to 50 ms of a processor."""

CHECKS = 100
"""More that wait: for one or two seconds, after which the client would ask again in any case."""

TEXT_RATE = 10.0
"""Lines a second of one plain-text endpoint: twenty times a fast typist."""

TEXT_BURST = 40.0

TEXT_COMMAND = 4.0
"""Lines that a command counts as: its answer is longer than what it asks with."""

TEXT_ROWS = 20
"""Of a list, at once, in plain text."""

TEXT_WAITING = 256
"""Plain-text endpoints that have yet to echo their code."""

TEXT_WAIT = 60.0
TEXT_TRIES = 3

TEXT_IDLE = 600.0
"""Seconds of silence after which a plain-text endpoint is warned; as many again end it… see
TEXT_GRACE."""

TEXT_GRACE = 60.0
"""Seconds between the warning and the end."""

HEADS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between the last push and the first head, that and the second, and so on: a steady beat
of 2 s costs twice as many datagrams and finds a lost push no sooner."""

BEAT = 16.0
"""Seconds between heads from then on, so that a server that was restarted is missed by who has
nothing to say. Each room has its own second of the sixteen."""

ROOM_KEY_LIFE = 3600.0
"""Seconds after which a room has a new key (WireGuard takes two minutes for two ends; a room has many)."""

ROOM_KEY_LEAD = 1.0
"""Seconds that members have a new key before it is used; who has it not by then asks."""

ROOM_KEY_BATCH = 256
ROOM_KEY_PAUSE = 0.02
"""Members who are handed a new key at once, and seconds until the next ones are: each takes a
sealed datagram."""

OLD_KEY = 10.0
"""Seconds for which the key before opens what was late."""

PRESENCE_TICK = 1.0
"""Seconds between two presence digests of one room."""

PRESENCE_CHANGES = 256
"""Changes a room remembers, so that who missed some need not read all."""

TYPING_AGAIN = 3.0
"""Seconds, at least, until a client says again that its user types in a room, and until the server
tells others so again."""

TYPING_LIFE = 6.5
"""Seconds that this counts: one of two may be lost."""

TYPING_TICK = 1.0
"""Seconds, at least, between two pushes of one room that say who is typing."""

REPORT_INTERVAL = 1.0
"""Seconds, at least, between two reports of one member: receipts are made of them."""

REPORTS_CALM = 64
"""Reports a second of all members of a room together, as long as they miss nothing: each reports
every N / REPORTS_CALM seconds (RFC 3550 §6.2). A report costs the server 30 us, twenty times what a
push to one member does; so they cost little, and rooms of up to 64 keep REPORT_INTERVAL."""

REPORT_PATIENCE = 0.25
"""Of its interval: for so long a member of a large room waits for a push to report after. A server
that is awake takes a report for a third of what one costs that wakes it."""

REPORTS_LOSSY = 300
"""Where many do: who misses pushes may report after N / REPORTS_LOSSY seconds already (RFC 4585 §3.1)."""

PUSH_LOSS = 0.1
"""Of the pushes, in three reports: who loses more, and is sent more than TCP would send it, is not
pushed to for a while."""

PUSH_LEAST = 2.0
"""Pushes a second that are never too many: RFC 8085 §3.1.3 has one datagram each 3 s where nothing
is known of the round trip, and chat is to be chat."""

PUSH_BURST = 0.5
"""Seconds, at least, that a rate of pushes is taken over."""

PUSH_UNCOVERED = 8
PUSH_SILENT = 3.5
"""Pushes that no report of a member speaks of, the oldest made so many intervals ago, until it is
not pushed to for a while: three reports may be lost."""

PUSH_BEHIND = 3
"""Pushes, at least, that were made since the newest one that a report speaks of, if they are to
be under way: fewer may be lost."""

PUSH_AGAIN = (10.0, 160.0)
"""Seconds until it is pushed to again; twice as many each time, up to the second, and after as many
spent well as at the first time."""

PUSH_RETURNS = 10
"""The part of a room, a tenth, that may return at once, a TICK after each other."""

POLL = (0.25, 4.0)
"""Seconds, at least, between two fetches of who is not pushed to, and at most where nothing is said."""

TICK = 1.0
"""Seconds between two looks at the pace of a room that is talked in."""

PACE_LEAST = 5500.0
PACE_ALL = 110_000.0
"""Bytes of entries a second that no receivers may keep a room from: PACE_LEAST are five full
pushes, or fifty lines, more than people read; or PACE_ALL to all of them together, 1 Mbit/s. Who
cannot take as much leaves the push set."""

PACE_MOST = 1_000_000.0
"""Above this a room has no pace."""

PACE_SERVER = 50_000.0
"""Bytes of entries a second that are not what a server is late for."""

SERVER_LATE = 0.25
"""Seconds that a server comes too late to two ticks in a row, until it has to do less."""

PACE_LESS = 0.8
"""Of what came through: what is pushed where some was lost."""

PACE_REPAIR = 3.0
"""Seconds after which what was lost is to have been fetched: a room must not run away from its
receivers."""

PACE_DRAIN = 0.5
"""The same where they wait in a queue, which is to become empty again."""

PACE_LAG = 0.25
"""Seconds in a queue on the way: ITU-T G.114 calls 0.4 s in all unacceptable for a conversation."""

PACE_MORE = 1.1
PACE_CAREFUL = 1.04
PACE_KNOWN = 0.8
"""What a room's pace is multiplied with each second when nobody complains any more: less from
PACE_KNOWN of that on which was too much the last time (in the manner of CUBIC, RFC 9438)."""

PACE_FORGET = 30.0
"""Seconds after which that is not known any more."""

PACE_QUEUE = 0.5
"""Seconds' worth of drafts that wait in the server where a room has a pace, by the windows that
authors are granted."""

WINDOW_TOLD = 4
"""Times that an author is told a window that is the full one again, a second apart and with what
it says: afterwards it knows."""

PAGES_A_TURN = 32
"""Of answers to fetches, of all sessions: 0.3 ms, so that pushes never wait for them."""

PAGES_BYTES = 64 << 20
"""Of entries that wait to be sent so, in all; beyond, who fetches has to ask again."""

JOIN_BACKLOG = 200
"""Entries that a join starts with."""

TOPIC_BYTES = 300
REACTION_BYTES = 32
"""The longest emoji that are joined out of others have 35, nearly all less than 28."""
PASTE_BYTES = 8192
"""The longest text that is split into entries; above it a file belongs elsewhere."""
PARTS = 32
"""Entries that a reader takes for one text: more than PASTE_BYTES needs, however it is split. Whoever
says of each entry that it goes on makes no text that grows for ever."""

BUFFERED_ENTRIES = 4096
"""Entries beyond a gap that a client keeps; later ones it fetches."""

AMENDMENTS = 10_000
"""Edits, deletions and reactions of one room that a client keeps, besides what they refer to."""
AMENDMENTS_EACH = 2 * PARTS
"""Of these, of one author about one message: its last edit is among them, however long it is, while
the next one comes."""

OUTBOX_BYTES = 1 << 20
"""Unacknowledged text that a client keeps."""


def answering(members: float) -> float:
    """Seconds within which so many answer a beat."""
    return min(members / KEEPALIVE_RATE, KEEPALIVE_SPREAD)
