// Starts a workload stopped and outlives it: `tidemark-launch [--env NAME=VALUE].. -- COMMAND ARGS`, with a socket as
// descriptor 3.
//
// The traps: a recorder that forked the workload itself would show its own memory in the first samples, so a small
// program forks. A daemon forks twice and leaves its parent, so this is a subreaper and every descendant stays below
// it. Node sets every signal and the limit of descriptors anew at its start and passes on text, not bytes, so the
// environment is taken from the kernel's own copy of it. And a terminal sends its signals to the whole group, so a
// signal that the recorder passes on may have reached the workload already.
//
// To the socket, a line each:
//   child PID              waits to be let go
//   running                runs the command
//   failed ERRNO           could not run it
//   exit STATUS NS         the command has ended, as wait tells it, at this monotonic time
//   end PEAK_KB USER_US SYSTEM_US MINOR MAJOR NS   nobody is left: the largest process, and the sums of all that were
//   waited for
// From it: `go`, `signal N`, `leave`. Its end before `go` means that nothing is run, and later that the rest goes on
// alone.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kLine = 3, kMostExtra = 16, kSignals = 65 };

// A signal that came to the group is not sent again within this time.
static const double kSameSignalSeconds = 1.0;

// A recorder that is stopped, say by a debugger, is not waited for.
static const double kLingerSeconds = 2.0;

static double received_at[kSignals];

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Whoever listens may be busy: when it was is told with it.
static long long NowNs(void) { return (long long)(Now() * 1e9); }

static void Tell(const char* text) {
  size_t length = strlen(text);
  while (length > 0) {
    ssize_t written = send(kLine, text, length, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text += written;
    length -= (size_t)written;
  }
}

// The whole of a small file, with a 0 behind it; NULL when it cannot be read.
static char* ReadFile(const char* path, size_t* length) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  size_t capacity = 65536;
  char* text = malloc(capacity + 1);
  *length = 0;
  while (text != NULL) {
    ssize_t got = read(fd, text + *length, capacity - *length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    *length += (size_t)got;
    if (*length == capacity) text = realloc(text, (capacity *= 2) + 1);
  }
  close(fd);
  if (text != NULL) text[*length] = 0;
  return text;
}

// Our parent's environment as the kernel got it, then the entries of our own.
static char** Environment(char** extra, int extras) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
  size_t length = 0;
  char* text = ReadFile(path, &length);
  if (text == NULL || length == 0) return environ;
  size_t count = 0;
  for (size_t at = 0; at < length; at += strlen(text + at) + 1) count++;
  char** out = calloc(count + (size_t)extras + 1, sizeof *out);
  if (out == NULL) return environ;
  size_t filled = 0;
  for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
    int is_replaced = 0;
    for (int index = 0; index < extras; index++) {
      size_t name = strcspn(extra[index], "=") + 1;
      if (strncmp(text + at, extra[index], name) == 0) is_replaced = 1;
    }
    if (!is_replaced) out[filled++] = text + at;
  }
  for (int index = 0; index < extras; index++) out[filled++] = extra[index];
  return out;
}

// Node has raised the soft limit to the hard one. What our grandparent has is what was given to our parent, as long as
// their hard limits are the same.
static void RestoreDescriptorLimit(void) {
  char path[64];
  size_t length = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
  char* stat = ReadFile(path, &length);
  char* behind = stat == NULL ? NULL : strrchr(stat, ')');
  int grandparent = 0;
  if (behind == NULL || sscanf(behind + 1, " %*c %d", &grandparent) != 1) return;
  snprintf(path, sizeof path, "/proc/%d/limits", grandparent);
  char* limits = ReadFile(path, &length);
  char* line = limits == NULL ? NULL : strstr(limits, "Max open files");
  unsigned long long soft = 0, hard = 0;
  struct rlimit own;
  if (line == NULL || sscanf(line, "Max open files %llu %llu", &soft, &hard) != 2) return;
  if (getrlimit(RLIMIT_NOFILE, &own) != 0 || own.rlim_max != hard || soft > hard) return;
  own.rlim_cur = soft;
  setrlimit(RLIMIT_NOFILE, &own);
}

// In the forked child: waits at the gate, then becomes the command.
static void Become(int gate, int result, const sigset_t* mask, char** argv, char** env) {
  char go = 0;
  while (read(gate, &go, 1) < 0 && errno == EINTR) {
  }
  if (go != 1) _exit(125);
  struct sigaction by_default = {.sa_handler = SIG_DFL};
  for (int number = 1; number < kSignals; number++) sigaction(number, &by_default, NULL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  environ = env;
  execvp(argv[0], argv);
  int error = errno;
  (void)!write(result, &error, sizeof error);
  _exit(error == ENOENT ? 127 : 126);
}

static struct {
  pid_t child;
  int gate;
  int result;
  int is_let_go;
  int has_ended;
  long peak_kb;
  long long user_us, system_us, minor, major;
} state;

static void TakeSignals(int signals) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo < kSignals) received_at[info.ssi_signo] = Now();
  }
}

// Returns whether we are to leave.
static int Obey(const char* line, int signals) {
  int number = 0;
  if (strcmp(line, "leave") == 0) return 1;
  if (strcmp(line, "go") == 0 && !state.is_let_go) {
    char go = 1;
    state.is_let_go = 1;
    (void)!write(state.gate, &go, 1);
    int error = 0;
    ssize_t got;
    while ((got = read(state.result, &error, sizeof error)) < 0 && errno == EINTR) {
    }
    char text[64];
    if (got == (ssize_t)sizeof error) {
      snprintf(text, sizeof text, "failed %d\n", error);
      Tell(text);
    } else {
      Tell("running\n");
    }
  } else if (sscanf(line, "signal %d", &number) == 1 && number > 0 && number < kSignals && !state.has_ended) {
    TakeSignals(signals);
    if (received_at[number] == 0 || Now() - received_at[number] > kSameSignalSeconds) kill(state.child, number);
  }
  return 0;
}

static void Reap(void) {
  for (;;) {
    int status = 0;
    struct rusage used;
    pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid <= 0) return;
    // It survives exec, and what forked the command is this program, whose few pages hide no peak.
    if (used.ru_maxrss > state.peak_kb) state.peak_kb = used.ru_maxrss;
    state.user_us += used.ru_utime.tv_sec * 1000000LL + used.ru_utime.tv_usec;
    state.system_us += used.ru_stime.tv_sec * 1000000LL + used.ru_stime.tv_usec;
    state.minor += used.ru_minflt;
    state.major += used.ru_majflt;
    if (pid != state.child) continue;
    state.has_ended = 1;
    char text[64];
    snprintf(text, sizeof text, "exit %d %lld\n", status, NowNs());
    Tell(text);
  }
}

static int HasChildren(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void Serve(int signals) {
  char lines[256];
  size_t held = 0;
  while (HasChildren()) {
    struct pollfd wait[2] = {{.fd = kLine, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR) return;
    TakeSignals(signals);
    Reap();
    if ((wait[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    ssize_t got = recv(kLine, lines + held, sizeof lines - 1 - held, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return;
    held += (size_t)got;
    lines[held] = 0;
    char* rest = lines;
    for (char* end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
      *end = 0;
      if (Obey(rest, signals)) return;
    }
    held = strlen(rest);
    memmove(lines, rest, held + 1);
    if (held == sizeof lines - 1) held = 0;
  }
}

// Reads on until the recorder has read all and closed, which it does at our end of the line: a signal that it writes to
// a closed line would take what it has not read yet with it.
static void Linger(void) {
  shutdown(kLine, SHUT_WR);
  double until = Now() + kLingerSeconds;
  char rest[256];
  for (double left = kLingerSeconds; left > 0; left = until - Now()) {
    struct pollfd wait = {.fd = kLine, .events = POLLIN};
    if (poll(&wait, 1, (int)(left * 1000) + 1) < 0 && errno != EINTR) return;
    ssize_t got = recv(kLine, rest, sizeof rest, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

int main(int argc, char** argv) {
  char* extra[kMostExtra];
  int extras = 0;
  int at = 1;
  for (; at + 1 < argc && strcmp(argv[at], "--env") == 0 && extras < kMostExtra; at += 2)
    extra[extras++] = argv[at + 1];
  if (at + 1 >= argc || strcmp(argv[at], "--") != 0) return 125;
  char** command = argv + at + 1;

  fcntl(kLine, F_SETFD, FD_CLOEXEC);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t before, taken;
  sigfillset(&taken);
  // A terminal that stops the group stops us as well.
  for (const int* each = (const int[]){SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, 0};
       *each != 0; each++) {
    sigdelset(&taken, *each);
  }
  sigprocmask(SIG_SETMASK, &taken, &before);
  int signals = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
  int gate[2], result[2];
  if (signals < 0 || pipe2(gate, O_CLOEXEC) != 0 || pipe2(result, O_CLOEXEC) != 0) return 125;

  char** env = Environment(extra, extras);
  RestoreDescriptorLimit();
  state.child = fork();
  if (state.child < 0) {
    char text[64];
    snprintf(text, sizeof text, "failed %d\n", errno);
    Tell(text);
    return 125;
  }
  if (state.child == 0) {
    close(gate[1]);
    close(result[0]);
    Become(gate[0], result[1], &before, command, env);
  }
  close(gate[0]);
  close(result[1]);
  state.gate = gate[1];
  state.result = result[0];
  // Whoever reads what the workload writes waits for its end, and that must not be ours.
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; null >= 0 && fd < 3; fd++) dup2(null, fd);

  char text[128];
  snprintf(text, sizeof text, "child %d\n", (int)state.child);
  Tell(text);
  Serve(signals);
  if (!state.is_let_go) {
    Linger();
    return 125;
  }
  snprintf(text, sizeof text, "end %ld %lld %lld %lld %lld %lld\n", state.peak_kb, state.user_us, state.system_us,
           state.minor, state.major, NowNs());
  Tell(text);
  Linger();
  return 0;
}
