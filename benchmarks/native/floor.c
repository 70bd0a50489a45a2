/* The floor: what no server can beat. Takes a datagram and sends it to all who said hello.
 *
 *   floor SIZE
 *
 * Prints its port. A datagram that begins with 'H' is a hello and is answered by itself; any other
 * is padded to SIZE bytes and sent to everybody, by one sendmmsg for 1024 of them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST = 1 << 16, CHUNK = 1024, LARGEST = 1500 };

static struct sockaddr_in everybody[MOST];
static struct mmsghdr messages[MOST];

int main(int argc, char **argv) {
    int size = argc == 2 ? atoi(argv[1]) : 0;
    if (size < 1 || size > LARGEST)
        errx(2, "usage: floor SIZE, from 1 to %d", LARGEST);
    int sock = socket(AF_INET, SOCK_DGRAM, 0), probe = IP_PMTUDISC_PROBE, buffer = 4 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (setsockopt(sock, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe) ||
        bind(sock, (struct sockaddr *)&here, sizeof here) ||
        getsockname(sock, (struct sockaddr *)&here, &length))
        err(1, "floor");
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);

    static char text[LARGEST];
    struct iovec all = {.iov_base = text, .iov_len = (size_t)size};
    unsigned count = 0;
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_length = sizeof from;
        ssize_t got = recvfrom(sock, text, sizeof text, 0, (struct sockaddr *)&from, &from_length);
        if (got < 1)
            continue;
        if (text[0] == 'H') {
            if (count == MOST)
                errx(1, "more than %d endpoints", MOST);
            everybody[count] = from;
            messages[count].msg_hdr = (struct msghdr){.msg_name = &everybody[count],
                                                      .msg_namelen = sizeof from,
                                                      .msg_iov = &all,
                                                      .msg_iovlen = 1};
            count++;
            sendto(sock, text, (size_t)got, 0, (struct sockaddr *)&from, from_length);
            continue;
        }
        for (unsigned at = 0; at < count;) {
            unsigned chunk = count - at < CHUNK ? count - at : CHUNK;
            int sent = sendmmsg(sock, messages + at, chunk, 0);
            if (sent < 0 && errno != EINTR)
                sent = 1; /* one that is gone stops nobody else */
            at += sent > 0 ? (unsigned)sent : 0;
        }
    }
}
