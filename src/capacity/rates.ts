import { line, over, plus, roundUp, smallest, times, type Line } from './expression.ts';
import { SECONDS_A_DAY, SECONDS_AN_HOUR } from './limits.ts';
import type { Workload } from './workload.ts';

/** How much comes, on average, at the peak and after an outage. Keys in the order of the calculation. */
export interface Rates {
  readonly average: Line;
  readonly peak: Line;
  readonly averageOperations: Line;
  readonly peakOperations: Line;
  readonly backlog: Line;
  readonly catchUp: Line;
  readonly catchUpOperations: Line;
  readonly hoursNeeded: Line;
}

/** Rates of one lane in documents/s, of the cluster in operations/s: every region sends each document once. */
export function ratesOf(workload: Workload): Rates {
  const { documentsPerDay, peakFactor, regions, outageHours, catchUpHours } = workload;
  const average = line('average rate', 'documents/s', over(documentsPerDay, SECONDS_A_DAY));
  const peak = line('peak rate', 'documents/s', times(average, peakFactor));
  const backlog = backlogOf(workload, peak);
  const catchUp = line('catch-up rate of a lane', 'documents/s', plus(peak, over(backlog, times(catchUpHours, SECONDS_AN_HOUR))));
  const averageOperations = line('average operations of the cluster', 'operations/s', times(average, regions));
  const peakOperations = line('peak operations of the cluster', 'operations/s', times(peak, regions));
  const catchUpOperations = line('catch-up operations of the cluster', 'operations/s', times(catchUp, regions));
  const hoursNeeded = line('hours that the topics must hold', 'hours', plus(outageHours, catchUpHours));
  return { average, peak, averageOperations, peakOperations, backlog, catchUp, catchUpOperations, hoursNeeded };
}

/** An outage may begin with the busiest hour, but no day brings more than a day's documents. */
function backlogOf({ documentsPerDay, outageHours }: Workload, peak: Line): Line {
  const atPeak = times(peak, outageHours, SECONDS_AN_HOUR);
  const wholeDays = times(documentsPerDay, roundUp(over(outageHours, 24)));
  return line('backlog of a lane', 'documents', smallest(atPeak, wholeDays));
}
