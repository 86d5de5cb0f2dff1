/**
 * `pmap` and `pmap -d`: one line per mapping from the text of `maps`, and their sum.
 *
 * The trap: given `smaps`, as captured text may be, its fields must not be taken for mappings: they begin with a capital.
 */
import type { ByteWriter } from '../text/byte-writer.js';
import {
  type AddressRange,
  PmapHead,
  type PmapNaming,
  type PmapProcess,
  pieceEnd,
  Sum,
  writeName,
} from './pmap-head.js';

export interface PmapOptions extends PmapNaming {
  readonly range: AddressRange;
  /** Without header and footer. */
  readonly quiet: boolean;
}

/** Start, size, permissions and name of every mapping. */
export function writePlain(out: ByteWriter, text: Uint8Array, about: PmapProcess, options: PmapOptions): void {
  const head = writeLines(out, text, about, options, (head) => {
    head.writeStart(out);
    out.space();
    head.writeKilobytes(out, 6);
    out.ascii('K ');
    head.writePerms(out);
    out.space();
  });
  if (options.quiet) return;
  out.ascii(' total ');
  head.writeSum(out, 16, Sum.shared, Sum.writeable, Sum.readOnly);
  out.ascii('K\n');
}

/** The same with offset and device. */
export function writeDevices(out: ByteWriter, text: Uint8Array, about: PmapProcess, options: PmapOptions): void {
  if (!options.quiet) out.ascii('Address           Kbytes Mode  Offset           Device    Mapping\n');
  const head = writeLines(out, text, about, options, (head) => {
    head.writeStart(out);
    out.space();
    head.writeKilobytes(out, 7);
    out.space();
    head.writePerms(out, 5);
    out.space();
    head.writeOffset(out);
    out.space();
    head.writeDevice(out);
    out.space();
  });
  if (options.quiet) return;
  out.ascii('mapped: ');
  head.writeSum(out, 0, Sum.shared, Sum.writeable, Sum.readOnly);
  out.ascii('K    writeable/private: ');
  head.writeSum(out, 0, Sum.writeable);
  out.ascii('K    shared: ');
  head.writeSum(out, 0, Sum.shared);
  out.ascii('K\n');
}

function writeLines(
  out: ByteWriter,
  text: Uint8Array,
  about: PmapProcess,
  options: PmapOptions,
  writeNumbers: (head: PmapHead) => void,
): PmapHead {
  const head = new PmapHead();
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = pieceEnd(text, at, text.length);
    if (isField(text[at]!)) continue;
    head.parse(text, at, end);
    if (head.endsBefore(options.range)) continue;
    if (head.startsBehind(options.range)) break;
    head.take(text, at, end);
    writeNumbers(head);
    writeName(out, head.name(options, about), head.line);
    out.newline();
  }
  return head;
}

/** Whether a line that begins with this byte is a field of `smaps`: addresses have no capitals. */
export function isField(first: number): boolean {
  return first >= 65 && first <= 90;
}
