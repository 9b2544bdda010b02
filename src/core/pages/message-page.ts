// Builds the model of a page with the result of a request. In: the result; out: the keys of its messages and its tone. It
// contains no data of the link or the event, because such pages may be reloaded, shared and stored. It refuses nothing.

/** Each kind has `page.message.<kind>.title` and `.text` in the catalogue. */
export type MessageKind =
  | 'recorded'
  | 'received'
  | 'refused'
  | 'decided-alias'
  | 'decided-once'
  | 'decided-ignore'
  | 'decided-decline'
  | 'decided-add'
  | 'decided-leave'
  | 'decided-not-entered'
  | 'already-decided'
  | 'invalid-link'
  | 'expired-link'
  | 'unknown-action'
  | 'try-later'
  | 'not-found'
  | 'failed';

export type Tone = 'good' | 'plain' | 'problem';

export interface MessagePage {
  readonly kind: MessageKind;
  readonly tone: Tone;
  /** The answer that the text names: `accepted`, `tentative`, `declined`, or `other` if unknown. */
  readonly answer: string;
  /** The icon above the title: the answer if there is one, else the tone. */
  readonly badge: string;
  /** A link to continue, with the text `page.message.<kind>.onward`; null if there is none. */
  readonly onward: string | null;
}

const tones: Readonly<Record<MessageKind, Tone>> = {
  recorded: 'good',
  received: 'good',
  refused: 'problem',
  'decided-alias': 'good',
  'decided-once': 'good',
  'decided-ignore': 'good',
  'decided-decline': 'good',
  'decided-add': 'good',
  'decided-leave': 'good',
  'decided-not-entered': 'problem',
  'already-decided': 'plain',
  'invalid-link': 'problem',
  'expired-link': 'plain',
  'unknown-action': 'problem',
  'try-later': 'problem',
  'not-found': 'plain',
  failed: 'problem',
};

/** `answer` is an action as in RSVP links. `onward` is a link that the caller has made. */
export function messagePage(
  kind: MessageKind,
  options: { readonly answer?: string | null; readonly onward?: string | null } = {},
): MessagePage {
  const { answer = null, onward = null } = options;
  return { kind, tone: tones[kind], answer: answer ?? 'other', badge: answer ?? tones[kind], onward };
}
