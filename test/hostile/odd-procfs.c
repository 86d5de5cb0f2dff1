/*
 * A procfs that is odd: a file system over another tree, in the foreground until it is told to end.
 *
 *   odd-procfs seekless SOURCE FOLDER   files that cannot seek: pread and lseek say ESPIPE, as on some kernels
 *   odd-procfs zeros SOURCE FOLDER      files of processes that have no end, and no end of a line
 *   odd-procfs lines SOURCE FOLDER      files of processes that are one line, again and again without an end
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char line[] = "00400000-00401000 r-xp 00000000 00:00 0 \n";
static const char *mode, *source;

struct text {
  size_t length;
  char bytes[];
};

static int is_endless(const char *path) {
  return strcmp(mode, "seekless") != 0 && path[1] >= '1' && path[1] <= '9';
}

static const char *under(const char *path, char *room) {
  snprintf(room, PATH_MAX, "%s%s", source, path);
  return room;
}

static int on_getattr(const char *path, struct stat *out, struct fuse_file_info *file) {
  char room[PATH_MAX];
  (void)file;
  return lstat(under(path, room), out) == 0 ? 0 : -errno;
}

static int on_readlink(const char *path, char *out, size_t size) {
  char room[PATH_MAX];
  ssize_t length = readlink(under(path, room), out, size - 1);
  if (length < 0) return -errno;
  out[length] = 0;
  return 0;
}

static int on_readdir(const char *path, void *out, fuse_fill_dir_t add, off_t offset, struct fuse_file_info *file,
                      enum fuse_readdir_flags flags) {
  char room[PATH_MAX];
  (void)offset, (void)file, (void)flags;
  DIR *folder = opendir(under(path, room));
  if (!folder) return -errno;
  for (struct dirent *entry; (entry = readdir(folder));) add(out, entry->d_name, NULL, 0, 0);
  closedir(folder);
  return 0;
}

// The whole text as it is now, so that it can be read in pieces.
static int on_open(const char *path, struct fuse_file_info *file) {
  char room[PATH_MAX];
  struct text *text = malloc(sizeof *text);
  text->length = 0;
  file->direct_io = 1;
  file->nonseekable = strcmp(mode, "seekless") == 0;
  int fd = is_endless(path) ? -2 : open(under(path, room), O_RDONLY);
  if (fd == -1) {
    free(text);
    return -errno;
  }
  for (ssize_t got = 1; fd >= 0 && got > 0;) {
    text = realloc(text, sizeof *text + text->length + 65536);
    got = read(fd, text->bytes + text->length, 65536);
    if (got < 0) {
      int error = errno;
      close(fd);
      free(text);
      return -error;
    }
    text->length += (size_t)got;
  }
  if (fd >= 0) close(fd);
  file->fh = (uint64_t)(uintptr_t)text;
  return 0;
}

static int on_read(const char *path, char *out, size_t size, off_t offset, struct fuse_file_info *file) {
  const struct text *text = (const struct text *)(uintptr_t)file->fh;
  if (is_endless(path)) {
    const int has_lines = strcmp(mode, "lines") == 0;
    for (size_t at = 0; at < size; at++) out[at] = has_lines ? line[(offset + at) % (sizeof line - 1)] : '0';
    return (int)size;
  }
  if ((size_t)offset >= text->length) return 0;
  if (size > text->length - offset) size = text->length - offset;
  memcpy(out, text->bytes + offset, size);
  return (int)size;
}

static int on_release(const char *path, struct fuse_file_info *file) {
  (void)path;
  free((void *)(uintptr_t)file->fh);
  return 0;
}

static const struct fuse_operations operations = {
    .getattr = on_getattr,
    .readlink = on_readlink,
    .readdir = on_readdir,
    .open = on_open,
    .read = on_read,
    .release = on_release,
};

int main(int count, char **words) {
  if (count != 4) return 2;
  // A test that is given up must not leave a mount behind.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  mode = words[1];
  source = words[2];
  char *given[] = {words[0], (char *)"-f", (char *)"-s", words[3], NULL};
  return fuse_main(4, given, &operations, NULL);
}
