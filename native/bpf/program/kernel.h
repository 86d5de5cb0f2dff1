/* What every program begins with.
 *
 * The trap: the headers of libbpf need the kernel's before them, so these stay in this order. */
#ifndef TIDEMARK_KERNEL_H
#define TIDEMARK_KERNEL_H

/* clang-format off */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "kernel_types.h"
#include "shared.h"
/* clang-format on */

#endif
