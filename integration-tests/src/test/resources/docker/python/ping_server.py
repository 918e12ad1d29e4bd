"""A PING server on Python's asyncio, as a peer for tests.

PING is answered with PONG. STARTTLS has no answer: TLS starts at once. QUIT ends the connection.

The default is what a Python programmer writes: a stream reader and writer.start_tls(). asyncio reads ahead, so a
ClientHello that comes in the segment of the STARTTLS line is lost and the handshake hangs; with --no-read-ahead the
plaintext is read byte by byte and nothing is lost.
"""

import argparse
import asyncio
import socket
import ssl

MAX_LINE = 64


def say(text: str) -> None:
    print(text, flush=True)


async def read_line_bytewise(sock: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    line = b""
    while not line.endswith(b"\n"):
        byte = await loop.sock_recv(sock, 1)
        if not byte or len(line) == MAX_LINE:
            raise ConnectionError(f"no whole line of at most {MAX_LINE} bytes")
        line += byte
    return line


async def serve_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    """Serves a connection on streams, in plaintext or already under TLS."""
    while line := await reader.readline():
        command = line.strip().upper()
        secured = writer.get_extra_info("ssl_object") is not None
        say(f"{'tls' if secured else 'plain'} {command.decode('ascii', 'replace')}")
        if command == b"PING":
            writer.write(b"PONG\n")
            await writer.drain()
        elif command == b"STARTTLS" and not secured:
            await writer.start_tls(context)
            say_secured(writer)
        else:
            return


def say_secured(writer: asyncio.StreamWriter) -> None:
    tls = writer.get_extra_info("ssl_object")
    say(f"secured {tls.version()} {tls.cipher()[0]}")


async def accept_streams(host: str, port: int, context: ssl.SSLContext) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve_lines(reader, writer, context)
        except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError; ValueError: the line was too long
            say(f"failed {problem!r}")
        finally:
            writer.close()

    server = await asyncio.start_server(connected, host, port, limit=MAX_LINE)
    async with server:
        say(f"listening {server.sockets[0].getsockname()[1]}")
        await server.serve_forever()


async def accept_without_read_ahead(host: str, port: int, context: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()

    async def connected(sock: socket.socket) -> None:
        try:
            while True:
                command = (await read_line_bytewise(sock)).strip().upper()
                say(f"plain {command.decode('ascii', 'replace')}")
                if command == b"PING":
                    await loop.sock_sendall(sock, b"PONG\n")
                elif command == b"STARTTLS":
                    break
                else:
                    return
            reader = asyncio.StreamReader(limit=MAX_LINE)
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=context)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            try:
                say_secured(writer)
                await serve_lines(reader, writer, context)
            finally:
                writer.close()
                await writer.wait_closed()
        except (OSError, ValueError) as problem:
            say(f"failed {problem!r}")
        finally:
            sock.close()

    connections = set()
    with socket.create_server((host, port)) as listener:
        listener.setblocking(False)
        say(f"listening {listener.getsockname()[1]}")
        while True:
            sock, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(connected(sock))
            connections.add(task)
            task.add_done_callback(connections.discard)


def main() -> None:
    parser = argparse.ArgumentParser(description="PING server on asyncio")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=10001)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--no-read-ahead", action="store_true")
    options = parser.parse_args()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    accept = accept_without_read_ahead if options.no_read_ahead else accept_streams
    asyncio.run(accept(options.host, options.port, context))


if __name__ == "__main__":
    main()
