/** The simulated clock and what is to happen on it: one thing after the other, in an order that the seed fixes. */
export class EventQueue {
  #now = 1_800_000_000;
  #sequence = 0;
  readonly #events: { at: number; sequence: number; run: () => void | Promise<void> }[] = [];

  /** Seconds; fractions are for the order of events. */
  get time(): number {
    return this.#now;
  }

  /** Seconds on the chain's clock. */
  get now(): number {
    return Math.floor(this.#now);
  }

  after(seconds: number, run: () => void | Promise<void>): void {
    this.#events.push({ at: this.#now + seconds, sequence: this.#sequence++, run });
  }

  /** Runs what is due until `isDone`, or nothing is left. @returns whether it is done */
  async runUntil(isDone: () => boolean, limitSeconds: number): Promise<boolean> {
    const end = this.#now + limitSeconds;
    while (!isDone()) {
      const next = this.#takeNext();
      if (next === undefined || next.at > end) return false;
      this.#now = Math.max(this.#now, next.at);
      await next.run();
    }
    return true;
  }

  #takeNext() {
    let first = 0;
    for (const [index, event] of this.#events.entries()) {
      const best = this.#events[first]!;
      if (event.at < best.at || (event.at === best.at && event.sequence < best.sequence)) first = index;
    }
    return this.#events.splice(first, 1)[0];
  }
}
