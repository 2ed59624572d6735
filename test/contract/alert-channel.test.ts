import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alertmanagerChannel } from '../../src/adapters/channels/alertmanager.ts';
import { emailChannel, type EmailSettings } from '../../src/adapters/channels/email.ts';
import { pagerDutyChannel } from '../../src/adapters/channels/pagerduty.ts';
import { slackChannel } from '../../src/adapters/channels/slack.ts';
import { topicChannel } from '../../src/adapters/channels/topic.ts';
import { webhookChannel } from '../../src/adapters/channels/webhook.ts';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import type { AlertChannel } from '../../src/ports/alert-channel.ts';
import { startAlertmanager } from '../support/alertmanager.ts';
import { makeCertificate } from '../support/certificate.ts';
import { hasCommand } from '../support/command.ts';
import { startHttpStub, type HttpStub, type SeenRequest } from '../support/http-stub.ts';
import { startSmtpStub } from '../support/smtp-stub.ts';
import { testEndpoints, uniquePrefix } from '../support/stack.ts';
import { alertChannelContract, message, told, type ChannelSubject, type Understood } from './alert-channel.contract.ts';

const SECRET = 'hunter2hunter2';
const HTTP = { later: 503, never: 400, hang: null } as const;
const SMTP = { later: 451, never: 550, hang: null } as const;

async function overHttp(open: (stub: HttpStub) => AlertChannel, understand: (body: string) => Understood[], secret?: string): Promise<ChannelSubject> {
  const stub = await startHttpStub();
  return {
    channel: open(stub), received: () => stub.seen.flatMap(({ body }) => understand(body)),
    answer: (how) => stub.answer(HTTP[how]), vanish: () => stub.close(), close: () => stub.close(), ...(secret === undefined ? {} : { secret }),
  };
}

interface Postable { readonly labels: Record<string, string>; readonly endsAt: string; readonly status?: string }
const ofAlertmanager = ({ labels, endsAt, status }: Postable): Understood => ({ rule: labels['alertname'] ?? '', identity: JSON.stringify(labels), state: (status ?? (Date.parse(endsAt) <= Date.now() ? 'resolved' : 'firing')) as 'firing' });

describe('alert channels', () => {
  alertChannelContract('Alertmanager, as its API is described', () => overHttp(({ url }) => alertmanagerChannel({ url, expireMs: 240_000, receiver: 'channel am' }), (body) => (JSON.parse(body) as Postable[]).map(ofAlertmanager)));

  describe.skipIf(!hasCommand('prometheus-alertmanager', 'apt-get install prometheus-alertmanager'))('with the real Alertmanager', () => {
    alertChannelContract('Alertmanager, which routes, groups and tells a webhook', async () => {
      const hook = await startHttpStub();
      const { url, close } = await startAlertmanager(hook.url);
      return {
        channel: alertmanagerChannel({ url, expireMs: 240_000, receiver: 'channel am' }),
        received: () => hook.seen.flatMap(({ body }) => (JSON.parse(body) as { alerts: Postable[] }).alerts.map(ofAlertmanager)),
        close: async () => { await close(); await hook.close(); },
      };
    });
  });

  alertChannelContract('a signed webhook', () => overHttp(({ url }) => webhookChannel({ url, secret: SECRET, receiver: 'channel hook' }), (body) => (JSON.parse(body) as { alerts: { rule: string; state: 'firing'; key: string }[] }).alerts.map(({ rule, state, key }) => ({ rule, state, identity: key })), SECRET));

  alertChannelContract('Slack', () => overHttp(({ url }) => slackChannel({ webhookUrl: `${url}/services/${SECRET}`, receiver: 'channel chat' }), (body) => {
    const [{ text } = { text: '' }] = (JSON.parse(body) as { attachments: { text: string }[] }).attachments;
    return text.split('\n\n').map((part) => ({ rule: (JSON.parse(body) as { text: string }).text.includes('lane-held') ? 'lane-held' : '', state: part.startsWith('RESOLVED') ? 'resolved' : 'firing', identity: /id: (.*)/.exec(part)?.[1] ?? '' }));
  }, SECRET));

  alertChannelContract('PagerDuty', () => overHttp(({ url }) => pagerDutyChannel({ url, routingKey: SECRET, receiver: 'channel pager' }), (body) => {
    const { event_action: action, dedup_key: identity } = JSON.parse(body) as { event_action: string; dedup_key: string };
    return [{ rule: 'lane-held', state: action === 'resolve' ? 'resolved' : 'firing', identity }];
  }, SECRET));

  alertChannelContract('e-mail over STARTTLS with a login', async () => {
    const certificate = makeCertificate('localhost', ['localhost', '127.0.0.1']);
    const stub = await startSmtpStub(certificate);
    return {
      channel: emailChannel(mailTo(stub.port, { ca: certificate.cert, username: 'sluice', password: SECRET })), secret: SECRET,
      received: () => stub.seen.filter(({ encrypted, auth }) => encrypted && auth === `sluice:${SECRET}`).flatMap(({ data }) => understoodMail(data)),
      answer: (how) => stub.answer(SMTP[how]), vanish: () => stub.close(), close: () => stub.close(),
    };
  });

  alertChannelContract('a topic', async () => {
    const { brokers } = (await testEndpoints()).source;
    const kafka = connectKafka({ client: 'platformatic', brokers, clientId: 'alerts-test', requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 }, { onWarning: () => {} });
    const name = `${uniquePrefix()}sluice-alerts`;
    const [admin, reader] = [kafka.admin(), kafka.reader()];
    const seen: Understood[] = [];
    return {
      channel: topicChannel(kafka, { name, partitions: 1, replicas: 1 }),
      received: async () => {
        if (seen.length === 0) reader.seek({ topic: name, partition: 0, offset: 0 });
        for (const block of await reader.poll({ maxBytes: 1_000_000, maxWaitMs: 200 })) {
          for (let at = 0; at < block.count; at += 1) seen.push({ identity: String(block.key(at)), ...(JSON.parse(String(block.value(at))) as { rule: string; state: 'firing' }) });
        }
        return seen;
      },
      close: async () => { await reader.close(); await admin.deleteTopics([name]); await admin.close(); },
    };
  });
});

function understoodMail(data: string): Understood[] {
  return [...data.matchAll(/^id: (\S+)$/gm)].map(([, identity = '']) => ({ rule: 'lane-held', identity, state: /^RESOLVED /m.test(data) ? 'resolved' : 'firing' }));
}

function mailTo(port: number, changes: Partial<EmailSettings>): EmailSettings {
  return { host: '127.0.0.1', port, tls: 'required', from: 'sluice@example.org', to: ['night@example.org'], ...changes };
}

describe('what a receiver can rely on', () => {
  it('a webhook is signed so that a receiver can check body and time', async () => {
    const stub = await startHttpStub();
    await webhookChannel({ url: stub.url, secret: SECRET, receiver: 'hook' }).send(message(told('a')), AbortSignal.timeout(5_000));
    const { headers, body } = stub.seen[0] as SeenRequest;
    const signed = createHmac('sha256', SECRET).update(`${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
    await stub.close();
  });
  it('no label becomes markup in a chat, nor a header in a mail', async () => {
    const [chat, post] = [await startHttpStub(), await startSmtpStub(null)];
    const evil = told('a', { labels: { lane: '<!channel> <http://x|y>\r\nBcc: all@example.org' } });
    await slackChannel({ webhookUrl: chat.url, receiver: 'chat' }).send(message(evil), AbortSignal.timeout(5_000));
    expect(chat.seen[0]?.body).not.toMatch(/<!channel>|<http/);
    const mail = emailChannel(mailTo(post.port, { tls: 'none' }));
    await mail.send(message(evil), AbortSignal.timeout(5_000));
    expect(post.seen[0]?.to).toEqual(['night@example.org']);
    expect(post.seen[0]?.data.split('\n\n')[0]).not.toMatch(/^Bcc:/m);
    await Promise.all([mail.close(), chat.close(), post.close()]);
  });
  it('mail is not sent in the clear where TLS is required', async () => {
    const stub = await startSmtpStub(null);
    const mail = emailChannel(mailTo(stub.port, {}));
    await expect(mail.send(message(told('a')), AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE' });
    expect(stub.seen).toEqual([]);
    await Promise.all([mail.close(), stub.close()]);
  });
});
