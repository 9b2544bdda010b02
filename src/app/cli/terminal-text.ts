// Strangers' text in, the same fit for an operator's terminal out: no control character gets there, not even as a UID or
// in what a relay answers. Pure.

export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
