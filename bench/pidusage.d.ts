/** The part of pidusage that is compared with; the package brings no types. */
declare module 'pidusage' {
  interface Usage {
    /** Resident bytes, from `stat`. */
    readonly memory: number;
    /** Percent of one core since the last call. */
    readonly cpu: number;
  }

  /** By pid. */
  export default function pidusage(pids: number[]): Promise<Record<string, Usage>>;
}
