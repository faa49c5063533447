/*
 * liveFeed - a stream of messages for one listener, by way of a ladder; and the
 * set of those that one service has open, so that it can close them all.
 */
import { Ladder, newLimits, type Limits, type LiveOptions } from './ladder';
import { TIMING, type Target, type Timing } from './transports';

export interface FeedSettings {
  timing?: Partial<Timing>;
  random?: () => number;
  limits?: Limits;
}

export class LiveFeeds {
  private readonly open = new Set<Ladder>();
  private readonly timing: Timing;
  private readonly random: () => number;
  private readonly limits: Limits;

  constructor(settings: FeedSettings = {}) {
    this.timing = { ...TIMING, ...settings.timing };
    this.random = settings.random ?? Math.random;
    this.limits = settings.limits ?? newLimits();
  }

  /** Call `message` with each message until the returned function is called. */
  follow(target: Omit<Target, 'timing' | 'random'>, options: LiveOptions, message: (message: object) => void): () => void {
    const ladder = new Ladder({ ...target, timing: this.timing, random: this.random }, options, this.limits, {
      message,
      state: (state) => options.onConnection?.(state),
      over: () => this.open.delete(ladder),
    });
    this.open.add(ladder);
    ladder.open();
    return () => ladder.close();
  }

  get size(): number {
    return this.open.size;
  }

  closeAll(): void {
    for (const ladder of [...this.open]) ladder.close();
  }
}
