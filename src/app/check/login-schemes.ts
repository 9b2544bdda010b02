// Reads which ways to log in a server offers. In: the value of WWW-Authenticate (RFC 9110 §11.6.1); out: the names of the
// schemes, such as `Digest`. It refuses nothing: what is not a scheme is skipped.

/** Several header lines are joined by commas, and commas also separate the parameters of one scheme. */
export function loginSchemes(challenge: string): string[] {
  const withoutQuotes = challenge.replace(/"(?:\\.|[^"\\])*"/g, '""');
  // A scheme is followed by a space and a parameter or token, or by nothing; the name of a parameter by `=`.
  const names = withoutQuotes
    .split(',')
    .flatMap((part) => /^\s*([!#$%&'*+.^`|~\w-]+)(?=\s+[^=\s]|\s*$)/.exec(part)?.[1] ?? []);
  return [...new Set(names)];
}
