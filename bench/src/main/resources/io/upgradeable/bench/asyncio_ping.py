"""Ping on asyncio: asyncio_ping.py --role server|client and options, as Load.java and Console.java say."""

import asyncio
import gc
import json
import ssl
import sys
import time

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))


def flag(name):
    return options.get(name) == "true"


async def on_connection(reader, writer):
    try:
        while True:
            command = (await reader.readuntil(b"\n")).strip()
            if command == b"PING":
                writer.write(b"PONG\n")
            elif command == b"STARTTLS":
                if flag("--ready"):
                    writer.write(b"READY\n")
                await writer.start_tls(server_tls)
            else:
                break
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    writer.close()


async def console(opener):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        if line.startswith("open"):
            print(await opener(int(line.split()[1])), flush=True)
        else:
            gc.collect()
            print(-1, flush=True)  # Python's own heap is not told apart


async def serve():
    server = await asyncio.start_server(on_connection, "127.0.0.1", 0, backlog=1024)
    print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await console(None)


held = []


async def ping():
    host, port = options["--peer"].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"PING\n")
        assert await reader.readuntil(b"\n") == b"PONG\n"
        writer.write(b"STARTTLS\n")
        assert await reader.readuntil(b"\n") == b"READY\n"
        await writer.start_tls(client_tls, server_hostname="localhost")
        facts["protocol"] = writer.get_extra_info("ssl_object").version()
        writer.write(b"PING\n")
        assert await reader.readuntil(b"\n") == b"PONG\n"
        if flag("--hold"):
            held.append((reader, writer))
            return
        writer.write(b"QUIT\n")
        assert await reader.read() == b""
    finally:
        if not flag("--hold"):
            writer.close()


async def run(units):
    left = units
    failures = 0

    async def lane():
        nonlocal left, failures
        while left > 0:
            left -= 1
            try:
                await asyncio.wait_for(ping(), float(options.get("--limit", "30")))
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, AssertionError):
                failures += 1

    await asyncio.gather(*(lane() for _ in range(int(options["--at-once"]))))
    return failures


async def measure():
    await run(int(options["--warm-up"]))
    print("measuring", flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        cpu, start = time.process_time(), time.monotonic()
        units = int(options["--units"])
        failures = await run(units)
        outcome = {
            "units": units,
            "seconds": time.monotonic() - start,
            "cpuSeconds": time.process_time() - cpu,
            "failures": failures,
            "facts": facts,
        }
        print(json.dumps(outcome), flush=True)


async def hold():
    print(options["--peer"], flush=True)
    await console(run)


facts = {"engine": ssl.OPENSSL_VERSION.rsplit(" ", 3)[0], "group": "(default)", "go-ahead": "READY"}
if options["--role"] == "server":
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(options["--cert"], options["--key"])
    asyncio.run(serve())
else:
    client_tls = ssl.create_default_context(cafile=options["--ca"])
    asyncio.run(hold() if flag("--hold") else measure())
