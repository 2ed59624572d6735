import { z } from 'zod';
import { SluiceError } from '../domain/errors.ts';
import { MEASURED, type MeasuredKey } from './measured.ts';
import type { Figures } from './workload.ts';

const figure = z.number().positive();
const lane = z.object({ docsPerSecond: figure, cpuSecondsPerMillion: figure, peakRssMiB: figure });

/** What is read of each bench's result; the rest of it is left alone. */
const RESULT = z.discriminatedUnion('bench', [
  z.object({ bench: z.literal('lane'), lane }),
  z.object({
    bench: z.literal('scale'),
    points: z.array(z.object({ members: figure, docsPerSecond: figure, cpuSecondsPerMillion: figure, peakRssMiB: figure, elasticsearchCpuSecondsPerMillion: figure })).min(1),
    documentBytes: figure, indexBytesPerDocument: figure, topicBytesPerRecord: figure,
  }),
  z.object({ bench: z.literal('indices'), stateBytesPerIndex: figure, createOneMs: figure }),
]);
const PLAIN = z.strictObject(Object.fromEntries(Object.keys(MEASURED).map((key) => [key, figure.optional()])) as Record<MeasuredKey, z.ZodOptional<z.ZodNumber>>);

/**
 * Measured figures in a file: the result of a bench (`lane`, `scale`, `indices`), or an object whose keys are those of
 * `measured` in a plan. `name` is the file's, for the sentence of SluiceError `USAGE`, which says what is wrong with it.
 */
export function measuredIn(text: string, name: string): Figures<typeof MEASURED> {
  const content = parsed(text, name);
  const isResult = typeof content === 'object' && content !== null && 'bench' in content;
  const result = isResult ? RESULT.safeParse(content) : PLAIN.safeParse(content);
  if (!result.success) throw new SluiceError('USAGE', `${name} holds no measured figures:\n${z.prettifyError(result.error)}`);
  return 'bench' in result.data ? figuresOf(result.data) : result.data;
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('USAGE', `${name} is not JSON: give what "npm run bench -- scale --json | tail -1" prints`, { cause });
  }
}

function figuresOf(result: z.output<typeof RESULT>): Figures<typeof MEASURED> {
  switch (result.bench) {
    case 'lane':
      return { laneRate: result.lane.docsPerSecond, laneCpu: result.lane.cpuSecondsPerMillion, laneMib: result.lane.peakRssMiB };
    case 'scale': {
      // One member: more of them on one machine only share it.
      const [one] = result.points.toSorted((a, b) => a.members - b.members) as [(typeof result.points)[number]];
      return {
        laneRate: one.docsPerSecond, laneCpu: one.cpuSecondsPerMillion, laneMib: one.peakRssMiB, indexingCpu: one.elasticsearchCpuSecondsPerMillion,
        measuredDocumentBytes: result.documentBytes, indexBytes: result.indexBytesPerDocument, topicBytes: result.topicBytesPerRecord,
      };
    }
    case 'indices':
      return { stateBytes: result.stateBytesPerIndex, createMs: result.createOneMs };
  }
}
