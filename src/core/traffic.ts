/** What one process has taken in and given out since it started, in messages. */
export class Traffic {
  readonly sinceMs: number;
  messagesIn = 0;
  messagesOut = 0;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }
}
