/**
 * The program of a process as records tell it.
 *
 * The trap: what is read is hostile: a field of the wrong type is found here, before anybody joins it.
 */

/** What of a program was stored. */
export interface ProgramPart {
  /** Path of the program as the kernel has it; ` (deleted)` included. Absent: not to be read, or a kernel thread. */
  readonly exe?: string;
  readonly exeHex?: string;
  /** Its arguments, the first of them the name it was called by. Absent: not asked for, not to be read, or none. */
  readonly args?: readonly string[];
  /** The bytes of all arguments, each ended by a zero. */
  readonly argsHex?: string;
  /** There were more than are kept. */
  readonly argsCut?: true;
}

/** Whether what is there of a program has the right types. */
export function isProgramPart(fields: object): fields is ProgramPart {
  const { exe, exeHex, args, argsHex } = fields as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  const areTexts = args === undefined || (Array.isArray(args) && args.every((arg) => typeof arg === 'string'));
  return isText(exe) && isText(exeHex) && isText(argsHex) && areTexts;
}
