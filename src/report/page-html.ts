/**
 * The page as one file: markup, style, code and data, under a content security policy that lets nothing be loaded from
 * anywhere and runs nothing but this code.
 *
 * The traps: names of processes are hostile, so nothing of a recording is ever put into markup: data are base64, and the
 * page makes text nodes of them. And a policy in the page applies from where it stands on, so it stands first.
 */
import { createHash } from 'node:crypto';
import type { PageAssets } from './page-assets.js';
import type { Blocks } from './page-blocks.js';

/** Characters of base64 in one piece; a multiple of 4, of which 3 bytes are whole. */
const PIECE_BYTES = 48 * 1024;

/** `connect`: what a served page may ask its server for. */
export function* pageHtml({ script, style }: PageAssets, blocks: Blocks, connect = false): Generator<string> {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    `connect-src ${connect ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n';
  yield `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`;
  yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n';
  yield '<meta name="referrer" content="no-referrer">\n<title>Tidemark</title>\n<link rel="icon" href="data:,">\n';
  yield `<style>${style}</style>\n</head>\n<body>\n<div id="page"><p>Reading the recording.</p></div>\n`;
  yield '<noscript><p>This page draws a recording of memory with JavaScript, which is turned off here.</p></noscript>\n';
  for (const [name, bytes] of blocks) {
    yield `<script type="application/octet-stream" id="block-${name}">`;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
    }
    yield '</script>\n';
  }
  yield `<script>${script}</script>\n</body>\n</html>\n`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
