"""psutil-poll.py HZ COMMAND...: runs a command and polls its resident memory, as mprof does; prints "NS BYTES" of each poll to
standard error, the command's output to standard output."""
import sys
import time

import psutil

hz, command = float(sys.argv[1]), sys.argv[2:]
child = psutil.Popen(command)
polls = []
while child.poll() is None:
    try:
        polls.append((time.monotonic_ns(), child.memory_info().rss))
    except psutil.NoSuchProcess:
        break
    time.sleep(1 / hz)
for at, rss in polls:
    print(at, rss, file=sys.stderr)
