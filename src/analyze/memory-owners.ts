/** Who owns the anonymous memory of a process, from the text of its smaps or maps: for programs that embed this. */
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import type { ClassSums } from './class-sums.js';
import { classifyMappings } from './classify.js';
import type { Confidence, Owner } from './owner-rules.js';
import { ownersOf, sumByOwner } from './owners.js';

/** Sums in bytes; NaN where the text does not tell. */
export interface OwnedMemory extends Readonly<ClassSums> {
  /** `unknown`: anonymous memory that no rule knows. */
  readonly owner: Owner | 'unknown';
  /** The rule that found it, how sure that is, and why; undefined of nobody. */
  readonly rule: string | undefined;
  readonly confidence: Confidence | undefined;
  readonly why: string | undefined;
}

/** One entry for each owner and rule, the most resident first. `text`: what the kernel prints, whole lines. */
export function memoryOwners(text: Uint8Array): OwnedMemory[] {
  if (!(text instanceof Uint8Array)) throw new TypeError(`Expected the bytes of smaps or maps, got ${typeof text}`);
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(Math.max(64, length >> 9)));
  const classification = classifyMappings(table, bytes);
  return sumByOwner(table, classification, ownersOf(table, bytes, classification)).map(({ owned, sums }) => ({
    owner: owned?.owner ?? 'unknown',
    rule: owned?.rule.name,
    confidence: owned?.rule.confidence,
    why: owned?.rule.why,
    ...sums,
  }));
}
