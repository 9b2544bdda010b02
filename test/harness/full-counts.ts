// How often a property is tried, or how large a load is: enough to find most faults in seconds, and the full count in
// `npm run test:full`.
export const FULL = process.env['TEST_FULL'] === '1';

export const fullCount = (full: number, otherwise: number): number => (FULL ? full : otherwise);
