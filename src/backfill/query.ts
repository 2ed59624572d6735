import { readFile } from 'node:fs/promises';
import type { BackfillCase } from './case.ts';
import type { Plan } from './plan.ts';

/** The SQL of a plan: that of its case, narrowed to its condition. Spark and DuckDB are given the same text. */
export async function queryOf({ where }: Pick<Plan, 'where'>, one: BackfillCase): Promise<string> {
  const sql = (await readFile(one.sql, 'utf8')).trim().replace(/;$/, '');
  return where === null ? sql : `SELECT * FROM (\n${sql}\n) WHERE ${where}`;
}
