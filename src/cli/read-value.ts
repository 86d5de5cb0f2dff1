/** The value of one option or argument, refused with the same sentence whichever way the words were parsed. */
import { InputError } from '../text/input-error.js';
import { UsageError } from './command-error.js';

/** Parses a value that belongs to `name`, an option or an argument. Throws `UsageError` with that name in front. */
export function readValue<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}
