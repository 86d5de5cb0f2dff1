/**
 * Whether a file is a whole library for this processor, before the dynamic linker maps it.
 *
 * The trap: the linker maps what the file says that it has, and when it was cut short, by a full disk say, the process ends
 * with SIGBUS at the first byte that is not there. So the end of the table that lies last is compared with the size.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const HEADER_BYTES = 64;
const MAGIC = 0x7f454c46;
/** The numbers of processors in ELF, by Node's names, of those that we build for. */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** What is wrong with it, or undefined. Throws what opening throws. */
export function libraryFault(file: string): string | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const fd = openSync(file, 'r');
  let size: number;
  try {
    readSync(fd, header, 0, HEADER_BYTES, 0);
    size = fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
  if (size < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC) return 'it is no ELF file';
  const machine = header.readUInt16LE(18);
  const ours = MACHINES[process.arch];
  if (ours !== undefined && machine !== ours)
    return `it is for machine ${machine} of ELF, and this is ${ours} (${process.arch})`;
  const end = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
  return size < end ? `it is cut short: ${size} bytes of ${end}` : undefined;
}
