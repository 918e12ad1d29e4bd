"""A PING client on Python's asyncio, as a peer for tests.

PING, STARTTLS, TLS at once, PING, QUIT. Prints each line that it receives and at last the TLS version and cipher.
Exit code 0 only if both PONGs came and the second one under TLS.

With --coalesce the STARTTLS line and the ClientHello leave in one segment; the handshake is then done by hand.
"""

import argparse
import asyncio
import socket
import ssl
import sys


class Failed(Exception):
    pass


def expect_pong(line: bytes) -> None:
    print(line.decode("ascii", "replace").rstrip("\r\n"), flush=True)
    if line.rstrip(b"\r\n") != b"PONG":
        raise Failed(f"expected PONG, got {line!r}")


def expect_end(rest: bytes) -> None:
    if rest:
        raise Failed(f"expected the end after QUIT, got {rest!r}")


async def with_streams(host: str, port: int, context: ssl.SSLContext, name: str) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"PING\n")
        expect_pong(await reader.readline())
        writer.write(b"STARTTLS\n")
        await writer.start_tls(context, server_hostname=name)
        tls = writer.get_extra_info("ssl_object")
        writer.write(b"PING\n")
        expect_pong(await reader.readline())
        facts = f"{tls.version()} {tls.cipher()[0]}"
        writer.write(b"QUIT\n")
        expect_end(await reader.read())
        return facts
    finally:
        writer.close()


class TlsByHand:
    """TLS over a socket where this program decides which bytes share a segment."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str) -> None:
        self.sock = sock
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def handshake(self, last_plaintext: bytes) -> None:
        prefix = last_plaintext
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.sock.sendall(prefix + self.outgoing.read())
                prefix = b""
                self.receive()
            except ssl.SSLError:
                self.sock.sendall(self.outgoing.read())  # the alert that says why
                raise
        self.sock.sendall(self.outgoing.read())

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self.sock.sendall(self.outgoing.read())

    def read(self) -> bytes:
        """Some bytes, or none at the end."""
        while True:
            try:
                return self.tls.read(4096)
            except ssl.SSLWantReadError:
                self.receive()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def receive(self) -> None:
        data = self.sock.recv(16384)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()


def coalesced(host: str, port: int, context: ssl.SSLContext, name: str, timeout: float) -> str:
    with socket.create_connection((host, port), timeout) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(b"PING\n")
        line = b""
        while not line.endswith(b"\n"):
            byte = sock.recv(1)
            if not byte:
                raise Failed(f"the server closed after {line!r}")
            line += byte
        expect_pong(line)
        connection = TlsByHand(sock, context, name)
        connection.handshake(b"STARTTLS\n")
        connection.send(b"PING\n")
        line = b""
        while not line.endswith(b"\n"):
            some = connection.read()
            if not some:
                raise Failed(f"the server closed after {line!r}")
            line += some
        expect_pong(line)
        facts = f"{connection.tls.version()} {connection.tls.cipher()[0]}"
        connection.send(b"QUIT\n")
        expect_end(connection.read())
        return facts


def main() -> int:
    parser = argparse.ArgumentParser(description="PING client on asyncio")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10001)
    parser.add_argument("--cafile", required=True)
    parser.add_argument("--servername", help="the name to ask for and to check (default: --host)")
    parser.add_argument("--coalesce", action="store_true")
    parser.add_argument("--timeout", type=float, default=40, help="seconds for everything")
    options = parser.parse_args()
    context = ssl.create_default_context(cafile=options.cafile)
    name = options.servername or options.host

    async def run() -> str:
        if options.coalesce:
            work = asyncio.to_thread(coalesced, options.host, options.port, context, name, options.timeout)
        else:
            work = with_streams(options.host, options.port, context, name)
        return await asyncio.wait_for(work, options.timeout)

    try:
        print(asyncio.run(run()), flush=True)
        return 0
    except TimeoutError:
        print(f"failed: not done within {options.timeout} s", file=sys.stderr)
    except (Failed, OSError) as problem:
        print(f"failed: {problem}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
