/**
 * What one falls into with a number that bears a familiar name: a sentence or two for each metric that has such a trap.
 */
export const TRAPS: Readonly<Record<string, string>> = {
  rss:
    'Pages that others map too count in full for each of them, so the sum over processes is more than there is; pss adds up. ' +
    'Hugetlb pages are not in it, nor is swapped-out memory, nor what the kernel holds for the process',
  rssAnon:
    'Anonymous is not private: after fork, parent and child share the pages that neither has written, and each counts them. ' +
    'Memory of memfd, /dev/shm and shared mappings without a file is shmem, not this',
  vsize: 'Address space is not memory: allocators and runtimes reserve gigabytes that they never touch',
  dataSize: 'Neither the data segment nor resident: every private writable mapping counts in full, touched or not',
  minorFaults:
    'Of the whole thread group, also of threads that have ended; not of children. A fault may map up to 16 pages of a file, ' +
    'or one huge page, so faults times page size is not memory',
  majorFaults: 'Also counts what was fetched from swap, zram included, and files read through a mapping; not read()',
  userTime: 'In steps of a clock tick (10 ms as a rule) in this file',
  systemTime: 'In steps of a clock tick (10 ms as a rule) in this file',
  parentPid: 'A pid is no identity: the parent may have ended and its pid be another process by now',
  rssFile:
    'Page cache that the process maps. It is shared with everyone who maps the file, and can be dropped under pressure',
  rssShmem: 'Only what is mapped: a file in /dev/shm that nobody maps is in no process, and still takes memory',
  swapAnon: 'Less than `swap` where shmem was swapped out: the kernel counts that for no process',
  stackSize: 'Of the main thread only; stacks of other threads are ordinary anonymous mappings',
  lockedSize: 'Address space, not memory: pages that were never touched are counted too',
  hwm: 'Since the last exec. It is not ru_maxrss, which a child inherits from the program that started it',
  rssLow: 'Between two ticks, so it depends on the rate of the recording',
  rssHigh: 'Between two ticks, so it depends on the rate of the recording',
  pss:
    'It moves when others map or unmap the same file, though this process did nothing. Cut to KiB once over all mappings, so ' +
    'the sum of the mappings in smaps is a little less. Hugetlb pages are not in it',
  uss: 'What would come free if the process ended, swap and what the kernel holds for it left aside',
  swap: 'Of shmem, what of the mapped part of the file is swapped out, whoever put it there',
  referenced: 'Since somebody last cleared the marks (clear_refs), or the kernel did for its own ends',
  anonHugePages: 'Only those mapped as a whole; parts of a huge page count as ordinary pages',
  locked: 'Proportional, unlike `lockedSize`, and only what is resident',
  rollupPaced: 'A read in pieces is of no single instant; `rollupDuration` tells how long it took',
  hostMemFree:
    'A healthy host has little of it: what is free is used as page cache. `hostMemAvailable` is what could be had',
  hostMemAvailable:
    'A guess of the kernel: free memory, plus most of page cache and reclaimable slab, less the low watermarks',
  hostCached: 'With shmem and tmpfs, which cannot be dropped; without buffers and swap cache',
  hostMapped: 'Each page once, however many processes map it; shmem that is mapped is in it',
  hostShmem: 'In `hostCached` as well',
  hostAnonPages: 'Each page once; the sum of rssAnon over processes counts pages shared after fork several times',
  hostVmallocUsed: 'Address space: it holds what is counted elsewhere too, such as kernel stacks',
  hostCommitted: 'A promise, not memory',
  hostPagedIn: 'In KiB, though the name says pages; of block devices, also for what is not a page of a file',
  cgroupCurrent:
    'Page cache that the group was first to touch counts, also when others use it, and may be dropped. So a group at its limit ' +
    'may be well; what is charged less inactive_file is what cannot easily be had back',
  cgroupMax: 'The nearest limit may be that of a group above',
  cgroupPeak: 'With page cache; under load it reaches the limit in any group that reads files',
  cgroupSwap: 'Of version 1 without `swapaccount` the file is not there, which is not 0',
  cgroupFile: 'With shmem, which cannot be dropped',
  cgroupAnon: 'Of version 1 it is called rss, but is anonymous memory only: not what a process calls RSS',
  cgroupKernel: 'Charged to the group and in no process: no RSS shows it',
  cgroupMaxEvents:
    'Being about to exceed the limit is ordinary where page cache fills a group; `cgroupOomKills` is not',
};
