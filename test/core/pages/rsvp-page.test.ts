import { describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import type { PageReader } from '../../../src/core/pages/event-facts.ts';
import {
  type RsvpForm,
  type RsvpNotice,
  type RsvpView,
  isAction,
  isAnswerable,
  partstatOf,
  readForm,
  rsvpPage,
} from '../../../src/core/pages/rsvp-page.ts';
import { claims, shown } from '../../doors/web/start-http.ts';

const reader: PageReader = { templates: compileTemplates(await readTemplates(null)), language: 'en', timezone: 'UTC' };
const nothing: RsvpForm = {
  action: null,
  comment: '',
  commentTooLong: false,
  sequence: null,
  schedule: null,
  wholeSeries: false,
};
const pageOf = (changes: Partial<RsvpView>, form: Partial<RsvpForm> = {}, notice: RsvpNotice | null = null) =>
  rsvpPage({ ...shown, ...changes }, claims, { ...nothing, ...form }, notice, reader);
const chosen = (page: ReturnType<typeof pageOf>) =>
  page.choices.filter(({ checked }) => checked).map(({ action }) => action);

function formOf(fields: Record<string, string>): RsvpForm | null {
  return readForm((name) => fields[name] ?? '');
}

describe('rsvpPage', () => {
  it.each([
    ['open', 'form', true],
    ['unreachable', 'form', true],
    ['past', 'past', false],
    ['gone', 'gone', false],
    ['cancelled', 'cancelled', false],
    ['not-invited', 'not-invited', false],
  ] as const)('returns for the state %s the page %s', (state, kind, open) => {
    expect(pageOf({ state })).toMatchObject({ kind, open });
    expect(isAnswerable({ ...shown, state })).toBe(open);
  });

  it('selects the answer of the link, or else the stored answer', () => {
    expect(chosen(pageOf({ partstat: 'DECLINED' }, { action: 'accepted' }))).toEqual(['accepted']);
    expect(chosen(pageOf({ partstat: 'DECLINED' }))).toEqual(['declined']);
    expect(chosen(pageOf({ partstat: 'NEEDS-ACTION' }))).toEqual([]);
    expect(chosen(pageOf({ partstat: 'DELEGATED' }))).toEqual([]);
  });

  it('shows the name of the attendee from the guest list, or else the address', () => {
    expect(pageOf({}).attendee).toEqual({ name: 'Bob Bell', address: 'bob@example.com' });
    expect(pageOf({ event: null }).attendee.name).toBe('bob@example.com');
    expect(pageOf({ event: null }).organizer).toBe('alice@example.com');
  });

  it('keeps the fields of a form that is shown again', () => {
    expect(pageOf({}, { comment: 'Late', action: 'tentative' }, 'changed')).toMatchObject({
      kind: 'form-changed',
      comment: 'Late',
      notice: 'changed',
    });
    expect(pageOf({}, {}, 'choose')).toMatchObject({ kind: 'form-incomplete', notice: 'choose' });
  });

  it('shows that the calendar is unreachable, unless there is another notice or no form', () => {
    expect(pageOf({ state: 'unreachable' }).notice).toBe('unreachable');
    expect(pageOf({ state: 'unreachable' }, {}, 'choose').notice).toBe('choose');
    expect(pageOf({ state: 'gone' }, {}, 'changed').notice).toBeNull();
  });

  it('offers the choice of the scope only if both scopes can be answered', () => {
    expect(pageOf({}).scope).toBeNull();
    expect(pageOf({ wholeSeries: true }).scope).toBe('one');
    expect(pageOf({ wholeSeries: true }, { wholeSeries: true }).scope).toBe('series');
  });
});

describe('readForm', () => {
  it('accepts only the three actions, in any case', () => {
    expect(formOf({ action: 'Accepted' })?.action).toBe('accepted');
    expect(formOf({})?.action).toBeNull();
    for (const action of ['yes', 'needs-action', 'constructor', '__proto__', 'accepted ', 'delegated'])
      expect(formOf({ action })).toBeNull();
    expect(['accepted', 'tentative', 'declined'].every(isAction)).toBe(true);
    expect(partstatOf('tentative')).toBe('TENTATIVE');
  });

  it('reads a comment as lines of plain text, and reports if it is too long', () => {
    expect(formOf({ comment: ' Sorry,\r\nlate\u202E ' })).toMatchObject({
      comment: 'Sorry,\nlate',
      commentTooLong: false,
    });
    expect(formOf({ comment: 'x'.repeat(1000) })?.commentTooLong).toBe(false);
    expect(formOf({ comment: 'x'.repeat(1001) })).toMatchObject({ commentTooLong: true, comment: 'x'.repeat(1001) });
  });

  it.each([
    ['3', 3],
    ['0', 0],
    ['', null],
    ['-1', null],
    ['1e3', null],
    ['99999999999', null],
  ])('reads the sequence %j as %j', (sequence, expected) => {
    expect(formOf({ sequence })?.sequence).toBe(expected);
  });

  it('reads the scope of the whole series', () => {
    expect(formOf({ scope: 'series' })?.wholeSeries).toBe(true);
    expect(formOf({ scope: 'one' })?.wholeSeries).toBe(false);
  });
});
