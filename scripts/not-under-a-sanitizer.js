/**
 * Tests that cannot hold on an addon with AddressSanitizer for what the sanitizer is, and why: `npm run test:sanitized` leaves
 * them out. The trap: a test that fails there may have found something. So each stands here by its whole name, with a reason
 * that was seen in its output, and nothing is left out by file or folder.
 */
export const NOT_UNDER_A_SANITIZER = [
  {
    why: "the sanitizer's malloc maps all that it gives: a node has no heap behind its break, and glibc's tells of nothing",
    tests: [
      'a live node has a class for every mapping, and the sums of its smaps',
      'what malloc says of itself moves with what is given out',
      'has more in use than nothing, and grows by what is allocated',
      'can be told to keep little, where there is glibc',
      'the other functions of the addon tells of malloc, where the C library does',
      'memory of malloc that no heap knows of is found, and told from the heap',
    ],
  },
  {
    why: 'what is freed is kept back, and the shadow of all memory counts as resident: a few MiB more than the limits of a measurement',
    tests: [
      'measure(url) tells RSS and PSS of what the function took',
      'isolate: true of tinybench runs each task alone',
      'isolate: true of tinybench-6 runs each task alone',
      'isolate: true of benchmark.js does so as well',
      'memory of malloc that is given back is fragmentation at most',
      'a module is measured in a process of its own',
      'a server that leaks on its heap is found by its port, among what it churns',
      'a server that leaks nothing is said to leak nothing',
      'a server that leaks outside of its heap leaks where malloc is',
      'measureGrowth finds what is held on the heap, by how much',
      'measureGrowth does not call churn a leak',
      'the gate lets a function pass, and fails when it holds on to what it made',
      'the leak test tells a leak from a cache',
      'a program that is recorded from outside tells its heap, also of its last instant',
      'gives each benchmark its memory, and one alone in its file RSS and PSS',
      'in a control group of its own that has room for little more than Node, a recording is made all the same',
      'of one process of very many mappings ["maps"] answers',
      'of one process of very many mappings ["pmap"] answers',
    ],
  },
  {
    why: 'the sanitizer ends a program in which threads cannot be made (CHECK of asan_posix.cpp)',
    tests: ['without another thread rollups are told as lost', 'without another thread texts are not to be had'],
  },
  {
    why: 'a later Node, which does not need the library, loads the addon, and the shadow has no room any more',
    tests: ['measures what is compared, what has its process to itself, and what fails'],
  },
  {
    why: 'a Node that is started with an empty environment is not told to leave leaks alone, and ends with 1',
    tests: [
      'a process that is started by the addon is talked to over its line, which closes with it',
      'a process that is started by Node is talked to over its line, which closes with it',
    ],
  },
  {
    why: 'what is written comes so slowly that it is stored meanwhile',
    tests: ['a mapped file takes 8 MiB that nobody commits and no more, and goes on when they are stored'],
  },
];
