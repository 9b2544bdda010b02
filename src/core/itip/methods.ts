// The METHODs for events (RFC 5546 §3.2), and who sends each of them. It refuses nothing.

export const METHODS = [
  'PUBLISH',
  'REQUEST',
  'REPLY',
  'ADD',
  'CANCEL',
  'REFRESH',
  'COUNTER',
  'DECLINECOUNTER',
] as const;

export type Method = (typeof METHODS)[number];

const FROM_ATTENDEE: ReadonlySet<string> = new Set<Method>(['REPLY', 'REFRESH', 'COUNTER']);

/** RFC 5546 §1.4: an attendee sends these to the organizer. The organizer sends all others. */
export function isFromAttendee(method: string): boolean {
  return FROM_ATTENDEE.has(method);
}
