"""Runs a command, and prints what it took: seconds, CPU seconds, peak resident KiB, exit code."""
import os
import sys
import time

start = time.monotonic()
child = os.fork()
if child == 0:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(
    time.monotonic() - start,
    usage.ru_utime + usage.ru_stime,
    usage.ru_maxrss,
    os.waitstatus_to_exitcode(status),
)
