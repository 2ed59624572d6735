import { setTimeout as sleep } from 'node:timers/promises';
import { lanesBetween } from '../../src/domain/lane.ts';
import { Member, type MemberSetting } from './member.ts';

/** A supervisor's pause before it starts a dead process again. */
const RESTART_MS = 1_000;
const INGEST = 'ingest';

/** Members of each group of processes at the start. */
export interface FleetSize {
  readonly ingest: number;
  readonly primary: number;
  readonly secondary: number;
}

/** All Sluice processes of a run, in groups: `ingest` and one for each lane. One that dies by itself is noted and started again. */
export class Fleet {
  readonly deaths: string[] = [];
  readonly #setting: MemberSetting;
  readonly #groups = new Map<string, Member[]>();
  #closing = false;
  #extra = 0;

  constructor(regions: readonly string[], size: FleetSize, setting: MemberSetting) {
    this.#setting = setting;
    this.#groups.set(INGEST, this.#members(INGEST, size.ingest));
    for (const lane of lanesBetween(regions)) this.#groups.set(lane.name, this.#members(lane.name, size[lane.role]));
  }

  /** Members that joined for a while. */
  get guests(): number { return this.#extra; }
  get groups(): readonly string[] { return [...this.#groups.keys()]; }
  /** Process ids by name, of those that run now. */
  get pids(): ReadonlyMap<string, number> { return new Map([...this.#groups.values()].flat().flatMap(({ name, pid }) => (pid === null ? [] : [[name, pid] as const]))); }

  start(): void {
    for (const group of this.groups) this.startGroup(group);
  }

  startGroup(group: string): void {
    for (const member of this.#of(group)) member.start();
  }

  async killGroup(group: string): Promise<void> { await Promise.all(this.#of(group).map((member) => member.kill())); }
  async stopGroup(group: string): Promise<void> { await Promise.all(this.#of(group).map((member) => member.stop())); }
  /** The first member of a group, to be harmed alone. */
  first(group: string): Member { return this.#of(group)[0] as Member; }

  /** A further member joins a group until it is stopped. */
  join(group: string): Member {
    this.#extra += 1;
    const member = this.#member(group, `${group}-guest-${this.#extra}`);
    member.start();
    return member;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const members = [...this.#groups.values()].flat();
    for (const member of members) member.proceed();
    await Promise.all(members.map((member) => member.stop()));
  }

  #members(group: string, count: number): Member[] {
    return Array.from({ length: count }, (_, at) => this.#member(group, `${group}-${at + 1}`));
  }

  #member(group: string, name: string): Member {
    const args = group === INGEST ? ['ingest'] : ['process', '--lane', group];
    const member = new Member(name, group, args, this.#setting, (dead, how) => void this.#died(member, dead, how));
    return member;
  }

  async #died(member: Member, name: string, how: string): Promise<void> {
    this.deaths.push(`${name}: ${how}`);
    await sleep(RESTART_MS);
    if (!this.#closing) member.start();
  }

  #of(group: string): Member[] {
    const members = this.#groups.get(group);
    if (members === undefined) throw new Error(`there is no group ${group}`);
    return members;
  }
}
