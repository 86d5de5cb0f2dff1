/**
 * The file that `pmap -c` and `-C` read: which columns are shown, one word a line.
 *
 * The trap: it is forgiving. A mistake is told and the rest holds, and a word that names no field is no mistake.
 */

export interface PmapConfig {
  readonly fields: ReadonlySet<string>;
  readonly showPath: boolean;
  /** What is wrong with it, as sentences. */
  readonly warnings: readonly string[];
}

/** A field is known by its first 31 bytes. */
const MOST_FIELD = 31;

type Section = 'fields' | 'mapping' | 'other' | 'none';

export function parsePmapConfig(text: string): PmapConfig {
  const fields = new Set<string>();
  const warnings: string[] = [];
  let section: Section = 'none';
  let showPath = false;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((whole, index) => {
    const warn = (what: string) => warnings.push(`line ${index + 1} of the configuration: ${what}`);
    let line = whole.replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('[')) {
      const known = /^\[(Fields Display|Mapping)\]/.exec(line);
      const other = known ? null : /^[^\]]*\]/.exec(line);
      if (known) section = known[1] === 'Mapping' ? 'mapping' : 'fields';
      else if (other) {
        section = 'other';
        warn('a section that is not known');
      } else warn('a section without its bracket');
      line = line.slice((known ?? other)?.[0].length ?? line.length).replace(/^[ \t]+/, '');
      if (line === '' || line.startsWith('#')) return;
      warn('something behind the section');
    }
    if (section === 'other') return;
    if (section === 'none') {
      warn('a line outside of a section');
      return;
    }
    const [word, more] = line.split(/[ \t]+/);
    if (more && !more.startsWith('#')) warn('more than one word');
    if (section === 'fields') fields.add(word.slice(0, MOST_FIELD));
    else if (word === 'ShowPath') showPath = !showPath;
  });
  return { fields, showPath, warnings };
}
