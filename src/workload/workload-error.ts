/** What keeps a workload from being run or measured: a sentence, and a code to branch on. */
export class WorkloadError extends Error {
  constructor(
    readonly code:
      | 'no-launcher'
      | 'no-process'
      | 'launcher-lost'
      | 'no-cgroup'
      | 'socket'
      | 'recorder-lost'
      | 'no-summary',
    message: string,
  ) {
    super(message);
  }
}
