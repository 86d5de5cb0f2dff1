/**
 * The file of `--config`: one option of the command line on each line, `name = value`, without dashes; `#` begins a comment.
 *
 * The trap: whoever mends a file wants to know of all that is wrong with it, so nothing stops at the first mistake.
 */
import type { Option } from 'commander';
import { escapeTerminal } from '../text/escape.js';

export interface ConfigRead {
  /** By the name that commander gives an option. */
  readonly values: ReadonlyMap<string, unknown>;
  /** By the name that a setting has in the file. */
  readonly lines: ReadonlyMap<string, number>;
  /** Sentences that begin with the line: `line 3: ...`. */
  readonly errors: readonly string[];
}

const SETTING = /^([A-Za-z][\w-]*)\s*=\s*(.*)$/;
/** Of the command line only: they say what to do with a file, or name it. */
const NOT_IN_A_FILE = ['config', 'check-config', 'help', 'json'];

export function readConfig(text: string, options: readonly Option[]): ConfigRead {
  const known = new Map(
    options.flatMap((option) => {
      const name = option.long?.slice(2) ?? '';
      return NOT_IN_A_FILE.includes(name) ? [] : [[name, option] as const];
    }),
  );
  const values = new Map<string, unknown>();
  const lines = new Map<string, number>();
  const errors: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/\r$/, '').trim();
    if (line === '' || line.startsWith('#')) return;
    const wrong = (why: string) => errors.push(`line ${index + 1}: ${why}`);
    const [, name = '', value = ''] = SETTING.exec(line) ?? [];
    const option = known.get(name);
    const before = lines.get(name);
    if (name === '') wrong(`"${escapeTerminal(line)}" is no setting; allowed: name = value`);
    else if (!option) wrong(`there is no setting "${name}"; the settings are ${[...known.keys()].join(', ')}`);
    else if (before !== undefined && !mayRepeat(option)) wrong(`${name} is on line ${before} already`);
    else if (value === '') wrong(`${name} has no value`);
    else {
      lines.set(name, index + 1);
      try {
        values.set(
          option.attributeName(),
          option.parseArg ? option.parseArg(value, values.get(option.attributeName())) : value,
        );
      } catch (error) {
        wrong((error as Error).message.replace(/^--/, ''));
      }
    }
  });
  return { values, lines, errors };
}

/** Of such options there are as many as are given. */
function mayRepeat({ defaultValue }: Option): boolean {
  return Array.isArray(defaultValue);
}
