// The end, the text and the links of an event in mails.
import { describe, expect, it } from 'vitest';
import { displayName, plainLine, plainLines } from '../../../src/core/compose/plain-text.ts';
import { readComment } from '../../../src/core/message/read-comment.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { readZoneRules } from '../../../src/core/ical/vtimezone.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import { endIfLater } from '../../../src/core/ical/occurrence-id.ts';
import { cancelFor } from '../../../src/core/itip/schedule-message.ts';
import { scheduleFingerprint } from '../../../src/core/itip/fingerprint.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import { readEventView } from '../../../src/core/compose/event-view.ts';
import type { InvitationMail } from '../../../src/core/compose/types.ts';
import { rsvpPage } from '../../../src/core/pages/rsvp-page.ts';
import { alice, bob, calendar, event, noticeMail } from '../../core/compose/samples.ts';
import { invitationTo, invited, readMail, templates } from './read-mail.ts';

describe('O10: an end that is not after the start counts as missing', () => {
  const start = 'Tuesday, November 3, 2026 at 10:00 AM (Central European Time)';

  it.each<[what: string, properties: Readonly<Record<string, string | null>>, when: string]>([
    ['a week before', { DTEND: 'DTEND;TZID=Europe/Paris:20261027T100000' }, start],
    ['years before', { DTEND: 'DTEND:20200101T000000Z' }, start],
    ['a minute before, in another zone', { DTEND: 'DTEND:20261103T085900Z' }, start],
    ['the start itself', { DTEND: 'DTEND;TZID=Europe/Paris:20261103T100000' }, start],
    ['a date before', { DTEND: 'DTEND;VALUE=DATE:20261101' }, start],
    [
      'without a zone',
      { DTEND: 'DTEND:20261103T090000', DTSTART: 'DTSTART:20261103T100000' },
      'Tuesday, November 3, 2026 at 10:00 AM (local time)',
    ],
    [
      'of a whole day',
      { DTSTART: 'DTSTART;VALUE=DATE:20261103', DTEND: 'DTEND;VALUE=DATE:20261103' },
      'Tuesday, November 3, 2026, all day',
    ],
    [
      'with a DURATION as well',
      { DTEND: 'DTEND:20200101T000000Z', DURATION: 'DURATION:PT1H' },
      'Tuesday, November 3, 2026, 10:00 – 11:00 AM (Central European Time)',
    ],
    ['of a series', { DTEND: 'DTEND:20200101T000000Z', RRULE: 'RRULE:FREQ=DAILY;COUNT=3' }, start],
  ])('in the mail and its calendar: %s', async (_what, properties, when) => {
    const mail = await invitationTo(properties);
    expect(mail.line('When')).toBe(when);
    expect(mail.ics).not.toMatch(/^DTEND/m);
  });

  it('unless it is after the start', async () => {
    for (const end of ['DTEND:20261103T090100Z', 'DTEND;TZID=Nowhere:20261103T095900', 'DTEND;VALUE=DATE:20261104']) {
      expect((await invitationTo({ DTEND: end })).ics).toContain(end);
    }
  });

  it('in fingerprints, comparisons and messages', () => {
    const [odd, none] = [{ DTEND: 'DTEND:20200101T000000Z' }, { DTEND: null }].map((each) =>
      calendar(null, event(each)),
    );
    expect(scheduleFingerprint(odd ?? '', null)).toBe(scheduleFingerprint(none ?? '', null));
    const { master } = parseEvent(odd ?? '');
    expect(master?.end).toBeNull();
    const stamp = { now: 0, sequence: 0, cancelled: true };
    expect(cancelFor(parseEvent(odd ?? ''), [bob], [null], stamp)).not.toContain('DTEND');
  });

  it('in a proposal, as COUNTER or in a REPLY of iOS', () => {
    const end = (lines: readonly string[], method: string): unknown =>
      readMessage(calendar(method, lines), null).items.map((item) => (item.kind === 'proposal' ? item.end : 'answer'));
    const attendee = 'ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org';
    expect(end(event({ ATTENDEE: attendee, DTEND: 'DTEND:20200101T000000Z' }), 'COUNTER')).toEqual([null]);
    const proposed = 'TO-ALL-PROPOSED-NEW-TIME="DTSTART:20261122T100000Z;DTEND:20261122T090000Z"';
    expect(end(event({ ATTENDEE: attendee.replace(';', `;${proposed};`) }), 'REPLY')).toEqual(['answer', null]);
  });

  it('compares instants, else local times', () => {
    const time = (value: string, tzid: string | null = null) => readTime(value, { tzid }, []);
    const isLater = (from: ReturnType<typeof time>, to: ReturnType<typeof time>): boolean =>
      from !== null && endIfLater(from, to) !== null;
    expect(isLater(time('20261103T100000', 'Asia/Tokyo'), time('20261103T090000', 'Europe/Paris'))).toBe(true);
    expect(isLater(time('20261103T090000', 'Europe/Paris'), time('20261103T100000', 'Asia/Tokyo'))).toBe(false);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261103T060000Z'))).toBe(true);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261101T060000Z'))).toBe(false);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261103T095900', 'Nowhere'))).toBe(false);
  });
});

describe('O5: HTML is shown as text, with the targets of links', () => {
  /** The text between `Details:` and the footer. */
  const details = ({ text }: { readonly text: string }): string =>
    (/^Details:\n\n(.*?)\n\n--/ms.exec(text)?.[1] ?? '').trim();
  const written = async (properties: Readonly<Record<string, string | null>>): Promise<string> =>
    details(await invitationTo({ DESCRIPTION: null, ...properties }));
  const agenda =
    '<html><body><p>Agenda</p><ul><li>Budget</li><li><a href="https://docs.example/a?b=1&amp;c=2">Plan</a></li></ul></body></html>';
  const readable = 'Agenda\n\n- Budget\n- Plan <https://docs.example/a?b=1&c=2>';

  it.each<[what: string, properties: Readonly<Record<string, string | null>>, expected: string]>([
    [
      'DESCRIPTION of Google',
      { DESCRIPTION: 'DESCRIPTION:<b>Agenda</b><br>See <a href="https://docs.example/x">the plan</a>&nbsp\\;today' },
      'Agenda\nSee the plan <https://docs.example/x> today',
    ],
    [
      'with line breaks and tags',
      { DESCRIPTION: 'DESCRIPTION:Agenda:\\n<b>Budget</b>\\nPlan' },
      'Agenda:\nBudget\nPlan',
    ],
    ['entities only', { DESCRIPTION: 'DESCRIPTION:Q&amp\\;A\\nTom&nbsp\\;&rsquo\\;s &#128512\\;' }, 'Q&A\nTom ’s 😀'],
    [
      'a link whose text is its target',
      { DESCRIPTION: 'DESCRIPTION:<p><a href="https://meet.example/x/">https://meet.example/x</a></p>' },
      'https://meet.example/x',
    ],
    [
      'a link to an address',
      { DESCRIPTION: 'DESCRIPTION:<a href="mailto:alice@example.com">Alice</a><br>' },
      'Alice <mailto:alice@example.com>',
    ],
    [
      'a link that must not be opened',
      { DESCRIPTION: 'DESCRIPTION:<a href="javascript:alert(1)">Plan</a><br>' },
      'Plan',
    ],
    ['a script', { DESCRIPTION: 'DESCRIPTION:<style>p{}</style><script>alert(1)</script><p>Plan</p>' }, 'Plan'],
    [
      'an image',
      { DESCRIPTION: 'DESCRIPTION:<p>Map: <img src="https://x.example/m.png" alt="the way"></p>' },
      'Map: the way',
    ],
    [
      'a table',
      {
        DESCRIPTION:
          'DESCRIPTION:<table><tr><td>9:00</td><td>Budget</td></tr><tr><td>10:00</td><td>Plan</td></tr></table>',
      },
      '9:00 Budget\n10:00 Plan',
    ],
    [
      'plain text with angle brackets',
      { DESCRIPTION: 'DESCRIPTION:if a < b\\, ask <bob@example.com>\\, <https://x.example/a>' },
      'if a < b, ask <bob@example.com>, <https://x.example/a>',
    ],
    [
      'plain text about HTML',
      { DESCRIPTION: 'DESCRIPTION:We use <i> and <custom-tag>' },
      'We use <i> and <custom-tag>',
    ],
    ['only X-ALT-DESC', { 'X-ALT-DESC': `X-ALT-DESC;FMTTYPE=text/html:${agenda}` }, readable],
    [
      'only STYLED-DESCRIPTION',
      { 'STYLED-DESCRIPTION': `STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:${agenda}` },
      readable,
    ],
    [
      'a STYLED-DESCRIPTION that is a URI',
      {
        'STYLED-DESCRIPTION': 'STYLED-DESCRIPTION;VALUE=URI:https://x.example/a.html',
        DESCRIPTION: 'DESCRIPTION:Plan',
      },
      'Plan',
    ],
    ['plain STYLED-DESCRIPTION', { 'STYLED-DESCRIPTION': 'STYLED-DESCRIPTION;FMTTYPE=text/plain:a <b>' }, 'a <b>'],
    [
      'ALTREP of Thunderbird',
      { DESCRIPTION: `DESCRIPTION;ALTREP="data:text/html,${encodeURIComponent(agenda)}":Agenda\\n\\nBudget\\nPlan` },
      readable,
    ],
    [
      'ALTREP in base64',
      {
        DESCRIPTION: `DESCRIPTION;ALTREP="data:text/html;charset=utf-8;base64,${Buffer.from(agenda).toString('base64')}":`,
      },
      readable,
    ],
    [
      'ALTREP with a stray percent',
      { DESCRIPTION: 'DESCRIPTION;ALTREP="data:text/html,<p>50% <i>off</i></p>":' },
      '50% off',
    ],
    [
      'ALTREP that is a link',
      { DESCRIPTION: 'DESCRIPTION;ALTREP="https://x.example/agenda.html":Agenda' },
      'Agenda\n\nhttps://x.example/agenda.html',
    ],
    ['ALTREP that is a part of a mail', { DESCRIPTION: 'DESCRIPTION;ALTREP="CID:part3@example.com":Agenda' }, 'Agenda'],
    [
      'the same in both forms',
      { DESCRIPTION: 'DESCRIPTION:Agenda\\n- Budget\\n- Plan', 'X-ALT-DESC': `X-ALT-DESC;FMTTYPE=text/html:${agenda}` },
      readable,
    ],
    [
      'an outdated HTML form',
      { DESCRIPTION: 'DESCRIPTION:Agenda: Plan', 'X-ALT-DESC': `X-ALT-DESC;FMTTYPE=text/html:${agenda}` },
      'Agenda: Plan',
    ],
    [
      'a derived DESCRIPTION',
      {
        DESCRIPTION: 'DESCRIPTION;DERIVED=TRUE:Agenda (see HTML)',
        'STYLED-DESCRIPTION': `STYLED-DESCRIPTION;VALUE=TEXT:${agenda}`,
      },
      readable,
    ],
  ])('%s', async (_what, properties, expected) => {
    expect(await written(properties)).toBe(expected);
  });

  it('makes links in the HTML part, and writes no tag of the calendar there', async () => {
    const { html } = await invitationTo({
      DESCRIPTION: 'DESCRIPTION:<b onclick=x>A</b> <a href="https://x.example/?a=1&amp\\;b=2">plan</a><br>',
    });
    expect(html).toContain('<a href="https://x.example/?a=1&amp;b=2">https://x.example/?a=1&amp;b=2</a>');
    expect(html).not.toContain('onclick');
  });

  it('shows a change of one form once', async () => {
    const [before, after] = ['Old', 'New'].map((text) =>
      calendar('REQUEST', event({ DESCRIPTION: `DESCRIPTION:${text}`, 'X-ALT-DESC': `X-ALT-DESC:<p>${text}</p>` })),
    );
    const { text } = await invited({ kind: 'update', previousCalendar: before ?? '', calendar: after ?? '' });
    expect(text.match(/Details: changed/g)).toHaveLength(1);
  });
});

describe('O8: text is cut between grapheme clusters', () => {
  const clusters = (text: string): string[] =>
    [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment);

  it.each([
    ['emoji', '😀'],
    ['a family', '👨‍👩‍👧‍👦'],
    ['flags', '🇫🇷🇳🇱'],
    ['a skin tone', '👍🏽'],
    ['marks', 'e\u0301a\u0308'],
    ['Devanagari', 'क्षि'],
    ['letters', 'Planning '],
  ])('in a title of many: %s', async (_what, unit) => {
    for (let offset = 0; offset < 12; offset += 1) {
      const title = 'x'.repeat(offset) + unit.repeat(120);
      const { subject, text } = await invitationTo({ SUMMARY: `SUMMARY:${title}` });
      const [, heading = ''] = /^.*?: (.*)$/m.exec(text) ?? [];
      const [, written = ''] = /^Invitation: (.*?) ?\(Tue/.exec(subject) ?? [];
      for (const shown of [heading, written]) {
        expect(shown.endsWith('…')).toBe(true);
        const kept = shown.slice(0, -1);
        expect(title.startsWith(kept)).toBe(true);
        expect(clusters(title).slice(0, clusters(kept).length)).toEqual(clusters(kept));
      }
    }
  });

  it('everywhere else', () => {
    const text = 'x' + '👨‍👩‍👧‍👦'.repeat(1_000);
    const kept = [plainLine(text), plainLines(text), readComment(text) ?? '', displayName(text, 'a@example.com')];
    for (const shown of kept) expect(shown).toMatch(/^x(?:👨‍👩‍👧‍👦)+…$/u);
  });
});

describe('O13: a task is called a task', () => {
  const task = (properties: Readonly<Record<string, string | null>>, method: string | null = 'REQUEST'): string =>
    calendar(method, event({ DTSTART: null, DTEND: null, ...properties })).replaceAll('VEVENT', 'VTODO');
  const due = 'DUE;TZID=Europe/Paris:20261103T180000';
  const words = {
    en: { event: /event|invitation|invites|guest|be there|coming/i, task: /task/i, when: /^(?:When|Due)/m },
    fr: { event: /événement|invit|viendr/i, task: /tâche/i, when: /^(?:Quand|Échéance)/m },
    de: { event: /termin|einlad|lädt|gäste|kommen|kommt/i, task: /aufgabe/i, when: /^(?:Wann|Fällig)/m },
    es: { event: /evento|invita|asist/i, task: /tarea/i, when: /^(?:Cuándo|Vence)/m },
    it: { event: /evento|invit|partecip/i, task: /attività/i, when: /^(?:Quando|Scadenza)/m },
    nl: { event: /afspraak|uitnodig|nodigt|gast|komt u/i, task: /taak/i, when: /^(?:Wanneer|Uiterlijk)/m },
  };
  const mails: Readonly<Record<string, Partial<InvitationMail>>> = {
    invitation: { calendar: task({}) },
    update: { kind: 'update', calendar: task({ SUMMARY: 'SUMMARY:Other' }), previousCalendar: task({}) },
    refresh: { kind: 'refresh', calendar: task({}) },
    cancel: { kind: 'cancel', links: null, calendar: task({ STATUS: 'STATUS:CANCELLED' }, 'CANCEL') },
    removal: { kind: 'cancel', links: null, calendar: task({}, 'CANCEL') },
    decline: { kind: 'decline', links: null, calendar: task({}, 'DECLINECOUNTER') },
    reply: {
      kind: 'reply',
      links: null,
      sender: bob,
      recipient: alice,
      calendar: task({ ATTENDEE: 'ATTENDEE;CN=Bob Dupont;PARTSTAT=COMPLETED:mailto:bob@example.org' }, 'REPLY'),
    },
  };

  it.each(
    Object.entries(words).flatMap(([language, each]) =>
      Object.keys(mails).map((name) => ({ language, name, ...each })),
    ),
  )('in $language: $name', async ({ language, name, event: eventWords, task: taskWords, when }) => {
    const { subject, text } = await invited({ ...mails[name], language });
    const own = (part: string): string => part.replace(/Planning the spring issue|Dear all.*?Thanks!/gs, '');
    expect(own(subject)).not.toMatch(eventWords);
    expect(own(text)).not.toMatch(eventWords);
    expect(text).toMatch(taskWords);
    expect(text).not.toMatch(when);
  });

  it('states when it is due, and when it starts', async () => {
    const late = await invited({ calendar: task({ DUE: due }) });
    expect(late.subject).toBe('Task: Planning the spring issue (Tue, Nov 3, 2026, 6:00 PM)');
    expect(late.line('Due')).toBe('Tuesday, November 3, 2026 at 6:00 PM (Central European Time)');
    const both = await invited({ calendar: task({ DTSTART: 'DTSTART;TZID=Europe/Paris:20261102T090000', DUE: due }) });
    expect(both.line('When')).toBe(
      'Monday, November 2, 2026 at 9:00 AM – Tuesday, November 3, 2026 at 6:00 PM (Central European Time)',
    );
    const day = await invited({ calendar: task({ DUE: 'DUE;VALUE=DATE:20261103' }) });
    expect(day.line('Due')).toBe('Tuesday, November 3, 2026, all day');
  });

  it('names the answers that only a task has', async () => {
    const { text } = await invited({
      calendar: task({})
        .replace('PARTSTAT=TENTATIVE', 'PARTSTAT=COMPLETED')
        .replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=IN-PROCESS'),
    });
    expect(text).toContain(
      'Assigned to:\n  - Alice Martin (organizer)\n  - Bob Dupont (in progress)\n  - Carol Weiß (done, optional)',
    );
    const notice = async (partstat: 'COMPLETED' | 'IN-PROCESS'): Promise<string> =>
      (
        await readMail(
          composeNotice(
            noticeMail({
              calendar: task({}, null),
              notices: [{ kind: 'answer', attendee: bob, partstat, comment: null, recurrenceId: null }],
            }),
            templates,
          ).raw,
        )
      ).text;
    expect(await notice('COMPLETED')).toMatch(/^Bob Dupont has done it\.\n[^]*organizer of this task\.\n$/);
    expect(await notice('IN-PROCESS')).toMatch(/^Bob Dupont is working on it\./);
    expect(await notice('IN-PROCESS')).not.toContain('When');
  });

  it('is a task on its page', () => {
    const reader = { language: 'en', timezone: 'UTC', templates };
    const view = readEventView(task({}), null, bob, null);
    const claims = {
      uid: 'x',
      recurrenceId: null,
      attendee: 'bob@example.org',
      organizer: 'alice@example.com',
      expiresAt: 0,
    };
    const page = (state: 'open' | 'past' | 'cancelled'): string => {
      const form = {
        action: null,
        comment: '',
        commentTooLong: false,
        sequence: 0,
        schedule: null,
        wholeSeries: false,
      };
      const model = rsvpPage(
        { state, event: view, partstat: null, sequence: 0, guestList: true },
        claims,
        form,
        null,
        reader,
      );
      return templates.render('pages/rsvp.html', 'en', { ...model, token: '', folder: '' });
    };
    expect(page('open')).toContain('Alice Martin gives you a task');
    expect(page('open')).toContain('Will you do it?');
    expect(page('open')).not.toContain('When');
    expect(page('past')).toContain('This task is over');
    expect(page('cancelled')).toContain('This task is cancelled');
  });
});

describe('O9: attachments and conferences are named and linked', () => {
  const section = (text: string, label: string): string[] => {
    const [, one = '', many = ''] = new RegExp(`^${label}:(?: (.+)|((?:\\n {2}- .*)+))`, 'm').exec(text) ?? [];
    return one !== '' ? [one] : many.split('\n').flatMap((line) => line.slice(4) || []);
  };

  it.each<[what: string, line: string, expected: string[]]>([
    [
      'FILENAME',
      'ATTACH;FMTTYPE=application/pdf;FILENAME=budget.pdf:https://x.example/9f2',
      ['budget.pdf: https://x.example/9f2'],
    ],
    [
      'a quoted FILENAME',
      'ATTACH;FILENAME="Q3: plan, v2.pdf":https://x.example/9f2',
      ['Q3: plan, v2.pdf: https://x.example/9f2'],
    ],
    ['X-FILENAME', 'ATTACH;X-FILENAME=budget.pdf:https://x.example/9f2', ['budget.pdf: https://x.example/9f2']],
    [
      'no name',
      'ATTACH:https://x.example/files/the%20plan.odt?v=2',
      ['the plan.odt: https://x.example/files/the%20plan.odt?v=2'],
    ],
    [
      'a type and no extension',
      'ATTACH;FMTTYPE=application/pdf:https://x.example/9f2',
      ['9f2 (application/pdf): https://x.example/9f2'],
    ],
    ['no path', 'ATTACH:https://x.example/', ['x.example: https://x.example/']],
    [
      'several',
      'ATTACH;FILENAME=a.pdf:https://x.example/a\r\nATTACH;FILENAME=b.pdf:https://x.example/b',
      ['a.pdf: https://x.example/a', 'b.pdf: https://x.example/b'],
    ],
    [
      'the same twice',
      'ATTACH;FILENAME=a.pdf:https://x.example/a\r\nATTACH;FILENAME=a.pdf:https://x.example/a',
      ['a.pdf: https://x.example/a'],
    ],
    ['a script', 'ATTACH;FILENAME=a.pdf:javascript:alert(1)', []],
    ['a file of the reader', 'ATTACH;FILENAME=a.pdf:file:///etc/passwd', []],
    ['a part of a mail', 'ATTACH:CID:part3@example.com', []],
    ['a mail address', 'ATTACH:mailto:bob@example.com', []],
    ['inside the calendar', 'ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.txt:aGVsbG8=', []],
  ])('ATTACH: %s', async (_what, line, expected) => {
    const { text, html } = await invitationTo({ ATTACH: line });
    expect(section(text, 'Attachments')).toEqual(expected);
    for (const each of expected) expect(html).toContain(`<a href="${each.split(': ').at(-1)}">`);
  });

  it.each<[what: string, lines: string, expected: string[]]>([
    [
      'a label',
      'CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Video call:https://meet.example/x',
      ['Video call: https://meet.example/x'],
    ],
    [
      'several',
      'CONFERENCE;LABEL="Dial-in: Paris":tel:+33-1-23\r\nCONFERENCE;LABEL=Video:https://meet.example/x\r\nCONFERENCE:xmpp:room@chat.example',
      ['Dial-in: Paris: tel:+33-1-23', 'Video: https://meet.example/x'],
    ],
  ])('CONFERENCE: %s', async (_what, lines, expected) => {
    expect(section((await invitationTo({ CONFERENCE: lines })).text, 'Online')).toEqual(expected);
  });

  it('does not hide the target behind a name that looks like another', async () => {
    const { html } = await invitationTo({ ATTACH: 'ATTACH;FILENAME="https://bank.example":https://evil.example/x' });
    expect(html).toContain(
      '<bdi>https://bank.example</bdi>: <a href="https://evil.example/x">https://evil.example/x</a>',
    );
    expect((await invitationTo({ ATTACH: 'ATTACH;FILENAME="<b>x</b>":https://x.example/x' })).html).toContain(
      '&lt;b&gt;x&lt;/b&gt;',
    );
  });

  it('names a changed conference among several', async () => {
    const [before, after] = ['a', 'b'].map((room) =>
      calendar('REQUEST', event({ CONFERENCE: `CONFERENCE:https://meet.example/${room}\r\nCONFERENCE:tel:+33-1-23` })),
    );
    const { text } = await invited({ kind: 'update', previousCalendar: before ?? '', calendar: after ?? '' });
    expect(text).toContain(
      'Online: https://meet.example/b / tel:+33-1-23 (was: https://meet.example/a / tel:+33-1-23)',
    );
  });
});

describe('O11: a zone whose name says nothing is shown by its offset', () => {
  const zone = (tzid: string, offset: string): string =>
    [
      'BEGIN:VTIMEZONE',
      `TZID:${tzid}`,
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      `TZOFFSETFROM:${offset}`,
      `TZOFFSETTO:${offset}`,
      'END:STANDARD',
      'END:VTIMEZONE',
      '',
    ].join('\r\n');
  const when = async (tzid: string, rules: string): Promise<string> => {
    const times = { DTSTART: `DTSTART;TZID="${tzid}":20261103T100000`, DTEND: `DTEND;TZID="${tzid}":20261103T110000` };
    const text = calendar('REQUEST', event(times)).replace('BEGIN:VEVENT', `${rules}BEGIN:VEVENT`);
    return (await invited({ calendar: text })).line('When').split(' / ')[0] ?? '';
  };

  it.each([
    ['Customized Time Zone', '+0545', 'UTC+5:45'],
    ['Customized Time Zone', '-0330', 'UTC-3:30'],
    ['tzone://Microsoft/Custom', '+0100', 'UTC+1:00'],
    ['My zone', '-1200', 'UTC-12:00'],
    ['GMT +0530', '+0530', 'UTC+5:30'],
    // Its rules are those of Israel, its name is that of India.
    ['IST', '+0200', 'UTC+2:00'],
    ['Europe/Paris', '+0100', 'Central European Time'],
  ])('%s with %s: %s', async (tzid, offset, expected) => {
    expect(await when(tzid, zone(tzid, offset))).toBe(`Tuesday, November 3, 2026, 10:00 – 11:00 AM (${expected})`);
  });

  it('keeps the name of a zone without rules', async () => {
    expect(await when('Head office', '')).toContain('(Head office)');
  });

  it('keeps the name in the hour that is skipped or repeated', async () => {
    for (const time of ['20260329T023000', '20261025T023000']) {
      const { line } = await invitationTo({ DTSTART: `DTSTART;TZID=Europe/Paris:${time}`, DTEND: null });
      expect(line('When')).toContain('Central European Time');
    }
  });
});

describe('O17: the VTIMEZONE that we add has the rules of the times that we write', () => {
  it.each([
    'America/Vancouver',
    'America/Edmonton',
    'Africa/Casablanca',
    'Africa/El_Aaiun',
    'Asia/Gaza',
    'Europe/Paris',
  ])('%s, each month of three years', async (tzid) => {
    for (let month = 0; month < 36; month += 1) {
      const local = new Date(Date.UTC(2026, month, 17)).toISOString().slice(0, 10).replaceAll('-', '');
      const { ics } = await invitationTo({ DTSTART: `DTSTART;TZID=${tzid}:${local}T100000`, DTEND: null });
      const [block = ''] = /BEGIN:VTIMEZONE.*?END:VTIMEZONE\r\n/s.exec(ics) ?? [];
      const instant = readTime(`${local}T100000`, { tzid }, [])?.instant ?? 0;
      expect([local, (readZoneRules(block)?.offsetAt(instant) ?? 0) + instant]).toEqual([
        local,
        readTime(`${local}T100000Z`, {}, [])?.instant,
      ]);
    }
  });
});
