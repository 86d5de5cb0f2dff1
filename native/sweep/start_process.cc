// Starting a program without a copy of this one.
//
// The trap: fork marks every page of this process as shared, which takes a millisecond for each 100 MiB, and then each
// page that is written to costs a fault: 0.8 us for each 4 KiB of a program that wanted to be measured, not disturbed.
// A child of posix_spawn borrows our memory until it runs its own program.
#include "start_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace tidemark {
namespace {

constexpr int kLine = 3;
// Above all that the child is given.
constexpr int kLeastDescriptor = 10;

// What a child is to be like. All of it can fail for want of memory.
class Wishes {
 public:
  explicit Wishes(int line) {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    Note(posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0));
    Note(posix_spawn_file_actions_addopen(&files_, 1, "/dev/null", O_WRONLY, 0));
    Note(posix_spawn_file_actions_adddup2(&files_, line, kLine));
    Note(posix_spawnattr_setsigmask(&attributes_, &none));
    Note(posix_spawnattr_setsigdefault(&attributes_, &all));
    Note(posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  ~Wishes() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Wishes(const Wishes&) = delete;
  Wishes& operator=(const Wishes&) = delete;

  int error() const { return error_; }
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  void Note(int error) {
    if (error_ == 0) error_ = error;
  }

  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
  int error_ = 0;
};

}  // namespace

int StartProcess(const char* file, char* const* arguments, char* const* environment, int* line) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  // Below, it might be the descriptor that it is to become, and then stay one that no program inherits.
  const int given = fcntl(ends[1], F_DUPFD_CLOEXEC, kLeastDescriptor);
  int error = given < 0 ? errno : 0;
  close(ends[1]);
  pid_t pid = 0;
  if (error == 0) {
    const Wishes wishes(given);
    error = wishes.error();
    if (error == 0) error = posix_spawn(&pid, file, wishes.files(), wishes.attributes(), arguments, environment);
    close(given);
  }
  if (error != 0) {
    close(ends[0]);
    return -error;
  }
  *line = ends[0];
  return pid;
}

int EndOfProcess(int pid, int* status) {
  pid_t ended;
  do ended = waitpid(pid, status, WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return -errno;
  return ended == 0 ? 0 : 1;
}

}  // namespace tidemark
