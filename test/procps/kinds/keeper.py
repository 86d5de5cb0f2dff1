"""Starts one stopped process of every kind, and keeps them until standard input closes: `keeper.py FOLDER`, an empty folder
that goes with them.

Answers with one line of JSON once all stand still: `processes`, a list of `kind` and `pid`, and `leftOut`, a list of
`kind` and `why`, for what this machine cannot give. kinds.c makes most of them; here are the other programs, and what is
set from outside: users, niceness, terminals, arguments.

The traps: a stopped process outlives everybody who could kill it, so each asks to be killed with its parent, and the
parent ends with the pipe; and "stopped" is true only once every thread says so, some time after the signal.
"""

import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
import fcntl

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ["kinds.c", "memory-kinds.c", "process-kinds.c"]
PR_SET_PDEATHSIG = 1
DEADLINE_S = 40
OVERCOMMIT = "/proc/sys/vm/nr_overcommit_hugepages"
# Zombies cannot stop, nor can the parent of a vfork; a traced one is stopped by its tracer.
UNMOVING = {"zombie": "Z", "zombie-leader": "Z", "vfork-parent": "D", "traced": "t"}

libc = ctypes.CDLL(None, use_errno=True)
keeper = os.getpid()
started, processes, left_out = {}, {}, {}
expected = set()
masters = []


def compile_kinds(folder, name, options):
    out = os.path.join(folder, name)
    sources = [os.path.join(HERE, source) for source in SOURCES]
    subprocess.run(["gcc", "-O1", *options, "-o", out, *sources, "-lpthread"], check=True)
    return out


def start(kind, argv, executable=None, before=(), env=None, also=(), **more):
    """`before` runs in the child before exec; `also` names the kinds that its own children report."""

    def prepare():
        for step in before:
            step()
        # After any change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)

    expected.update([kind, *also])
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "KIND": kind, "READY": str(ready_in), **(env or {})}
    for stream in ("stdin", "stdout", "stderr"):
        more.setdefault(stream, subprocess.DEVNULL)
    try:
        started[kind] = subprocess.Popen(
            argv, executable=executable, preexec_fn=prepare, env=environment, pass_fds=[ready_in], cwd="/", **more
        )
    except (OSError, subprocess.SubprocessError) as error:
        leave_out(kind, str(error))
        for other in also:
            leave_out(other, str(error))
        return None
    return started[kind]


def leave_out(kind, why):
    left_out.setdefault(kind, why)


def text_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def states(pid):
    """The state letter of every thread."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return [""]
    # The name may hold anything, so from the last bracket on.
    texts = [text_of(f"/proc/{pid}/task/{thread}/stat") for thread in threads]
    return [text[text.rindex(b")") + 2 :][:1].decode() if b")" in text else "" for text in texts]


def leader_state(pid):
    text = text_of(f"/proc/{pid}/stat")
    return text[text.rindex(b")") + 2 :][:1].decode() if b")" in text else ""


def wait_until(what, condition):
    for _ in range(DEADLINE_S * 100):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError(f"{what} did not come about")


def stop_from_outside(kind, condition):
    """For a program that cannot stop itself."""
    child = started.get(kind)
    if child is None:
        return
    wait_until(f"{kind} running", lambda: condition(child.pid) or leader_state(child.pid) in ("Z", ""))
    os.kill(child.pid, signal.SIGSTOP)
    processes[kind] = child.pid


def asleep_as(comm):
    return lambda pid: text_of(f"/proc/{pid}/comm") == comm and leader_state(pid) == "S"


def read_reports():
    """Takes reports until every expected kind has been named, left out, or has died without a word."""
    buffered = b""
    until = time.monotonic() + DEADLINE_S
    while missing := expected - set(processes) - set(left_out):
        readable, _, _ = select.select([sys.stdin, ready_out], [], [], 0.1)
        if sys.stdin in readable:
            sys.exit(0)
        if ready_out in readable:
            *lines, buffered = (buffered + os.read(ready_out, 65536)).split(b"\n")
            for line in lines:
                kind, pid, *why = line.decode().split(" ", 2)
                if pid == "0":
                    leave_out(kind, " ".join(why))
                else:
                    processes[kind] = int(pid)
            continue
        for kind in missing:
            if kind not in started or leader_state(started[kind].pid) == "Z" and kind != "zombie-leader":
                leave_out(kind, "it ended" if kind in started else "its parent does not give it")
        if time.monotonic() > until:
            for kind in missing:
                leave_out(kind, "it did not report in time")


def on_terminal(foreground):
    """A new session with a pty of its own as the controlling terminal."""
    master, slave = os.openpty()
    masters.append(master)

    def take():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        # Another group's being in front is what makes a background process.
        if not foreground:
            child = os.fork()
            if child == 0:
                # Whoever starts a process waits until the pipe for errors before exec is closed.
                os.closerange(3, slave)
                os.closerange(slave + 1, 1024)
                os.setpgid(0, 0)
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(slave, os.getpgrp())
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                while True:
                    signal.pause()
            while os.tcgetpgrp(slave) != child:
                time.sleep(0.001)

    return {"before": [take], "stdin": slave}


def interpreters(scratch):
    """Programs that people run."""
    start("sleep", ["/bin/sleep", "1000000"])
    start("sh", ["/bin/sh", "-c", f"echo sh $$ >&{ready_in}; kill -STOP $$; :"])
    start("bash", ["/bin/bash", "--norc", "-c", f"echo bash $$ '' >&{ready_in}; kill -STOP $$; :"])
    start("perl", ["perl", "-e", f'open(F, ">&={ready_in}"); syswrite(F, "perl $$ \\n"); kill("STOP", $$)'])
    tell = f"import os, signal; os.write({ready_in}, b'%s %d \\n' % (os.environb[b'KIND'], os.getpid()));"
    stop = "os.kill(os.getpid(), signal.SIGSTOP)"
    threads = "import threading; [threading.Thread(target=signal.pause, daemon=True).start() for _ in range(5)];"
    start("python3", [sys.executable, "-c", tell + stop])
    start("python3-threads", [sys.executable, "-c", "import signal;" + threads + tell + stop])
    start(
        "node",
        ["node", "-e", f"fs.writeSync({ready_in}, `node ${{process.pid}} \\n`); process.kill(process.pid, 'SIGSTOP')"],
    )
    # Asks for a password and waits for it: of what a headless Java brings, the one that waits without a port.
    store = os.path.join(scratch, "store")
    java = ["java", "-Xmx64m", "-m", "java.base/sun.security.tools.keytool.Main", "-list", "-keystore", store]
    with open(store, "wb") as file:
        file.write(b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\0")
    start("java", java, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def files_to_map(kinds, scratch):
    """Names of mapped files, each a kind."""
    deep = os.path.join(os.fsencode(scratch), *[b"long" * 50] * 6)
    os.makedirs(deep)
    names = {
        "file-newline": b"new\nline\n",
        "file-invalid-utf8": b"not-utf8-\xff\xfe-\xc3",
        "file-wide": "幅の広い文字 é 🦀".encode(),
        "file-control": b"esc\x1b[31m bell\x07 tab\t del\x7f c1\xc2\x9b",
        "file-trailing-space": b"  trailing space ",
        "file-called-deleted": b"not gone (deleted)",
        "file-deleted": b"gone",
    }
    paths = {kind: os.path.join(os.fsencode(scratch), name) for kind, name in names.items()}
    paths["file-long-path"] = os.path.join(deep, b"end")
    for kind, path in paths.items():
        start(kind, [kinds, kind], env={"MAP": path})


def outside(kinds, scratch):
    """What is odd from outside about a plain program."""
    start("nice", [kinds], before=[lambda: os.nice(10)])
    start("not-nice", [kinds], before=[lambda: os.nice(-5)])
    start("other-user", [kinds], before=[lambda: os.setuid(65534)])
    start("user-without-name", [kinds], before=[lambda: os.setresuid(54321, 54322, 54321)])
    # The name is in the passwd of a captured tree only.
    start("user-long-name", [kinds], before=[lambda: os.setuid(54323)])
    start("terminal-foreground", [kinds], **on_terminal(True))
    start("terminal-background", [kinds], **on_terminal(False))
    start("session-leader", [kinds], before=[os.setsid])
    start("no-arguments", [""], executable=kinds)
    start("arguments-odd", ["new\nline", "esc\x1b[31m", "tab\t", b"\xff\xfe", "\x01\x7f", "", " two  words ", "é🦀幅", "\\n"], kinds)
    start("arguments-long", [kinds, *(f"--option-{i}=" + "x" * i for i in range(300))])
    start("title-long", [kinds], env={"TITLE": "server: worker 1 of 2, idle since noon, waiting for work"})
    start("title-empty", [kinds, "one", "two"], env={"TITLE": ""})
    start("comm-odd", [kinds], env={"COMM": " x) R (\n1\\"})
    start("comm-not-utf8", [kinds], env={"COMM": b"\x1b[1m\xff\xe5\xb9\x85\xe5\xb9\x85\xe5"})
    gone = os.path.join(scratch, "gone-program")
    shutil.copy(kinds, gone)
    start("program-deleted", [gone])
    os.unlink(gone)


def inside(kinds):
    """What kinds.c makes."""
    with open(os.path.join(HERE, "memory-kinds.c")) as file:
        for kind in re.findall(r'^    \{"([a-z0-9-]+)", \w+\},$', file.read(), re.M):
            start(kind, [kinds, kind])
    for kind in ["many-threads", "odd-stacks", "unreadable", "fifo", "rr", "batch", "idle"]:
        start(kind, [kinds, kind])
    start("zombie-leader", [kinds])
    start("shared-mm", [kinds], also=["shared-mm-child"])
    start("vfork-child", [kinds], also=["vfork-parent"])
    start("forked", [kinds], also=["forked-child"])
    start("tracer", [kinds], env={"MADE": "traced"}, also=["traced"])
    start("large-pid-parent", [kinds], env={"MADE": "large-pid"}, also=["large-pid"])


def zombie():
    child = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    started["zombie"] = child
    processes["zombie"] = child.pid


def kernel_threads():
    for kind, pid, comm in [("kthreadd", 2, b"kthreadd\n"), ("migration", None, b"migration/0\n")]:
        pids = [pid] if pid else sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        found = [pid for pid in pids[:100] if text_of(f"/proc/{pid}/comm") == comm]
        if found:
            processes[kind] = found[0]
        else:
            leave_out(kind, "no kernel threads are to be seen here")


def allow_huge_pages(pages):
    """That many more (or fewer) on demand, so that nothing stays reserved should this keeper be killed."""
    try:
        with open(OVERCOMMIT, "r+") as file:
            # Another keeper may be at it.
            fcntl.flock(file, fcntl.LOCK_EX)
            allowed = int(file.read()) + pages
            file.seek(0)
            file.write(str(max(allowed, 0)))
        return True
    except OSError:
        return False


def run(scratch):
    # Not on the terminal of whoever runs the tests.
    if os.getpid() != os.getsid(0):
        os.setsid()
    os.umask(0o022)
    kinds = compile_kinds(scratch, "kinds", ["-fPIE", "-pie"])
    fixed = compile_kinds(scratch, "kinds-static", ["-static", "-no-pie"])
    # So that other users may run them.
    os.chmod(scratch, 0o755)
    allowed = allow_huge_pages(2)
    try:
        start_all(scratch, kinds, fixed)
        read_reports()
    finally:
        # Who has a page keeps it.
        if allowed:
            allow_huge_pages(-2)
    wait_for_standstill()
    os.sync()  # or pages of new files are dirty only until the kernel writes them back
    answer = {
        "processes": [{"kind": kind, "pid": pid} for kind, pid in processes.items()],
        "leftOut": [{"kind": kind, "why": why} for kind, why in left_out.items()],
    }
    print(json.dumps(answer), flush=True)
    sys.stdin.read()


def start_all(scratch, kinds, fixed):
    start("plain", [kinds])
    start("static", [fixed])
    start("static-large-heap", [fixed], env={"MADE": "large-heap"})
    interpreters(scratch)
    files_to_map(kinds, scratch)
    outside(kinds, scratch)
    inside(kinds)
    zombie()
    kernel_threads()
    stop_from_outside("sleep", asleep_as(b"sleep\n"))
    if "java" in started and b"password" in os.read(started["java"].stderr.fileno(), 4096):
        stop_from_outside("java", lambda pid: True)


def wait_for_standstill():
    for kind, pid in processes.items():
        if kind in ("kthreadd", "migration"):
            continue
        want = UNMOVING.get(kind, "T")
        wait_until(f"{kind} ({pid}) in state {want}", lambda: leader_state(pid) == want)
        rest = {"Z", "T"} if kind == "zombie-leader" else {want}
        wait_until(f"every thread of {kind} in state {want}", lambda: set(states(pid)) <= rest)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, signal.SIG_IGN)
ready_out, ready_in = os.pipe()
try:
    run(os.path.abspath(sys.argv[1]))
finally:
    for child in started.values():
        child.kill()
    for child in started.values():
        child.wait()
    shutil.rmtree(sys.argv[1], ignore_errors=True)
