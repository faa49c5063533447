/*
 * backoff - how long to wait before the next try: doubling from `base` to `cap`,
 * with jitter so that clients cut off together do not return together.
 */
export class Backoff {
  private tries = 0;

  constructor(
    private readonly base: number,
    private readonly cap: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds until the next try: between half and all of the present step. */
  next(): number {
    const step = Math.min(this.cap, this.base * 2 ** this.tries);
    this.tries = Math.min(this.tries + 1, 30);
    return Math.round(step / 2 + (step / 2) * this.random());
  }

  reset(): void {
    this.tries = 0;
  }
}
