/**
 * Keys from the bytes that a terminal sends.
 *
 * The traps: a key can come in pieces and several can come at once; Escape is also the first byte of every other special
 * key, so alone it counts only once nothing has followed for a while; and what is unknown must be swallowed whole, or its
 * rest would be taken for letters that were typed.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Key } from '../views/screen/key.js';

const ESC = '\x1b';

const CONTROLS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
  '\x0c': 'ctrl-l',
  '\x15': 'ctrl-u',
  '\x1a': 'ctrl-z',
  '\x1c': 'ctrl-c',
};

/** By the last character of a sequence. */
const FINALS: Readonly<Record<string, Key>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  M: 'enter',
  P: 'f1',
};

/** By the number in front of a `~`. */
const NUMBERS: Readonly<Record<string, Key>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
};

/** After ESC: a sequence of `[`, or one more character behind `O`. */
const SEQUENCE = /^\x1b(?:\[([0-9;:<=>?]*)[ -/]*([@-~])|O([ -~]))/;
const UNFINISHED = /^\x1b(?:\[[0-9;:<=>?]*[ -/]*|O)?$/;

export class KeyDecoder {
  readonly #utf8 = new StringDecoder('utf8');
  #rest = '';

  /** The keys in these bytes and in what was left before. */
  decode(bytes: Buffer): Key[] {
    this.#rest += this.#utf8.write(bytes);
    return this.#take(false);
  }

  /** Whether the rest may be the begin of a key. */
  get isWaiting(): boolean {
    return this.#rest !== '';
  }

  /** Nothing has followed for a while: what there is, is all. */
  flush(): Key[] {
    return this.#take(true);
  }

  #take(isAll: boolean): Key[] {
    const keys: Key[] = [];
    while (this.#rest !== '') {
      const sequence = SEQUENCE.exec(this.#rest);
      if (sequence) {
        this.#rest = this.#rest.slice(sequence[0].length);
        const [, numbers = '', final, letter] = sequence;
        const key = final === '~' ? NUMBERS[Number.parseInt(numbers, 10)] : FINALS[final ?? letter];
        if (key !== undefined) keys.push(key);
        continue;
      }
      if (UNFINISHED.test(this.#rest)) {
        if (!isAll) break;
        keys.push('escape');
        this.#rest = '';
        break;
      }
      const character = String.fromCodePoint(this.#rest.codePointAt(0)!);
      this.#rest = this.#rest.slice(character.length);
      if (character === ESC) keys.push('escape');
      else if (character >= ' ' && character !== '\x7f') keys.push(character);
      else if (CONTROLS[character] !== undefined) keys.push(CONTROLS[character]);
    }
    return keys;
  }
}
