import { isOpen, type Alert } from './alert.ts';
import type { Order } from './document.ts';

/** The alerts after what operators ordered: those named are resolved by hand. */
export function obey(alerts: readonly Alert[], orders: readonly Order[], now: number): Alert[] {
  return alerts.map((alert) => {
    const order = orders.find((each) => each.alert === alert.id);
    return order === undefined || !isOpen(alert) ? alert : { ...alert, state: 'resolved', resolvedAt: now, closedBy: order.by, muted: true };
  });
}
