/** A path of one character for each byte, as Node's functions take it: names in the file system need not be UTF-8. */
export function toOs(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}
