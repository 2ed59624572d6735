import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';

export interface SeenMail { readonly from: string; readonly to: readonly string[]; readonly data: string; readonly encrypted: boolean; readonly auth: string | null }

/** An SMTP server that keeps the mail it is sent: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA. */
export interface SmtpStub {
  readonly port: number;
  readonly seen: readonly SeenMail[];
  /** What mail is answered: 250, 451 for later, 550 for never; null gives no answer. */
  answer(code: number | null): void;
  close(): Promise<void>;
}

export async function startSmtpStub(certificate: Certificate | null): Promise<SmtpStub> {
  const seen: SeenMail[] = [];
  const sockets = new Set<Socket>();
  let code: number | null = 250;
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, certificate, () => code, (mail) => seen.push(mail));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port, seen,
    answer: (next) => { code = next; },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

function serve(plain: Socket, certificate: Certificate | null, code: () => number | null, keep: (mail: SeenMail) => void): void {
  let socket: Socket = plain;
  let [from, data, auth]: [string, string | null, string | null] = ['', null, null];
  let to: string[] = [];
  const say = (line: string) => { socket.write(`${line}\r\n`); };
  const offers = () => [...(certificate !== null && socket === plain ? ['STARTTLS'] : []), 'AUTH PLAIN', 'PIPELINING'];
  function command(line: string): void {
    const [verb = '', rest = ''] = [line.slice(0, 4).toUpperCase(), line.slice(5)];
    if (verb === 'EHLO') return offers().forEach((offer, at, all) => say(`250${at === all.length - 1 ? ' ' : '-'}${offer}`));
    if (verb === 'STAR' && certificate !== null) { say('220 go'); return encrypt(certificate); }
    if (verb === 'AUTH') { auth = Buffer.from(rest.replace(/^PLAIN /i, ''), 'base64').toString().split('\0').slice(1).join(':'); return say('235 in'); }
    if (verb === 'MAIL') { from = addressIn(rest); to = []; return code() === null ? undefined : say(`${code()} sender`); }
    if (verb === 'RCPT') { to.push(addressIn(rest)); return say('250 receiver'); }
    if (verb === 'DATA') { data = ''; return say('354 go on'); }
    if (verb === 'QUIT') { say('221 bye'); return void socket.end(); }
    say('250 ok');
  }
  function take(line: string): void {
    if (data === null) return command(line);
    if (line !== '.') return void (data += `${line}\n`);
    keep({ from, to, data, encrypted: socket !== plain, auth });
    data = null;
    say('250 kept');
  }
  function listen(): void {
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    });
    socket.on('error', () => undefined); // the client went away
  }
  function encrypt(pair: Certificate): void {
    plain.removeAllListeners('data');
    socket = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(pair) });
    listen();
  }
  listen();
  say('220 stub');
}

function addressIn(text: string): string {
  return /<([^>]*)>/.exec(text)?.[1] ?? text;
}
