/** The level of the hours, in which terms are rebuilt. */
export const hourLevel = 3;

/** The level of the days, which are folded into `all`. */
export const dayLevel = 4;

/** The level of `all`. */
export const allLevel = 5;
