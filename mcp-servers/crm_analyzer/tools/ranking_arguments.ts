/** By what customers can be ranked. */
export const RANKING_METRICS = ['revenue', 'orders', 'recency', 'churn_risk', 'expected_value'] as const;

/** Within what they can be ranked. */
export const RANKING_PARTITIONS = ['none', 'country', 'region', 'segment', 'industry', 'client'] as const;
