// Processes whose memory map is locked for good: cmdline, smaps and smaps_rollup of them block for ever.
//
//   stuck FOLDER COUNT
//
// Mounts a file system on FOLDER whose files can be opened and whose reads are never answered. Each target maps a file of
// its own; a holder reads that page through /proc/PID/mem, and so holds the target's mmap lock for reading; the target
// then calls mmap and waits for writing, and every later reader waits behind it. Prints the pids of the targets, one a
// line, when all are stuck, and ends everything at the end of its standard input or its parent.
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fill(fuse_ino_t inode, struct stat *out) {
  memset(out, 0, sizeof *out);
  out->st_ino = inode;
  out->st_mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0444;
  out->st_nlink = 1;
  out->st_size = inode == FUSE_ROOT_ID ? 0 : 4096;
}

// Unanswered reads are counted, and a dozen of them is where the kernel would stop asking.
static void on_init(void *nothing, struct fuse_conn_info *connection) {
  (void)nothing;
  connection->max_background = 10000;
  connection->congestion_threshold = 10000;
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
  struct fuse_entry_param entry;
  (void)parent;
  memset(&entry, 0, sizeof entry);
  entry.ino = 2 + strtoul(name, NULL, 10);
  entry.attr_timeout = entry.entry_timeout = 1e6;
  fill(entry.ino, &entry.attr);
  fuse_reply_entry(request, &entry);
}

static void on_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
  struct stat attributes;
  (void)file;
  fill(inode, &attributes);
  fuse_reply_attr(request, &attributes, 1e6);
}

static void on_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
  (void)inode;
  fuse_reply_open(request, file);
}

// This is the point: no reply.
static void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file) {
  (void)request, (void)inode, (void)size, (void)offset, (void)file;
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init,
    .lookup = on_lookup,
    .getattr = on_getattr,
    .open = on_open,
    .read = on_read,
};

static void die(const char *what) {
  fprintf(stderr, "stuck: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void serve(const char *folder, int ready) {
  char *words[] = {(char *)"stuck", NULL};
  struct fuse_args arguments = FUSE_ARGS_INIT(1, words);
  struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);
  if (!session || fuse_session_mount(session, folder) != 0) die("cannot mount");
  if (write(ready, "", 1) != 1) die("cannot tell that it is mounted");
  fuse_session_loop(session);
  _exit(0);
}

static void on_signal(int number) { (void)number; }

static pid_t child(void) {
  pid_t pid = fork();
  if (pid < 0) die("cannot fork");
  if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return pid;
}

// State and system call of a process, as ps shows them.
static int is_stuck_in_mmap(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  char *end = strrchr(text, ')');
  return end && end[2] == 'D';
}

int main(int count_of_words, char **words) {
  if (count_of_words != 3) return 2;
  const char *folder = words[1];
  int count = atoi(words[2]);
  int ready[2];
  char byte;
  // A signal ends the wait for the end of the input, and with that everything in order.
  struct sigaction ending = {.sa_handler = on_signal};
  sigaction(SIGTERM, &ending, NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (pipe(ready) != 0) die("cannot make a pipe");
  pid_t daemon = child();
  if (daemon == 0) serve(folder, ready[1]);
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) return 1;

  pid_t *pids = calloc(2 * count, sizeof *pids);
  for (int i = 0; i < count; i++) {
    char path[4096];
    int told[2], go[2];
    snprintf(path, sizeof path, "%s/%d", folder, i);
    if (pipe(told) != 0 || pipe(go) != 0) die("cannot make a pipe");
    pid_t target = child();
    if (target == 0) {
      int file = open(path, O_RDONLY);
      char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
      if (page == MAP_FAILED) die("cannot map");
      if (write(told[1], &page, sizeof page) != sizeof page || read(go[0], &byte, 1) != 1) die("lost its parent");
      for (;;) mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    char *page;
    if (read(told[0], &page, sizeof page) != sizeof page) return 1;
    pid_t holder = child();
    if (holder == 0) {
      snprintf(path, sizeof path, "/proc/%d/mem", target);
      int memory = open(path, O_RDONLY);
      if (memory < 0) die("cannot open the memory of the target");
      pread(memory, &byte, 1, (off_t)(size_t)page);
      _exit(0);
    }
    while (!is_stuck_in_mmap(holder)) usleep(1000);
    if (write(go[1], "", 1) != 1) die("cannot start the target");
    while (!is_stuck_in_mmap(target)) usleep(1000);
    close(told[0]), close(told[1]), close(go[0]), close(go[1]);
    pids[2 * i] = target;
    pids[2 * i + 1] = holder;
    printf("%d\n", target);
  }
  fflush(stdout);
  while (read(0, &byte, 1) > 0) {
  }
  // Without the daemon every read of its files fails, and whoever waits goes on.
  kill(daemon, SIGKILL);
  for (int i = 0; i < 2 * count; i++) kill(pids[i], SIGKILL);
  while (wait(NULL) > 0) {
  }
  umount2(folder, MNT_DETACH);
  return 0;
}
