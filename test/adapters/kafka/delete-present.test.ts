import { describe, expect, it } from 'vitest';
import { deletePresent } from '../../../src/adapters/kafka/delete-present.ts';

/** A cluster whose deletion reports an error, after it deleted everything or nothing. */
function cluster(deletes: boolean) {
  let topics = ['a', 'b', 'c'];
  const asked: string[][] = [];
  const remove = async (names: readonly string[]): Promise<void> => {
    asked.push([...names]);
    if (deletes) topics = topics.filter((topic) => !names.includes(topic));
    throw new Error('This server does not host this topic-partition.');
  };
  return { list: async () => topics, remove, asked };
}

describe('topics', () => {
  it('that an unlucky repeat finds gone are deleted', async () => {
    const lucky = cluster(true);
    await deletePresent(['a', 'x'], lucky);
    expect(lucky.asked).toEqual([['a']]);
    await deletePresent(['a', 'x'], lucky);
    expect(lucky.asked).toHaveLength(1);
  });

  it('that are still there after an error are not', async () => {
    await expect(deletePresent(['a'], cluster(false))).rejects.toThrow('does not host');
  });
});
