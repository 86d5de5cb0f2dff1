// What the kinds of the set share. The kind comes from the environment, never from argv, since several kinds are about
// strange arguments.
#pragma once

#include <stddef.h>

// Tells the keeper that this process is `kind`, then stops it. Returns if somebody continues it; nothing should.
void stop_as(const char *kind);

// Tells the keeper that another process is `kind`: it cannot say so itself.
void report(const char *kind, int pid);

// Tells the keeper why this machine cannot give the kind (errno at the call), and ends the process.
void leave_out(const char *why) __attribute__((noreturn));

// Ends this process when its parent does. To be called after every fork and every change of user, both of which clear it.
void die_with_parent(void);

// `pages` pages of private anonymous memory, written to. Leaves out the kind when there are none.
char *touched(size_t pages);

size_t page_size(void);

typedef void (*kind_function)(void);
kind_function memory_kind(const char *name);
kind_function process_kind(const char *name);
