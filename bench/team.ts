import { startChild, type Child } from './child.ts';
import { settledOf } from './memory.ts';

/** Several processes of one lane, of which some leave and others come. */
export class Team {
  readonly #args: readonly string[];
  readonly #nodeOptions: readonly string[];
  readonly #members: Child[] = [];
  /** CPU at each member's readiness, and of those that left: starting is not the lane's work. */
  #notCounted = 0;
  #left = 0;
  #peakRssMiB = 0;

  constructor(args: readonly string[], nodeOptions: readonly string[]) {
    this.#args = args;
    this.#nodeOptions = nodeOptions;
  }

  /** Starts so many members at once; each joins when it is ready. */
  async join(count: number): Promise<void> {
    const started = await Promise.allSettled(Array.from({ length: count }, () => startChild(this.#args, this.#nodeOptions)));
    for (const result of started) if (result.status === 'fulfilled') this.#take(result.value);
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** A member leaves and another joins: partitions move twice. */
  async replaceOne(): Promise<void> {
    const leaving = this.#members.shift();
    await this.join(1);
    if (leaving !== undefined) await this.#part(leaving);
  }

  /** CPU-seconds since each member was ready, those that left included. */
  cpuSeconds(): number {
    return this.#members.reduce((sum, member) => sum + member.cpuSeconds(), this.#left) - this.#notCounted;
  }

  /** Operations that the present members have settled. */
  async settled(): Promise<number> {
    const counts = await Promise.all(this.#members.map(settledOf));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Largest resident memory of any member so far. */
  peakRssMiB(): number {
    return Math.max(this.#peakRssMiB, ...this.#members.map((member) => member.peakRssMiB()));
  }

  async leave(): Promise<void> {
    await Promise.all(this.#members.splice(0).map((member) => this.#part(member)));
  }

  #take(member: Child): void {
    this.#notCounted += member.cpuSeconds();
    this.#members.push(member);
  }

  async #part(member: Child): Promise<void> {
    this.#left += member.cpuSeconds();
    this.#peakRssMiB = Math.max(this.peakRssMiB(), member.peakRssMiB());
    await member.stop();
  }
}
