"""What TCP would send on a path like this: the throughput equation of TFRC (RFC 5348 §3.1)."""

from math import inf, sqrt

_RTT_LEAST = 0.001


def tcp_rate(loss: float, rtt: float) -> float:
    """Datagrams a second of a TCP connection at a loss from 0 to 1 and a round trip in seconds;
    with one acknowledgement each (b = 1) and a time-out of four round trips."""
    if loss <= 0:
        return inf
    fast = sqrt(2 * loss / 3)
    slow = 12 * sqrt(3 * loss / 8) * loss * (1 + 32 * loss * loss)
    return 1 / (max(rtt, _RTT_LEAST) * (fast + slow))
