import type { AnyPipeline } from '../src/domain/pipeline.ts';
import { closedListings } from './closed-listings/pipeline.ts';
import { retailSales } from './retail-sales/pipeline.ts';
import { soldItems } from './sold-items/pipeline.ts';

/** Every pipeline there is. */
export const pipelines: readonly AnyPipeline[] = [
  soldItems,
  closedListings,
  retailSales,
];
