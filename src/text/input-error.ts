/**
 * The one error that the grammars of this room throw. What a person typed is quoted through the terminal escape, since
 * the message is going to be printed: a hostile argument must not be able to colour or rewrite the error about itself.
 */

import { escapeTerminal } from './escape.js';

/** Text that a grammar refuses. `message` names the value and what is allowed; the caller adds the option's name. */
export class InputError extends Error {
  override readonly name = 'InputError';

  /**
   * @param value what was given, unescaped
   * @param expected what it should have been, with its article: `a size`
   * @param allowed what is accepted, as half a sentence, with an example
   */
  constructor(
    readonly value: string,
    readonly expected: string,
    readonly allowed: string,
  ) {
    super(`"${escapeTerminal(value)}" is not ${expected}; allowed: ${allowed}`);
  }
}
