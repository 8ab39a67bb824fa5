"""A server in a process of its own that gives many bytes to a GET and takes as many with a PUT."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

PIECE = bytes(1024 * 1024)


def answer(connection: socket.socket, size: int) -> None:
    """Requests one after the other, until the client leaves."""
    with connection, suppress(OSError):
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                more = connection.recv(65536)
                if not more:
                    return
                held += more
            head, _, held = held.partition(b"\r\n\r\n")
            if head.startswith(b"PUT"):
                left, held = size - len(held), b""
                buffer = memoryview(bytearray(len(PIECE)))
                while left:
                    received = connection.recv_into(buffer[: min(left, len(buffer))])
                    if not received:
                        return
                    left -= received
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                for _ in range(size // len(PIECE)):
                    connection.sendall(PIECE)
                connection.sendall(PIECE[: size % len(PIECE)])


def serve(port: Connection, size: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port.send(server.getsockname()[1])
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection, size), daemon=True).start()


@contextmanager
def running_server(size: int) -> Iterator[int]:
    """The port of a server of files of ``size`` bytes, which ends with the block."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender, size), daemon=True)
    server.start()
    try:
        yield receiver.recv()
    finally:
        server.terminate()
        server.join()
