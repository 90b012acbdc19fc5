import type { Deadline } from '../domain/deadline.ts';

/** What a hit must be: every field given must hold, and a field of several values holds when one of them does. Empty lists match nothing. */
export type VectorFilter = {
  readonly categories?: readonly string[] | undefined;
  readonly hashtags?: readonly string[] | undefined;
  readonly campaignIds?: readonly string[] | undefined;
  readonly clientIds?: readonly string[] | undefined;
  readonly formats?: readonly string[] | undefined;
  readonly approved?: boolean | undefined;
};

/** What a vector can be filtered by. */
export type VectorAttributes = {
  readonly category: string;
  readonly hashtags: readonly string[];
  readonly campaignIds: readonly string[];
  readonly clientIds: readonly string[];
  readonly format: string;
  readonly approved: boolean;
};

/** A vector of unit length under an id of its own. */
export type VectorItem = { readonly id: string; readonly vector: Float32Array; readonly attributes: VectorAttributes };

/** `score` is the cosine of the angle to the question: 1 is the same direction. */
export type VectorHit = { readonly id: string; readonly score: number };

/** Vectors that are found by nearness, among those that pass a filter. */
export type VectorIndex = {
  /** Adds items, and replaces those whose id is there already. Doing it twice is doing it once. */
  readonly upsert: (items: readonly VectorItem[], deadline: Deadline) => Promise<void>;
  /** Ids that are not there are left alone. */
  readonly remove: (ids: readonly string[], deadline: Deadline) => Promise<void>;
  /** The nearest of those that pass, nearest first. */
  readonly search: (
    vector: Float32Array,
    options: { readonly limit: number; readonly filter?: VectorFilter | undefined },
    deadline: Deadline,
  ) => Promise<readonly VectorHit[]>;
  /** The vectors of those ids that are there. */
  readonly vectors: (ids: readonly string[], deadline: Deadline) => Promise<ReadonlyMap<string, Float32Array>>;
  /** How many vectors there are. An index elsewhere may count late what was written just now. */
  readonly count: (deadline: Deadline) => Promise<number>;
};
