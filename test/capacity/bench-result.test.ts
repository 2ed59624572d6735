import { describe, expect, it } from 'vitest';
import { measuredIn } from '../../src/capacity/bench-result.ts';
import type { SluiceError } from '../../src/domain/errors.ts';

const POINT = { members: 1, docsPerSecond: 12_000, cpuSecondsPerMillion: 9, steadyCpuSecondsPerMillion: 8, docsPerCpuSecondRatio: 1, repeated: 0, peakRssMiB: 230, elasticsearchCpuSecondsPerMillion: 70 };

describe('a file of measured figures', () => {
  it('is the result of the lane bench', () => {
    const result = { bench: 'lane', documents: 1, lane: { docsPerSecond: 20_000, docsPerSecondMin: 1, cpuSecondsPerMillion: 6.2, peakRssMiB: 240 }, ratio: 0.9 };
    expect(measuredIn(JSON.stringify(result), 'lane.json')).toEqual({ laneRate: 20_000, laneCpu: 6.2, laneMib: 240 });
  });

  it('is the result of the scale bench, of which one member counts', () => {
    const result = { bench: 'scale', points: [{ ...POINT, members: 2, docsPerSecond: 1 }, POINT], documentBytes: 610, indexBytesPerDocument: 290, topicBytesPerRecord: 165 };
    expect(measuredIn(JSON.stringify(result), 'scale.json')).toEqual({ laneRate: 12_000, laneCpu: 9, laneMib: 230, indexingCpu: 70, measuredDocumentBytes: 610, indexBytes: 290, topicBytes: 165 });
  });

  it('is the result of the indices bench', () => {
    expect(measuredIn(JSON.stringify({ bench: 'indices', stateBytesPerIndex: 2_900, createOneMs: 40, steps: [] }), 'i.json')).toEqual({ stateBytes: 2_900, createMs: 40 });
  });

  it('is an object of figures by name', () => {
    expect(measuredIn('{"laneRate": 5000}', 'mine.json')).toEqual({ laneRate: 5_000 });
  });

  it.each([['nonsense', 'is not JSON'], ['{"laneRat": 5000}', 'laneRat'], ['{"laneRate": -1}', 'laneRate'], ['{"bench": "latency"}', 'holds no measured figures'], ['{"bench": "scale", "points": []}', 'points'], ['[]', 'holds no measured figures'], ['null', 'holds no measured figures']])('%s is refused with a sentence', (text, expected) => {
    let thrown: SluiceError | null = null;
    try { measuredIn(text, 'some.json'); } catch (error) { thrown = error as SluiceError; }
    expect(thrown).toMatchObject({ code: 'USAGE' });
    expect(thrown?.message).toContain('some.json');
    expect(thrown?.message).toContain(expected);
  });
});
