// Schemas of the values that several records share: origin, calendar addresses, occurrences, times. Pure.
import { z } from 'zod';
import { type HoldReason, isHoldReason, isReason, type Reason } from '../../core/reasons.ts';
import { type CalendarAddress, type CalendarTime, type OccurrenceKey, PARTSTATS } from '../../core/ical/types.ts';

export const origin = z.object({
  /** The first record of the chain: a mail, a click, a callback. */
  recordId: z.string(),
  door: z.string(),
  messageId: z.string().nullable(),
});

/**
 * Where a record entered the gateway, and the keys by which `imip-gateway why` finds it. Copied into every ledger entry
 * about the record.
 */
export type Origin = Readonly<z.infer<typeof origin>>;

export const address = z.object({ key: z.string(), asWritten: z.string() }) satisfies z.ZodType<CalendarAddress>;

export const occurrence = z.object({
  uid: z.string(),
  recurrenceId: z.string().nullable(),
}) satisfies z.ZodType<OccurrenceKey>;

export const time = z.object({
  form: z.enum(['date', 'floating', 'zoned']),
  local: z.string(),
  zone: z.string().nullable(),
  instant: z.number().nullable(),
}) satisfies z.ZodType<CalendarTime>;

export const reason = z.custom<Reason>((value) => typeof value === 'string' && isReason(value), 'not a reason');

export const holdReason = z.custom<HoldReason>(
  (value) => typeof value === 'string' && isHoldReason(value),
  'not a reason to hold',
);

export const partstat = z.enum(PARTSTATS);
