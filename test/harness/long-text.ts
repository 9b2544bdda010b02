// Hostile text for tests of speed, which need no clock: a linear function takes a moment for it, and a quadratic one takes
// longer than the time limit of a test.

const LENGTH = 1_000_000;

export function longText(piece: string): string {
  return piece.repeat(Math.ceil(LENGTH / piece.length));
}
