/** What is typed into the last line of the screen: a time to go to, or a file to save a part of the recording as. */
import type { Key } from './key.js';

export interface Prompt {
  readonly kind: 'time' | 'file';
  readonly text: string;
}

/** The prompt after a key; `done` with what was typed, undefined when it was given up. */
export function typeInto(prompt: Prompt, key: Key): Prompt | 'done' | undefined {
  if (key === 'enter') return prompt.text === '' ? undefined : 'done';
  if (key === 'escape') return undefined;
  if (key === 'ctrl-u') return { ...prompt, text: '' };
  if (key === 'backspace') return { ...prompt, text: Array.from(prompt.text).slice(0, -1).join('') };
  return Array.from(key).length === 1 ? { ...prompt, text: prompt.text + key } : prompt;
}
