"""smtplib: a thread and a connection each. Told and telling as Load says."""
import json
import smtplib
import ssl
import sys
import threading
import time

LINE = "All work and no play makes a dull benchmark, said the postman and rang twice.\r\n"
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
port = int(options["--peer"].rpartition(":")[2])
size = int(options["--size"])
head = "Subject: benchmark\r\n\r\n"
text = (head + LINE * ((size - len(head)) // len(LINE))).encode("ascii")
tls = ssl.create_default_context(cafile=options["--ca"])
connections = []
for _ in range(int(options["--at-once"])):
    connection = smtplib.SMTP("localhost", port)
    connection.starttls(context=tls)
    connection.ehlo()
    connections.append(connection)


def run(units):
    left = iter(range(units))
    lock = threading.Lock()
    failures = []

    def lane(connection):
        while True:
            with lock:
                if next(left, None) is None:
                    return
            try:
                connection.sendmail("bench@example.test", ["alice@example.test"], text)
            except smtplib.SMTPException as problem:
                failures.append(problem)

    threads = [threading.Thread(target=lane, args=(each,)) for each in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(failures)


units = int(options["--units"])
run(min(int(options["--warm-up"]), units // 10))  # there is nothing to be compiled
print("measuring", flush=True)
while sys.stdin.readline():
    start, cpu = time.monotonic(), time.process_time()
    failed = run(units)
    outcome = {
        "units": units,
        "seconds": time.monotonic() - start,
        "cpuSeconds": time.process_time() - cpu,
        "failures": failed,
        "facts": {"engine": " ".join(ssl.OPENSSL_VERSION.split()[:2])},
    }
    print(json.dumps(outcome), flush=True)
for connection in connections:
    connection.quit()
