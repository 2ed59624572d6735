import { hostname } from 'node:os';
import type { Environment } from '../config/environment.ts';
import { loadConfigWithSources, type LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { pipelines } from '../../pipelines/index.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';

/** The configuration of this process, from `--config`, the environment and the working folder. */
export async function configured(file: string | undefined, env: Environment = process.env): Promise<LoadedConfig> {
  return loadConfigWithSources({ file, env, cwd: process.cwd(), knownPipelines: pipelines.map((pipeline) => pipeline.name) });
}

/** The pipelines that the configuration names, in its order. */
export function pipelinesOf(config: Config): AnyPipeline[] {
  return config.pipelines.flatMap((name) => pipelines.filter((pipeline) => pipeline.name === name));
}

/** This process in metrics, logs and documents. */
export function hostOf(config: Config): string {
  return config.host.id ?? `${hostname()}-${process.pid}`;
}
