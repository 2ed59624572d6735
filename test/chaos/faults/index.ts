import { answerFaults } from './answers.ts';
import type { Fault } from './fault.ts';
import { indexFaults } from './indices.ts';
import { lineFaults } from './lines.ts';
import { processFaults } from './processes.ts';
import { redrive } from './redrive.ts';
import { replayFaults } from './replays.ts';
import { serverFaults } from './servers.ts';
import { surroundingFaults } from './surroundings.ts';

/** Every kind of fault. */
export const FAULTS: readonly Fault[] = [
  ...processFaults,
  ...serverFaults,
  ...lineFaults,
  ...answerFaults,
  ...indexFaults,
  ...replayFaults,
  ...surroundingFaults,
  redrive,
];
