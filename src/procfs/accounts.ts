/**
 * The names of users and groups, from the `passwd` and `group` of the host whose tree is read.
 *
 * The trap: a tree of another host or container has other users. For a tree DIR they are looked up in DIR/../etc, then
 * in the root of its process 1 (DIR/1/root/etc), never in our own; `/proc` gives `/etc` by the first rule. Directory
 * services (LDAP, sssd) are not asked: a user that only they know is shown as a number.
 */
import { readBoundedText } from './bounded-file.js';

/** procps shows longer names as numbers. */
const LONGEST_NAME = 32;

export class AccountNames {
  readonly #root: string;
  readonly #tables = new Map<string, { readonly names: Map<number, string>; readonly ids: Map<string, number> }>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The name in latin1, a character for each byte, or the number where there is no name. */
  user(uid: number): string {
    return this.#table('passwd').names.get(uid) ?? String(uid);
  }

  group(gid: number): string {
    return this.#table('group').names.get(gid) ?? String(gid);
  }

  /** The number of the user of that name (in latin1), or undefined. */
  uidOf(name: string): number | undefined {
    return this.#table('passwd').ids.get(name);
  }

  gidOf(name: string): number | undefined {
    return this.#table('group').ids.get(name);
  }

  #table(file: 'passwd' | 'group') {
    let table = this.#tables.get(file);
    if (table) return table;
    table = { names: new Map(), ids: new Map() };
    this.#tables.set(file, table);
    for (const line of this.#read(file).split('\n')) {
      const [name, , id] = line.split(':', 3);
      if (name === '' || id === undefined || !/^\d+$/.test(id)) continue;
      if (!table.ids.has(name)) table.ids.set(name, Number(id));
      if (!table.names.has(Number(id))) table.names.set(Number(id), name.length > LONGEST_NAME ? id : name);
    }
    return table;
  }

  #read(file: string): string {
    for (const folder of [`${this.#root}/../etc`, `${this.#root}/1/root/etc`]) {
      try {
        return readBoundedText(`${folder}/${file}`);
      } catch {
        // The next place; with none, numbers are shown.
      }
    }
    return '';
  }
}
