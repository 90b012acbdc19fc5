/** By what customers can be divided into segments. */
export const SEGMENT_METHODS = ['rfm', 'type', 'industry', 'potential', 'region', 'segment'] as const;
