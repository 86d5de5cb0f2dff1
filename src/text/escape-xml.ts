/**
 * Text inside XML, in an element or an attribute.
 *
 * The trap: XML 1.0 cannot hold most control characters at all, not even as references. They are written as `\xHH`, like
 * everything that a sink cannot show.
 */
import { escapeTerminal } from './escape.js';

const NAMES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export function escapeXml(text: string): string {
  return escapeTerminal(text).replace(/[&<>"']/g, (character) => NAMES[character]!);
}
