// The traps: a load that is to tell why it failed writes a log for every program, which takes several times as long and
// may overflow; so a load is quiet first, and repeated with a log only when it has failed. And the kernel gives up the
// check of a program with EAGAIN when a signal comes, which one does all the time where a profiler runs; so signals
// wait.
#include "objects.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "iterate.skel.h"
#include "lives.skel.h"
#include "walk.skel.h"

static const struct tidemark_object kNothing = {.prepare = -1,
                                                .walk = -1,
                                                .list = -1,
                                                .pick = -1,
                                                .look = -1,
                                                .watch_peaks = -1,
                                                .iterate = -1,
                                                .rows_map = -1,
                                                .slots_map = -1,
                                                .wanted_map = -1,
                                                .pids_map = -1,
                                                .peaks_map = -1,
                                                .peak_events_map = -1,
                                                .lives_map = -1,
                                                .members_map = -1};

static void TellNothing(struct bpf_loader_ctx* context) { memset(context, 0, sizeof *context); }

static void TellAll(struct bpf_loader_ctx* context, char* log, size_t log_bytes) {
  context->log_level = 1;
  context->log_size = (__u32)log_bytes;
  context->log_buf = (__u64)(size_t)log;
}

#define DESTROY(name)                                          \
  static void Destroy_##name(struct tidemark_object* object) { \
    name##__destroy((struct name*)object->skeleton);           \
    *object = kNothing;                                        \
  }

// `SIZES` gives the maps of a skeleton `it` their sizes, `FILL` puts what was loaded into `object`.
#define LOAD(name, SIZES, FILL)                                                                           \
  DESTROY(name)                                                                                           \
  static int Load_##name(const struct tidemark_sizes* sizes, struct tidemark_object* object, char* log,   \
                         size_t log_bytes) {                                                              \
    int error = 0;                                                                                        \
    *object = kNothing;                                                                                   \
    log[0] = 0;                                                                                           \
    for (int attempt = 0; attempt < 2; attempt++) {                                                       \
      struct name* it = name##__open();                                                                   \
      if (!it) return -ENOMEM;                                                                            \
      __u32 size = it->ctx.sz;                                                                            \
      TellNothing(&it->ctx);                                                                              \
      it->ctx.sz = size;                                                                                  \
      if (attempt > 0) TellAll(&it->ctx, log, log_bytes);                                                 \
      SIZES;                                                                                              \
      errno = 0;                                                                                          \
      int result = name##__load(it);                                                                      \
      if (result == 0) {                                                                                  \
        object->skeleton = it;                                                                            \
        object->destroy = Destroy_##name;                                                                 \
        FILL;                                                                                             \
        return 0;                                                                                         \
      }                                                                                                   \
      if (attempt == 0) error = result < -1 ? result : errno ? -errno : result;                           \
      name##__destroy(it);                                                                                \
    }                                                                                                     \
    return error;                                                                                         \
  }                                                                                                       \
  int tidemark_load_##name(const struct tidemark_sizes* sizes, struct tidemark_object* object, char* log, \
                           size_t log_bytes) {                                                            \
    sigset_t all, own;                                                                                    \
    sigfillset(&all);                                                                                     \
    pthread_sigmask(SIG_SETMASK, &all, &own);                                                             \
    int result = Load_##name(sizes, object, log, log_bytes);                                              \
    pthread_sigmask(SIG_SETMASK, &own, NULL);                                                             \
    return result;                                                                                        \
  }

LOAD(
    walk,
    {
      it->maps.rows.max_entries = sizes->rows;
      it->maps.peaks.max_entries = sizes->rows;
      it->maps.wanted.max_entries = sizes->rows;
      it->maps.slots.max_entries = sizes->slot_pieces;
      it->maps.pids.max_entries = sizes->pids;
    },
    {
      object->prepare = it->progs.prepare.prog_fd;
      object->walk = it->progs.walk.prog_fd;
      object->list = it->progs.list_all.prog_fd;
      object->pick = it->progs.pick.prog_fd;
      object->look = it->progs.look.prog_fd;
      object->watch_peaks = it->progs.watch_peaks.prog_fd;
      object->rows_map = it->maps.rows.map_fd;
      object->slots_map = it->maps.slots.map_fd;
      object->wanted_map = it->maps.wanted.map_fd;
      object->pids_map = it->maps.pids.map_fd;
      object->peaks_map = it->maps.peaks.map_fd;
      object->peak_events_map = it->maps.peak_events.map_fd;
      object->ask = &it->bss->ask;
    })

LOAD(
    iterate,
    {
      it->maps.rows.max_entries = sizes->rows;
      it->maps.slots.max_entries = sizes->slot_pieces;
      it->maps.pids.max_entries = sizes->pids;
    },
    {
      object->prepare = it->progs.prepare.prog_fd;
      object->iterate = it->progs.iterate.prog_fd;
      object->rows_map = it->maps.rows.map_fd;
      object->slots_map = it->maps.slots.map_fd;
      object->pids_map = it->maps.pids.map_fd;
      object->ask = &it->bss->ask;
    })

LOAD(
    lives, { it->maps.lives.max_entries = sizes->ring_bytes; },
    {
      object->prepare = it->progs.prepare.prog_fd;
      object->lives_map = it->maps.lives.map_fd;
      object->members_map = it->maps.members.map_fd;
      object->ask = &it->bss->ask;
      object->selection = &it->bss->selection;
      // The links go with the skeleton.
      int error = lives__attach(it);
      if (error < 0) {
        error = errno ? -errno : error;
        lives__destroy(it);
        *object = kNothing;
        return error;
      }
    })

static int Call(enum bpf_cmd command, union bpf_attr* attributes, size_t bytes) {
  int result = skel_sys_bpf(command, attributes, (unsigned)bytes);
  return result < 0 ? -errno : result;
}

int tidemark_run(int program) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.test.prog_fd = (__u32)program;
  int result = Call(BPF_PROG_RUN, &attributes, offsetofend(union bpf_attr, test));
  return result < 0 ? result : (int)attributes.test.retval;
}

int tidemark_attach(int program, const char* name) {
  int link = skel_raw_tracepoint_open(name, program);
  return link < 0 ? -errno : link;
}

int tidemark_link_iterator(int program) {
  int link = skel_link_create(program, 0, BPF_TRACE_ITER);
  return link < 0 ? -errno : link;
}

int tidemark_open_iterator(int link) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.iter_create.link_fd = (__u32)link;
  return Call(BPF_ITER_CREATE, &attributes, offsetofend(union bpf_attr, iter_create));
}

int tidemark_put(int map, const void* key, const void* value) {
  return skel_map_update_elem(map, key, value, BPF_ANY) < 0 ? -errno : 0;
}

int tidemark_get(int map, const void* key, void* value) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (__u32)map;
  attributes.key = (__u64)(size_t)key;
  attributes.value = (__u64)(size_t)value;
  return Call(BPF_MAP_LOOKUP_ELEM, &attributes, offsetofend(union bpf_attr, flags));
}
