/**
 * Real text of the kernel to tokenize: files of live python3 and node processes that have loaded different things.
 *
 * The trap: one process's text repeated until it is large teaches the branch predictor the text. So several processes with
 * different libraries are read in turn; the text is captured once, and every contestant gets the same bytes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type PaddedText, pad } from '../src/procfs/padding.js';
import { findPython } from './interpreters.js';

const LARGE_BYTES = 2 * 2 ** 20;

const PYTHON_IMPORTS = [
  'json, re, ssl, socket, threading',
  'sqlite3, decimal, datetime',
  'asyncio, multiprocessing',
  'ctypes, lzma, bz2, zlib',
  'xml.dom.minidom, csv, hashlib',
  'http.server, email, uuid',
];
const NODE_IMPORTS = ['http', 'crypto', 'worker_threads'];

export interface LiveText {
  /** About 2 MiB each. */
  readonly smaps: PaddedText;
  readonly maps: PaddedText;
  /** One process's. */
  readonly stat: PaddedText;
  readonly statm: PaddedText;
  readonly status: PaddedText;
  /** Such as `9 live processes`. */
  readonly source: string;
}

export async function captureLiveText(): Promise<LiveText> {
  const python = findPython();
  const children = [
    ...(python === undefined ? [] : PYTHON_IMPORTS.map((names) => idlePython(python, names))),
    ...NODE_IMPORTS.map(idleNode),
  ];
  try {
    // Each says a line when it has loaded what it was told to.
    await Promise.all(children.map((child) => once(child.stdout!, 'data')));
    const pids = children.map((child) => child.pid!);
    const small = (file: string) => pad(readFileSync(`/proc/${pids[0]}/${file}`));
    return {
      smaps: concatenated(pids, 'smaps'),
      maps: concatenated(pids, 'maps'),
      stat: small('stat'),
      statm: small('statm'),
      status: small('status'),
      source: `${pids.length} live python3 and node processes`,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

// Both end by themselves when their standard input closes, which it does however we end.
function idlePython(python: string, imports: string): ChildProcess {
  const program = `import sys, ${imports}\nprint("up", flush=True)\nsys.stdin.read()`;
  return spawn(python, ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function idleNode(module: string): ChildProcess {
  const program = `require(${JSON.stringify(module)}); console.log('up'); process.stdin.resume();`;
  return spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The file of each process in turn, again and again, up to the whole text that reaches the size. */
function concatenated(pids: readonly number[], file: string): PaddedText {
  const texts: Buffer[] = [];
  let bytes = 0;
  for (let index = 0; bytes < LARGE_BYTES; index++) {
    const text = readFileSync(`/proc/${pids[index % pids.length]}/${file}`);
    texts.push(text);
    bytes += text.length;
  }
  return pad(Buffer.concat(texts));
}
