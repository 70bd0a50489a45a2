/* Many receiving sockets in one process, and what is said to them.
 *
 *   crowd KIND CONTROL LEDGER MEMBERS FD...
 *
 * Of the inherited FDs the first MEMBERS receive, the rest only send. KIND is how deliveries look:
 *   text   anywhere in what comes: MARK and eight digits, the number of the message, from 1
 *   push   datagrams with the header of docs/protocol.md; all others go to who holds the keys
 *
 * CONTROL is a SOCK_SEQPACKET socket to that process. It says
 *   run MODE RATE WINDOW SECONDS DRAIN REACH BASE SCRIPT LOG
 *                       a round, see struct round
 *   heard MEMBER FIRST COUNT    these came some other way: they are delivered now
 *   stop MESSAGES               it has itself sent so many, and sends no more
 * and is told
 *   's' u32 member, datagram    not a push, or a push of a member whose `tape` is set
 *   'g' u32 member              something is missing here
 *   'j' JSON                    what the round came to
 *
 * LEDGER is a file of MEMBERS `struct member`, shared with that process, which writes only between
 * rounds. */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104 /* linux/udp.h */
#endif

enum {
    MARK = 0x1e,
    DIGITS = 8,
    PUSH = 0x85,
    PUSH_HEADER = 19,
    RING = 4096,      /* messages beyond a gap that are told apart */
    BATCH = 16,       /* payloads of one member at a time */
    DATAGRAM = 2048,
    GATHERED = 65536, /* bytes of a payload: several datagrams */
    STREAM = 1 << 18, /* bytes of one member at a time */
    EVENTS = 256,
    TURN = 32,        /* members that are heard between two looks at the schedule */
};
#define MS 1000000ull
#define STALL (300 * MS) /* of a closed loop: what is not here by then is lost */

struct member {
    uint64_t contiguous; /* all messages up to this one came */
    uint64_t head;       /* the highest that came */
    uint64_t recent;     /* which of the 64 pushes below `top` came, the newest in bit 0 */
    uint32_t received;   /* pushes under this key, from `start` on */
    uint32_t top;        /* the highest counter of a push, plus one */
    uint32_t start;      /* the counter of the first push that was meant for this member */
    uint32_t epoch;      /* of that key */
    uint32_t tape;       /* its pushes go to who holds the keys, too */
    uint32_t deaf;       /* never read: a member that has stopped */
    uint64_t ring[RING / 64];
};

struct delivery { /* of LOG */
    uint32_t message;
    uint32_t member;
    uint64_t at; /* CLOCK_MONOTONIC, ns */
};

struct line { /* of SCRIPT, followed by its bytes */
    uint32_t fd;
    uint32_t length;
    uint32_t messages;
};

struct stream { /* a number that is cut by the end of what came so far */
    uint32_t value;
    uint32_t left;
};

static struct round {
    bool running, sending;
    char mode;              /* 'r': line i is sent at start + i / rate; 'w': in a closed loop;
                               'l': the other process sends */
    double rate, window;    /* window: messages that are on their way at once */
    uint64_t seconds, drain; /* ns, how long to send, and to wait for the last after that */
    uint64_t reach;         /* members who are to hear each message */
    uint64_t base;          /* text: the number of the last message of the round before */
    const char *script, *script_end, *next;
    size_t script_size, log_size;
    struct delivery *log;
    uint64_t logged, log_most;
    uint64_t start, sent_at, last; /* ns; sent_at: when the last line was */
    uint64_t sent, lines, delivered, duplicates, forgiven, late, latest, errors;
    uint64_t datagrams, bytes, stray, drops;
    size_t offset; /* of the line that is half sent */
    struct rusage usage;
} round_;

static struct member *members;
static struct stream *streams;
static uint64_t *told; /* the gap that was told of, by its first message */
static int *fds;
static uint32_t count, all;
static int control;
static bool push;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static void tell(char what, uint32_t member, const void *bytes, size_t length) {
    static char out[5 + DATAGRAM];
    out[0] = what;
    memcpy(out + 1, &member, sizeof member);
    memcpy(out + 5, bytes, length);
    if (send(control, out, 5 + length, 0) < 0)
        exit(0); /* nobody is there any more */
}

/* One message came. Members keep `RING` messages beyond a gap apart; of text that is further on,
 * the oldest gaps are given up, since nobody will fill them. */
static void hear(struct member *member, uint64_t message, uint64_t at) {
    while (!push && message > member->contiguous + RING) {
        uint64_t next = ++member->contiguous;
        member->ring[next % RING / 64] &= ~(1ull << next % 64);
    }
    if (message > member->head)
        member->head = message;
    if (message > member->contiguous + RING)
        return;
    uint64_t *word = &member->ring[message % RING / 64], bit = 1ull << message % 64;
    if (message <= member->contiguous || *word & bit) {
        round_.duplicates++;
        return;
    }
    *word |= bit;
    while (member->contiguous < member->head) {
        uint64_t next = member->contiguous + 1, mask = 1ull << next % 64;
        if (!(member->ring[next % RING / 64] & mask))
            break;
        member->ring[next % RING / 64] &= ~mask;
        member->contiguous = next;
    }
    round_.delivered++;
    round_.last = at;
    if (round_.logged < round_.log_most)
        round_.log[round_.logged++] =
            (struct delivery){(uint32_t)message, (uint32_t)(member - members), at};
}

static void hear_push(struct member *member, const uint8_t *datagram, size_t length, uint64_t at) {
    uint32_t who = (uint32_t)(member - members), counter, epoch = datagram[5];
    uint64_t first, messages = datagram[18];
    memcpy(&counter, datagram + 6, sizeof counter);
    memcpy(&first, datagram + 10, sizeof first);
    counter = be32toh(counter), first = be64toh(first);
    if (epoch != member->epoch && (uint8_t)(epoch - member->epoch) < 128) {
        member->epoch = epoch;
        member->received = member->top = member->start = 0;
        member->recent = 0;
    }
    if (epoch == member->epoch && counter >= member->start) {
        uint64_t ahead = (uint64_t)counter + 1 > member->top ? counter + 1 - member->top : 0;
        uint64_t behind = ahead ? 0 : member->top - 1 - counter;
        if (ahead) {
            member->recent = ahead < 64 ? member->recent << ahead : 0;
            member->top = counter + 1;
        }
        if (behind < 64 && !(member->recent >> behind & 1)) {
            member->recent |= 1ull << behind;
            member->received++;
        }
    }
    if (messages) {
        round_.datagrams++;
        round_.bytes += length;
    }
    for (uint64_t message = first; message < first + messages; message++)
        hear(member, message, at);
    if (member->tape)
        tell('s', who, datagram, length);
    if (member->contiguous < member->head && told[who] != member->contiguous + 1) {
        told[who] = member->contiguous + 1;
        tell('g', who, NULL, 0);
    }
}

static void hear_text(uint32_t who, const uint8_t *bytes, size_t length, uint64_t at) {
    struct stream *stream = &streams[who];
    const uint8_t *end = bytes + length;
    round_.datagrams++;
    round_.bytes += length;
    for (;;) {
        for (; stream->left && bytes < end; stream->left--)
            stream->value = stream->value * 10 + (uint32_t)(*bytes++ - '0');
        if (stream->left)
            return;
        if (stream->value) {
            hear(&members[who], stream->value, at);
            stream->value = 0;
        }
        bytes = memchr(bytes, MARK, (size_t)(end - bytes));
        if (!bytes)
            return;
        bytes++;
        stream->left = DIGITS;
    }
}

static void receive_datagram(uint32_t who, const uint8_t *datagram, size_t length, uint64_t at) {
    if (who < count && length >= PUSH_HEADER && datagram[0] == PUSH)
        hear_push(&members[who], datagram, length, at);
    else
        tell('s', who, datagram, length < DATAGRAM ? length : DATAGRAM);
}

/* What each datagram of a payload has, but the last, which may have less; all of it, if it is one. */
static size_t segment(struct msghdr *payload, size_t length) {
    int size = 0;
    struct cmsghdr *note = CMSG_FIRSTHDR(payload);
    if (note && note->cmsg_level == IPPROTO_UDP && note->cmsg_type == UDP_GRO)
        memcpy(&size, CMSG_DATA(note), sizeof size);
    return size > 0 ? (size_t)size : length;
}

static void receive_push(uint32_t who) {
    static uint8_t buffers[BATCH][GATHERED];
    static union {
        struct cmsghdr aligned;
        char room[CMSG_SPACE(sizeof(int))];
    } notes[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr batch[BATCH];
    for (int each = 0; each < BATCH; each++) {
        parts[each] = (struct iovec){buffers[each], GATHERED};
        batch[each].msg_hdr = (struct msghdr){
            .msg_iov = &parts[each],
            .msg_iovlen = 1,
            .msg_control = &notes[each],
            .msg_controllen = sizeof notes[each],
        };
    }
    int got = recvmmsg(fds[who], batch, BATCH, MSG_DONTWAIT, NULL);
    uint64_t at = now();
    for (int each = 0; each < got; each++) {
        size_t length = batch[each].msg_len, size = segment(&batch[each].msg_hdr, length), from = 0;
        do {
            size_t left = length - from;
            receive_datagram(who, buffers[each] + from, left < size ? left : size, at);
            from += size;
        } while (from < length);
    }
}

static void receive_text(uint32_t who) {
    static uint8_t buffer[STREAM];
    ssize_t got = recv(fds[who], buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0 && who < count)
        hear_text(who, buffer, (size_t)got, now());
    else if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        round_.errors++;
        close(fds[who]);
    }
}

/* Of datagrams: what a stream drops is sent again. */
static uint64_t kernel_drops(void) {
    uint64_t drops = 0;
    for (uint32_t who = 0; who < count; who++) {
        uint32_t memory[SK_MEMINFO_VARS];
        int type = 0;
        socklen_t length = sizeof memory, type_length = sizeof type;
        getsockopt(fds[who], SOL_SOCKET, SO_TYPE, &type, &type_length);
        if (type == SOCK_DGRAM && !members[who].deaf &&
            !getsockopt(fds[who], SOL_SOCKET, SO_MEMINFO, memory, &length))
            drops += memory[SK_MEMINFO_DROPS];
    }
    return drops;
}

static void *map(const char *path, size_t *size, int flags) {
    int fd = open(path, flags & PROT_WRITE ? O_RDWR : O_RDONLY);
    struct stat file;
    if (fd < 0 || fstat(fd, &file))
        err(1, "%s", path);
    *size = (size_t)file.st_size;
    void *at = mmap(NULL, *size, flags, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED)
        err(1, "%s", path);
    close(fd);
    return at;
}

static void begin(const char *command) {
    char script[256], log[256];
    double seconds, drain;
    struct round *round = &round_;
    memset(round, 0, sizeof *round);
    if (sscanf(command, "run %c %lf %lf %lf %lf %lu %lu %255s %255s", &round->mode, &round->rate,
               &round->window, &seconds, &drain, &round->reach, &round->base, script, log) != 9)
        errx(2, "not a round: %s", command);
    round->seconds = (uint64_t)(seconds * 1e9);
    round->drain = (uint64_t)(drain * 1e9);
    if (round->mode != 'l') {
        round->script = round->next = map(script, &round->script_size, PROT_READ);
        round->script_end = round->script + round->script_size;
    }
    if (strcmp(log, "-")) {
        round->log = map(log, &round->log_size, PROT_READ | PROT_WRITE);
        round->log_most = round->log_size / sizeof *round->log;
    }
    for (uint32_t who = 0; !push && who < count; who++) {
        members[who].contiguous = members[who].head = round->base;
        memset(members[who].ring, 0, sizeof members[who].ring);
    }
    round->drops = kernel_drops();
    round->running = round->sending = true;
    getrusage(RUSAGE_SELF, &round->usage);
    round->start = round->sent_at = round->last = now();
}

static double cpu(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void finish(void) {
    struct round *round = &round_;
    struct rusage usage;
    char out[1024];
    uint64_t expected = round->sent * round->reach;
    getrusage(RUSAGE_SELF, &usage);
    round->running = false;
    int length = snprintf(
        out, sizeof out,
        "j{\"sent\": %lu, \"lines\": %lu, \"expected\": %lu, \"delivered\": %lu, \"lost\": %ld, "
        "\"duplicates\": %lu, \"late\": %lu, \"latest_ns\": %lu, \"errors\": %lu, \"drops\": %lu, "
        "\"datagrams\": %lu, \"bytes\": %lu, \"logged\": %lu, \"start_ns\": %lu, "
        "\"elapsed_s\": %.6f, \"cpu_s\": %.6f}",
        round->sent, round->lines, expected, round->delivered,
        (long)expected - (long)round->delivered, round->duplicates, round->late, round->latest,
        round->errors, kernel_drops() - round->drops, round->datagrams, round->bytes,
        round->logged, round->start, (double)(round->last - round->start) / 1e9,
        cpu(&usage) - cpu(&round->usage));
    if (round->script)
        munmap((void *)round->script, round->script_size);
    if (round->log)
        munmap(round->log, round->log_size);
    round->script = NULL, round->log = NULL, round->log_most = 0;
    if (send(control, out, (size_t)length, 0) < 0)
        exit(0);
}

/* Whether the line that is next went out whole. */
static bool say(uint64_t intended) {
    struct round *round = &round_;
    struct line line;
    memcpy(&line, round->next, sizeof line);
    const char *bytes = round->next + sizeof line;
    ssize_t done = send(fds[line.fd], bytes + round->offset, line.length - round->offset,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (done < 0)
        round->errors++, done = (ssize_t)(line.length - round->offset);
    round->offset += (size_t)done;
    if (round->offset < line.length)
        return false;
    round->sent_at = now();
    uint64_t late = round->sent_at > intended ? round->sent_at - intended : 0;
    round->late += round->mode == 'r' && late > MS;
    if (round->mode == 'r' && late > round->latest)
        round->latest = late;
    round->offset = 0;
    round->lines++;
    round->sent += line.messages;
    round->next = bytes + line.length;
    return true;
}

/* Says what is due, and returns how long there is nothing to do, in ns. */
static uint64_t pump(void) {
    struct round *round = &round_;
    while (round->sending && round->mode != 'l') {
        uint64_t time = now(), intended = time;
        if (round->next >= round->script_end || time >= round->start + round->seconds) {
            if (round->mode == 'w' || round->next >= round->script_end) {
                round->sending = false;
                break;
            }
        }
        if (round->mode == 'r') {
            intended = round->start + (uint64_t)((double)round->lines * 1e9 / round->rate);
            if (intended > time)
                return intended - time;
        } else {
            struct line line;
            memcpy(&line, round->next, sizeof line);
            double here = (double)(round->delivered + round->forgiven) / (double)round->reach;
            if ((double)(round->sent + line.messages) > round->window + here) {
                uint64_t since = round->last > round->sent_at ? round->last : round->sent_at;
                if (time < since + STALL)
                    return since + STALL - time;
                round->forgiven = round->sent * round->reach - round->delivered;
                continue;
            }
        }
        if (!say(intended))
            return MS / 10;
    }
    if (round->running && !round->sending) {
        uint64_t end = round->sent_at + round->drain, time = now();
        if (round->delivered >= round->sent * round->reach || time >= end)
            finish();
        else
            return end - time;
    }
    return 1000 * MS;
}

static void obey(void) {
    char command[1024];
    ssize_t got = recv(control, command, sizeof command - 1, MSG_DONTWAIT);
    if (got == 0)
        exit(0);
    if (got < 0)
        return;
    command[got] = 0;
    unsigned long who, first, messages;
    if (!strncmp(command, "run", 3))
        begin(command);
    else if (sscanf(command, "heard %lu %lu %lu", &who, &first, &messages) == 3 && who < count) {
        for (uint64_t at = now(); messages--; first++)
            hear(&members[who], first, at);
        told[who] = 0;
    } else if (sscanf(command, "stop %lu", &messages) == 1) {
        round_.sent = messages;
        round_.sent_at = now();
        round_.sending = false;
    } else
        errx(2, "not a command: %s", command);
}

static void watch(int epoll, int fd, uint32_t who) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = who};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        err(1, "epoll");
}

int main(int argc, char **argv) {
    if (argc < 6)
        errx(2, "usage: crowd text|push CONTROL LEDGER MEMBERS FD...");
    size_t size;
    push = !strcmp(argv[1], "push");
    control = atoi(argv[2]);
    members = map(argv[3], &size, PROT_READ | PROT_WRITE);
    count = (uint32_t)atoi(argv[4]);
    all = (uint32_t)argc - 5;
    if (count > all || size < count * sizeof *members)
        errx(2, "%u members, %u sockets, %zu bytes for them", count, all, size);
    streams = calloc(count, sizeof *streams);
    told = calloc(count, sizeof *told);
    fds = calloc(all, sizeof *fds);
    int epoll = epoll_create1(0);
    watch(epoll, control, all); /* first: a round has begun before anything counts for it */
    for (uint32_t who = 0; who < all; who++) {
        int gather = 1;
        fds[who] = atoi(argv[5 + who]);
        if (push) /* as real clients do, where the kernel can: a burst is one read */
            setsockopt(fds[who], IPPROTO_UDP, UDP_GRO, &gather, sizeof gather);
        if (who >= count || !members[who].deaf)
            watch(epoll, fds[who], who);
    }
    prctl(PR_SET_TIMERSLACK, 1);
    for (;;) {
        struct epoll_event events[EVENTS];
        uint64_t pause = pump();
        struct timespec wait = {(time_t)(pause / 1000000000ull), (long)(pause % 1000000000ull)};
        int ready = epoll_pwait2(epoll, events, EVENTS, &wait, NULL);
        for (int each = 0; each < ready; each++) {
            uint32_t who = events[each].data.u32;
            if (who == all)
                obey();
            else if (push)
                receive_push(who);
            else
                receive_text(who);
            if (each % TURN == TURN - 1)
                pump();
        }
    }
}
