/**
 * Follows the server that serves this page: asks for newer data, and again when those are drawn.
 *
 * The trap: a page that is slow or hidden must not be sent what it does not take; so nothing is pushed to it.
 */
import { type BlockTexts, blocksOfAnswer } from './blocks.js';

const PAUSE_MS = 1000;

interface Answer {
  readonly version: number;
  readonly isOver: boolean;
  /** Absent when there is nothing newer. */
  readonly blocks?: Readonly<Record<string, string>>;
}

export function followServer(status: HTMLElement, onNewer: (blocks: BlockTexts) => Promise<void>): void {
  let version = 0;
  const ask = async (): Promise<void> => {
    if (!document.hidden) {
      try {
        const response = await fetch(`data?after=${version}`, { cache: 'no-store' });
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        const answer = (await response.json()) as Answer;
        version = answer.version;
        if (answer.blocks) await onNewer(blocksOfAnswer(answer.blocks));
        document.documentElement.dataset.version = String(version);
        status.textContent = answer.isOver ? 'The recording has ended.' : 'Following the recording.';
        if (answer.isOver) return;
      } catch (error) {
        status.textContent = `No newer data: ${error instanceof Error ? error.message : String(error)}.`;
      }
    }
    setTimeout(() => void ask(), PAUSE_MS);
  };
  void ask();
}
