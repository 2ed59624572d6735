import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { SluiceError } from '../../domain/errors.ts';

/** A category in which things are listed. */
export interface ListedCategory {
  readonly id: string;
  readonly name: string;
  /** Names from the root to the category itself. */
  readonly path: readonly string[];
}

/** What the generator needs to know of the reference data. */
export interface ReferenceIds {
  /** Categories without children. */
  readonly categories: readonly ListedCategory[];
  readonly sellerIds: readonly string[];
}

interface CategoryNode {
  readonly id: string;
  readonly name: string;
  readonly children?: readonly CategoryNode[] | undefined;
}

const categoryNode: z.ZodType<CategoryNode> = z.lazy(() =>
  z.object({ id: z.string(), name: z.string(), children: z.array(categoryNode).optional() }));
const sellerLine = z.object({ id: z.string() });

/** Reads categories.json and sellers.ndjson of a reference folder; rejects with `INPUT_INVALID` where they do not fit. */
export async function readReferenceIds(directory: string): Promise<ReferenceIds> {
  const tree = z.array(categoryNode).safeParse(JSON.parse(await readFile(join(directory, 'categories.json'), 'utf8')));
  if (!tree.success) throw new SluiceError('INPUT_INVALID', `categories.json in ${directory} does not fit: ${z.prettifyError(tree.error)}`);
  const sellerIds: string[] = [];
  for await (const line of createInterface({ input: createReadStream(join(directory, 'sellers.ndjson')) })) {
    if (line !== '') sellerIds.push(sellerLine.parse(JSON.parse(line)).id);
  }
  if (sellerIds.length === 0) throw new SluiceError('INPUT_INVALID', `sellers.ndjson in ${directory} holds no seller`);
  return { categories: tree.data.flatMap((node) => leavesOf(node, [])), sellerIds };
}

function leavesOf(node: CategoryNode, above: readonly string[]): ListedCategory[] {
  const path = [...above, node.name];
  if (node.children === undefined || node.children.length === 0) return [{ id: node.id, name: node.name, path }];
  return node.children.flatMap((child) => leavesOf(child, path));
}
