import { latestOf } from '../observe/history.ts';
import type { Finding, Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const DAY_MS = 86_400_000;
/** From here on it is urgent, ms. */
const URGENT_MS = 3 * DAY_MS;

/** Certificates of the servers, and of this client, that end soon. */
export function certificateRules({ certificateMs }: Thresholds): Rule[] {
  return [
    expiring('certificate-expiry', 'warning', certificateMs, 'A certificate ends soon; with it every connection that it is needed for. Renew it, and give the processes the new file.'),
    expiring('certificate-ends', 'critical', URGENT_MS, 'A certificate ends within days, or has ended: connections are refused from then on. Renew it today.'),
  ];
}

function expiring(name: string, severity: Rule['severity'], withinMs: number, meaning: string): Rule {
  return {
    name, severity, meaning, forMs: 0, keepMs: 0,
    examine: (history) => {
      const { at, certificates } = latestOf(history);
      return certificates.map(({ name: certificate, expiresAt }): Finding => {
        const days = (expiresAt - at) / DAY_MS;
        return { labels: { certificate }, level: expiresAt - at < withinMs ? 'bad' : 'good', value: days, what: `the certificate of ${certificate} ${days < 0 ? `ended ${Math.round(-days)} days ago` : `ends in ${days.toFixed(1)} days`}`, evidence: ['openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -enddate'] };
      });
    },
  };
}
