// Replaces control characters, so that text from outside, such as a UID or the reply of a relay, cannot control the
// operator's terminal. Pure.

export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
