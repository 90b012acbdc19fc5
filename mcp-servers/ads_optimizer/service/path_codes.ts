/** How long before an order a touch of its path may be, in days: PromptCRM's rule. */
export const PATH_DAYS = 30;

/** A path keeps so many touches: of a longer one the first and the last ones. */
export const MOST_TOUCHES = 20;

/** Codes of touches that no node stands for: not of what is asked, and of campaigns that have no row of their own. */
export const OUTSIDE = 0;
export const REST = 1;

/** Node i has this code plus i. */
export const FIRST_NODE = 2;
