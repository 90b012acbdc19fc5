import type { Deadline } from '../domain/deadline.ts';
import type { ModelUsage } from './model_usage.ts';

/** Turns texts into vectors whose nearness is the texts' nearness. */
export type Embedder = {
  /** 'semantic' when a model placed the texts by what they mean; 'lexical' when it is by the words and letters they share. */
  readonly method: 'semantic' | 'lexical';
  /** What made the vectors. Vectors of different models are not comparable. */
  readonly model: string;
  readonly dimensions: number;
  /** One vector of unit length a text, in the order of the texts. */
  readonly embed: (
    texts: readonly string[],
    deadline: Deadline,
  ) => Promise<{ readonly vectors: readonly Float32Array[]; readonly usage: ModelUsage }>;
};
