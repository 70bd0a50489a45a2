"""Many datagrams in one system call: sendmmsg(2) and recvmmsg(2), of Linux, without a compiler.

What the kernel reads stays in place from call to call: headers, and a block of names that they
point to. To send, a room's names are copied into the block, 16 KiB for a thousand members, and all
headers share one payload. Python's socket module has neither call.
"""

import ctypes
import mmap
import os
import sys
from ctypes import POINTER, addressof, byref, c_char, c_char_p, c_int, c_size_t, c_uint, c_void_p

from .kernel import SOL_UDP, UDP_SEGMENT

MOST = 1024
"""Messages that one call takes (UIO_MAXIOV)."""

LARGEST = 65_535
"""A UDP datagram's length has 16 bits: in this much room none is cut off."""

_STRIDE = LARGEST + 1


class _Iovec(ctypes.Structure):
    _fields_ = (("base", c_void_p), ("size", c_size_t))


class _Message(ctypes.Structure):
    """struct msghdr, see recv(2)."""

    _fields_ = (
        ("name", c_void_p),
        ("name_size", ctypes.c_uint32),
        ("iovec", c_void_p),
        ("iovec_count", c_size_t),
        ("control", c_void_p),
        ("control_size", c_size_t),
        ("flags", c_int),
    )


class _Header(ctypes.Structure):
    """struct mmsghdr: a message, and the bytes of it that went through."""

    _fields_ = (("message", _Message), ("size", c_uint))


class _Segments(ctypes.Structure):
    """struct cmsghdr, see cmsg(3), and its one number."""

    _fields_ = (
        ("length", c_size_t),
        ("level", c_int),
        ("kind", c_int),
        ("size", ctypes.c_uint16),
    )


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

AVAILABLE = hasattr(_libc, "sendmmsg") and hasattr(_libc, "recvmmsg")

if _libc is not None and AVAILABLE:
    _libc.sendmmsg.argtypes = (c_int, c_void_p, c_uint, c_int)
    _libc.recvmmsg.argtypes = (c_int, c_void_p, c_uint, c_int, c_void_p)


def _headers(count: int, names: int, name_size: int) -> "ctypes.Array[_Header]":
    """As many, each with its name in the block at address `names`."""
    headers = (_Header * count)()
    for index, header in enumerate(headers):
        header.message.name = names + index * name_size
        header.message.name_size = name_size
        header.message.iovec_count = 1
    return headers


class Sender:
    """The same payload to many endpoints, from one socket."""

    def __init__(self, fd: int, name_size: int, *, segments: bool = False) -> None:
        """`name_size`: of the socket's family. With `segments` a payload may be several datagrams
        that leave one after the other (UDP_SEGMENT, Linux 4.18)."""
        self._fd = fd
        self._name_size = name_size
        self._block = (c_char * (MOST * name_size))()
        self._names = memoryview(self._block).cast("B")
        self._payload = _Iovec()
        self._base = ctypes.cast(byref(self._payload), POINTER(c_char_p))
        self._headers = _headers(MOST, addressof(self._block), name_size)
        self._segments = _Segments(_Segments.size.offset + 2, SOL_UDP, UDP_SEGMENT, 0)
        for header in self._headers:
            header.message.iovec = addressof(self._payload)
            if segments:
                header.message.control = addressof(self._segments)
                header.message.control_size = ctypes.sizeof(self._segments)

    def send(self, names: memoryview, payload: bytes, segment: int = 0) -> int:
        """To the first MOST of `names`, which lie side by side. `segment`: the bytes of each of
        the datagrams in `payload` but the last, which may have less. Returns how many of them it
        was sent to. Raises OSError when the first one fails."""
        size = min(len(names), len(self._names))
        self._names[:size] = names[:size]
        self._base[0] = payload
        self._payload.size = len(payload)
        self._segments.size = segment
        assert _libc is not None
        sent = _libc.sendmmsg(self._fd, addressof(self._headers), size // self._name_size, 0)
        if sent < 0:
            raise _error()
        return int(sent)


class Receiver:
    """Up to `most` datagrams at once."""

    def __init__(self, fd: int, name_size: int, most: int) -> None:
        self.most = most
        self._fd = fd
        self._name_size = name_size
        self._names = mmap.mmap(-1, most * name_size)
        self._data = mmap.mmap(-1, most * _STRIDE)
        """Only those pages take memory that something was received into."""
        start = addressof(c_char.from_buffer(self._data))
        self._iovecs = (_Iovec * most)()
        names = addressof(c_char.from_buffer(self._names))
        self._headers = _headers(most, names, name_size)
        for index, (header, iovec) in enumerate(zip(self._headers, self._iovecs, strict=True)):
            iovec.base = start + index * _STRIDE
            iovec.size = LARGEST
            header.message.iovec = addressof(iovec)
        words = memoryview(self._headers).cast("B").cast("I")
        self._sizes = words[_Header.size.offset // 4 :: ctypes.sizeof(_Header) // 4]

    def receive(self, most: int) -> list[tuple[bytes, bytes]]:
        """Up to `most` datagrams, each with its sender's name. Raises OSError when there is none,
        or for an error that is the socket's first news; another one comes with the next call."""
        assert _libc is not None
        count = _libc.recvmmsg(self._fd, addressof(self._headers), most, 0, None)
        if count < 0:
            raise _error()
        data, names, size = self._data, self._names, self._name_size
        return [
            (
                data[index * _STRIDE : index * _STRIDE + length],
                names[index * size : (index + 1) * size],
            )
            for index, length in enumerate(self._sizes[:count].tolist())
        ]


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
