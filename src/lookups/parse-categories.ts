import { z } from 'zod';
import type { Category } from '../domain/pipeline.ts';

interface Node {
  readonly id: string;
  readonly name: string;
  readonly children?: readonly Node[] | undefined;
}

const node: z.ZodType<Node> = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  get children() { return z.array(node).optional(); },
});
const tree = z.array(node).min(1);

/** The category tree (JSON: `[{ id, name, children? }]`) by id, each with its path of names. Throws where it is none, or an id repeats. */
export function parseCategories(text: string): Map<string, Category> {
  const categories = new Map<string, Category>();
  const visit = ({ id, name, children = [] }: Node, parents: readonly string[]): void => {
    if (categories.has(id)) throw new Error(`category ${id} stands twice in the tree`);
    const path = [...parents, name];
    categories.set(id, { id, path });
    for (const child of children) visit(child, path);
  };
  for (const root of tree.parse(JSON.parse(text))) visit(root, []);
  return categories;
}
