/*
 * samples - what a figure was in the last minutes: pushed now and then, read by
 * whoever draws it.  Usable with any view: subscribe(), then read values().
 */
export class Samples {
  private view: readonly number[] = [];
  private readonly subscribers = new Set<() => void>();

  /** @param keep how many values */
  constructor(readonly keep: number) {}

  readonly subscribe = (changed: () => void): (() => void) => {
    this.subscribers.add(changed);
    return () => this.subscribers.delete(changed);
  };

  /** Oldest first.  The same array until the next push. */
  readonly values = (): readonly number[] => this.view;

  push(value: number): void {
    this.view = [...this.view, value].slice(-this.keep);
    this.subscribers.forEach((s) => s());
  }
}
