import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/**
 * What a link does to the bytes that pass. `black-hole` takes connections and bytes and answers nothing, without a
 * reset; `truncate` breaks each connection in the middle of an answer; `trickle` lets a few bytes through at a time.
 */
export type LinkMode = 'pass' | 'refuse' | 'black-hole' | 'latency' | 'truncate' | 'trickle' | 'reset';

const LOCAL = '127.0.0.1';
const LATENCY_MS = 250;
/** Bytes of answers that a truncated connection still gets. */
const TRUNCATE_AFTER = 700;
const TRICKLE_BYTES = 512;
const TRICKLE_MS = 40;
/** While connections are reset, each lives this long. */
const RESET_AFTER_MS = 60;

/** A TCP proxy between a client and a server, whose line can be made bad and good again at any time. */
export class FaultProxy {
  readonly port: number;
  readonly #target: () => number;
  readonly #links = new Set<Link>();
  #server: Server | null = null;
  #mode: LinkMode = 'pass';

  /** `target` is asked for each connection: the port of 127.0.0.1 that it leads to. */
  constructor(port: number, target: () => number) {
    this.port = port;
    this.#target = target;
  }

  get mode(): LinkMode { return this.#mode; }
  /** Connections that stand now. */
  get connections(): number { return this.#links.size; }

  async open(): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
    server.listen(this.port, LOCAL);
    await once(server, 'listening');
    this.#server = server;
  }

  /** Connections that stand are treated in the new way, too. */
  async set(mode: LinkMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (mode === 'refuse') await this.#shut();
    else if (before === 'refuse') await this.open();
    for (const link of this.#links) link.change(mode);
  }

  async close(): Promise<void> {
    await this.#shut();
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const link of this.#links) link.reset();
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#server === null) {
      socket.resetAndDestroy();
      return;
    }
    const link = new Link(socket, this.#target, () => void this.#links.delete(link));
    this.#links.add(link);
    link.change(this.#mode);
  }
}

/** One connection and its other half, which is opened when the line first lets anything through. */
class Link {
  readonly #client: Socket;
  readonly #target: () => number;
  readonly #onEnd: () => void;
  #server: Socket | null = null;
  #mode: LinkMode = 'pass';
  #answered = 0;
  #ended = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(client: Socket, target: () => number, onEnd: () => void) {
    this.#client = client;
    this.#target = target;
    this.#onEnd = onEnd;
    client.setNoDelay(true);
    client.on('error', () => this.reset());
    client.on('close', () => this.#close());
  }

  change(mode: LinkMode): void {
    this.#mode = mode;
    if (mode === 'black-hole') {
      this.#client.pause();
      this.#server?.pause();
      return;
    }
    if (mode === 'truncate') this.#answered = 0;
    if (mode === 'reset') this.#later(RESET_AFTER_MS, () => this.#mode === 'reset' && this.reset());
    this.#flow();
  }

  reset(): void {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (this.#server !== null && !this.#server.destroyed) this.#server.resetAndDestroy();
    this.#close();
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#client.destroy();
    this.#server?.destroy();
    this.#onEnd();
  }

  #flow(): void {
    if (this.#server !== null) {
      this.#client.resume();
      this.#server.resume();
      return;
    }
    const server = connect(this.#target(), LOCAL);
    this.#server = server;
    server.setNoDelay(true);
    server.on('error', () => this.reset());
    server.on('close', () => this.#close());
    this.#carry(this.#client, server, false);
    this.#carry(server, this.#client, true);
    this.#client.resume();
  }

  /** Moves bytes one way, no more than the receiver takes. */
  #carry(from: Socket, to: Socket, answers: boolean): void {
    from.on('data', (chunk: Buffer) => {
      from.pause();
      this.#send(from, to, chunk, answers);
    });
    from.on('end', () => to.end());
  }

  #send(from: Socket, to: Socket, chunk: Buffer, answers: boolean): void {
    if (this.#ended) return;
    if (answers && this.#mode === 'truncate') {
      this.#truncated(from, to, chunk);
      return;
    }
    if (this.#mode === 'latency') {
      this.#later(LATENCY_MS, () => this.#write(from, to, chunk));
      return;
    }
    if (this.#mode === 'trickle') {
      const rest = chunk.subarray(TRICKLE_BYTES);
      to.write(chunk.subarray(0, TRICKLE_BYTES));
      this.#later(TRICKLE_MS, () => (rest.length === 0 ? this.#resume(from) : this.#send(from, to, rest, answers)));
      return;
    }
    this.#write(from, to, chunk);
  }

  #truncated(from: Socket, to: Socket, chunk: Buffer): void {
    const room = TRUNCATE_AFTER - this.#answered;
    this.#answered += chunk.length;
    if (chunk.length <= room) this.#write(from, to, chunk);
    else to.write(chunk.subarray(0, Math.max(0, room)), () => this.#close());
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.#ended) return;
    if (to.write(chunk)) this.#resume(from);
    else to.once('drain', () => this.#resume(from));
  }

  #resume(from: Socket): void {
    if (this.#mode !== 'black-hole') from.resume();
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#ended) act();
    }, ms);
    this.#timers.add(timer);
  }
}
