import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { normalComponents, scheduleKey } from '../../../src/core/itip/normal-form.ts';

function read(...lines: readonly string[]) {
  const text = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:u', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
  const document = parseEvent(text);
  const [component] = normalComponents(document);
  if (!component || !document.master) throw new TypeError(text);
  return { component, master: document.master };
}

describe('normalComponents', () => {
  it('contains only what a recipient sees', () => {
    const { component } = read(
      'DTSTART:20260302T090000Z',
      'DTSTAMP:20260101T000000Z',
      'SEQUENCE:7',
      'SUMMARY:  Plan\\; first ',
      'STATUS:CONFIRMED',
      'X-MOZ-GENERATION:2',
      'X-GOOGLE-CONFERENCE:https://meet.example.com/1',
      'COMMENT:b',
      'COMMENT:a',
      'CATEGORIES:Clients',
      'PRIORITY:1',
      'ATTENDEE;ROLE=chair;PARTSTAT=ACCEPTED:MAILTO:Bob@example.com',
      'ORGANIZER:mailto:ann@example.com',
    );
    expect(component.organizer).toBe('ann@example.com');
    expect([...component.guests]).toEqual([['bob@example.com', 'CHAIR']]);
    expect([...component.texts]).toEqual([
      ['SUMMARY', 'Plan; first'],
      ['X-GOOGLE-CONFERENCE', 'https://meet.example.com/1'],
      ['COMMENT', 'a\nb'],
    ]);
  });

  it('normalizes dates and rules', () => {
    const { schedule } = read(
      'DTSTART;TZID=Europe/Berlin:20260302T100000',
      'RRULE:BYDAY=WE,MO;FREQ=weekly;WKST=MO;INTERVAL=1',
      'EXDATE;TZID=Europe/Berlin:20260309T100000,20260304T100000',
      'EXDATE:20260304T090000Z',
      'RDATE;VALUE=PERIOD:20260401T090000Z/PT1H',
      'RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20260401T110000/20260401T120000',
      'RDATE:nonsense',
    ).component;
    expect(schedule.rules).toEqual(['BYDAY=MO,WE;FREQ=WEEKLY']);
    expect(schedule.excluded).toEqual(['20260304T090000Z', '20260309T090000Z']);
    expect(schedule.added).toEqual(['20260401T090000Z/20260401T100000Z', 'nonsense']);
    expect(scheduleKey(schedule).slice(0, 3)).toEqual(['20260302T090000Z', 'Europe/Berlin', 0]);
  });
});
