/** Borrowed of clusters of which nothing is capped. */
export const FREE_SHARE = { room: async () => Number.POSITIVE_INFINITY, take: async () => {}, rest: () => {} };
