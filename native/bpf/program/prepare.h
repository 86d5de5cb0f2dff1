/* Finds out what a sweep needs to know of the kernel: where each processor's part of per-processor memory lies, and the
 * pid namespace of whoever asks.
 *
 * The trap: `__per_cpu_offset` is a variable, and most kernels tell only the addresses of functions. So a map with one
 * part per processor serves as a yardstick: the address of a part, less the base that the kernel keeps for the map.
 * Pointers become plain numbers when they are copied from the stack. */
#ifndef TIDEMARK_PREPARE_H
#define TIDEMARK_PREPARE_H

/* Only its place counts. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} per_cpu SEC(".maps");

static __always_inline __u64 number_of(const void *pointer) {
  const void *copied = pointer;
  __u64 number = 0;
  asm volatile("" ::"r"(&copied) : "memory");
  bpf_probe_read_kernel(&number, sizeof number, &copied);
  return number;
}

SEC("syscall")
int prepare(void *context) {
  __u32 zero = 0;
  __u64 base = 0;
  __u64 map = number_of(&per_cpu);
  bpf_probe_read_kernel(&base, sizeof base, (void *)(map + bpf_core_field_offset(struct bpf_array, pptrs)));
  if (base == 0) return 1;
  for (__u32 cpu = 0; cpu < TIDEMARK_MOST_CPUS; cpu++) {
    void *part = bpf_map_lookup_percpu_elem(&per_cpu, &zero, cpu);
    if (!part) break;
    ask.cpu_offset[cpu] = number_of(part) - base;
  }
  struct task_struct *self = bpf_get_current_task_btf();
  struct pid *pid = self->thread_pid;
  __u32 level = pid->level;
  ask.level = level;
  __u64 place = (__u64)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
  bpf_probe_read_kernel(&ask.namespace_address, sizeof ask.namespace_address,
                        (void *)(place + bpf_core_field_offset(struct upid, ns)));
  return 0;
}

#endif
