// What came of a request in, the model of a page that only says so out: which messages of the catalogue, in which tone.
// Nothing of a link or of the event goes into it: these pages may be reloaded, shared and kept.

/** Each has `page.message.<kind>.title` and `.text` in the catalogue. */
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
  /** Selects the words for the answer given: `accepted`, `tentative`, `declined`, or `other` where none is known. */
  readonly answer: string;
  /** The sign above the title: the answer where one is named, else the tone. */
  readonly badge: string;
  /** A link onward, and `page.message.<kind>.onward` says where to; null: there is none. */
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

/** `onward` is a link that the caller made; `answer` an action as links name it. */
export function messagePage(
  kind: MessageKind,
  options: { readonly answer?: string | null; readonly onward?: string | null } = {},
): MessagePage {
  const { answer = null, onward = null } = options;
  return { kind, tone: tones[kind], answer: answer ?? 'other', badge: answer ?? tones[kind], onward };
}
