// Tasks, ledger entries and mailings of invented people, for the tests of the spool. A counter gives each task its own id.
import type { Mailing, NewEntry, NewTask } from '../../../src/flow/ports/spool.ts';

/** The tables that are emptied between tests. */
export const tables =
  'task task_raw lane entry entry_subject event applied calendar mailing reply_pair alias suppression mark'.split(' ');

let tasks = 0;

export function newTask(over: Partial<NewTask> = {}): NewTask {
  tasks += 1;
  const id = over.id ?? `task-${tasks}`;
  return { id, queue: 'event', lane: `lane-${id}`, body: '{}', raw: null, dueAt: 0, createdAt: tasks, ...over };
}

export function newEntry(over: Partial<NewEntry> = {}): NewEntry {
  return {
    at: 1,
    taskId: 't1',
    recordId: 'r1',
    door: 'smtp',
    messageId: '<m1@remote.test>',
    organizer: 'mailto:ann@example.com',
    uid: 'u1',
    recurrenceId: null,
    attendee: 'mailto:bob@remote.test',
    verdict: 'applied',
    reason: 'applied',
    detail: 'Bob accepted.',
    ...over,
  };
}

export function newMailing(over: Partial<Mailing> = {}): Mailing {
  return {
    id: 'm1',
    ownerKey: 'ann@example.com',
    uid: 'u1',
    recipientKey: 'bob@remote.test',
    messageId: '<1@example.com>',
    fingerprint: 'f1',
    organizerAsMailed: 'r1a-x-y@reply.example.com',
    calendar: 'BEGIN:VCALENDAR',
    recurrenceId: null,
    method: 'REQUEST',
    sequence: 0,
    raised: {},
    mailedAt: 1,
    stampedAt: 1,
    scheduleFingerprint: 's1',
    ...over,
  };
}

export function idsOf(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id);
}
