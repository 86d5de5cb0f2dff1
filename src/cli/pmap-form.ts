/** The function that writes one process in the form that was asked for; only that form is loaded. */
import { readFileSync } from 'node:fs';
import type { ByteWriter } from '../text/byte-writer.js';
import { escapeTerminal } from '../text/escape.js';
import type { AddressRange, PmapProcess } from '../views/pmap-head.js';
import { reasonOf } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { hasSwitch, singleValue } from './direct-options.js';
import { warn } from './output.js';
import { type PmapForm, PmapUsageError } from './pmap-words.js';

/** Takes the text in pieces, as it is read. */
export type FormWriter = (out: ByteWriter, pieces: Iterable<Uint8Array>, about: PmapProcess) => void;

/** The writer of a form. Throws `PmapUsageError` when its configuration cannot be read. */
export async function formWriter(form: PmapForm, words: DirectWords, range: AddressRange): Promise<FormWriter> {
  const options = { showPath: hasSwitch(words, 'show-path'), quiet: hasSwitch(words, 'quiet'), range };
  switch (form) {
    case 'plain': {
      const { writePlain } = await import('../views/pmap-lines.js');
      return (out, pieces, about) => writePlain(out, whole(pieces), about, options);
    }
    case 'device': {
      const { writeDevices } = await import('../views/pmap-lines.js');
      return (out, pieces, about) => writeDevices(out, whole(pieces), about, options);
    }
    case 'extended': {
      const { writeExtended } = await import('../views/pmap-extended.js');
      return (out, pieces, about) => writeExtended(out, whole(pieces), about, options);
    }
    default: {
      const { DetailTable, isImportant } = await import('../views/pmap-detail.js');
      const config = form === 'configured' ? await readConfig(words) : undefined;
      const isShown = config ? (field: string) => config.fields.has(field) : form === 'all' ? () => true : isImportant;
      const table = new DetailTable(isShown);
      const { quiet } = options;
      const showPath = options.showPath !== (config?.showPath ?? false);
      return (out, pieces) => table.write(out, pieces, { quiet, showPath });
    }
  }
}

function whole(pieces: Iterable<Uint8Array>): Uint8Array {
  return Buffer.concat([...pieces]);
}

async function readConfig(words: DirectWords) {
  const { parsePmapConfig } = await import('../views/pmap-config.js');
  const given = singleValue(words, 'read-rc-from', (text) => text);
  const home = process.env.HOME;
  if (given === undefined && home === undefined) throw new PmapUsageError('-c: HOME is not set');
  const file = given ?? `${home}/.pmaprc`;
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw new PmapUsageError(`"${escapeTerminal(file)}": ${reasonOf(error)}`);
  }
  const config = parsePmapConfig(text);
  for (const warning of config.warnings) warn('pmap', warning);
  return config;
}
