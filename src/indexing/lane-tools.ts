import { BodyLimit, type DeliverTools } from './deliver.ts';
import { Gate } from './gate.ts';
import type { LaneReport } from './lane-report.ts';
import type { ProcessorParts } from './processor.ts';

/** A gate of a lane, by the name that its report tells of it. */
export function laneGate({ clock, random, settings: { retryMinMs, retryMaxMs, probeMs } }: ProcessorParts, report: LaneReport, name: string): Gate {
  return new Gate({ clock, random, retryMinMs, retryMaxMs, probeMs, onChange: (state) => report.gateChanged(name, state) });
}

/** What a lane delivers with; `rejected` says what becomes of a rejected item. */
export function laneTools({ settings, clock, destination, rate }: ProcessorParts, report: LaneReport, rejected: DeliverTools['rejected'], gate: Gate): DeliverTools {
  const pace = (operations: number, bytes: number, signal: AbortSignal) => rate.take(operations, bytes, signal);
  return { sink: destination, gate, limit: new BodyLimit(), clock, timeoutMs: settings.requestTimeoutMs, rejected, pace, onReply: (reply, sent) => report.replied(reply, sent) };
}
